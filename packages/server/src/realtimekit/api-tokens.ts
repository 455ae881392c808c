/**
 * API tokens: who calls, and which account and Apps it may touch (RTK-1).
 *
 * @module
 */

import { hashApiToken } from '../store/api-token-hash.ts';
import type { Store } from '../store/store.ts';

/** What a token is good for. */
export interface ApiGrant {
  /** The token's hash: one for each token. */
  readonly key: string;
  /** The token's name, for the audit log. */
  readonly name: string;
  readonly accountId: string;
  /** The Apps it is good for; undefined is all of the account. */
  readonly rtkAppIds: readonly string[] | undefined;
}

/** Finds what a token is good for; undefined if there is no such token. */
export interface ApiTokens {
  find(token: string): Promise<ApiGrant | undefined>;
}

/** A token as the configuration defines it. */
export interface ApiTokenDefinition {
  readonly name: string;
  readonly accountId: string;
  readonly token: string;
  /** The Apps (`rtkAppId`) it is good for; undefined is all of the account. */
  readonly appIds?: readonly string[] | undefined;
}

/**
 * Finds tokens of the configuration and of the store. One that is taken out of the configuration is void at the next
 * start; one that is deleted from the store is void at once.
 */
export function createApiTokens(store: Pick<Store, 'apiTokens'>, configured: readonly ApiTokenDefinition[]): ApiTokens {
  const known = new Map<string, ApiGrant>();
  for (const { name, accountId, token, appIds } of configured) {
    const key = hashApiToken(token);
    known.set(key, { key, name, accountId, rtkAppIds: appIds });
  }
  return {
    async find(token) {
      const hash = hashApiToken(token);
      const grant = known.get(hash);
      if (grant) return grant;
      const record = await store.apiTokens.findByHash(hash);
      return record && { key: hash, name: record.name, accountId: record.accountId, rtkAppIds: record.rtkAppIds };
    },
  };
}
