/**
 * API tokens: they identify the caller, and limit the account and the Apps that it may access (RTK-1).
 *
 * @module
 */

import { hashApiToken } from '../store/api-token-hash.ts';
import type { Store } from '../store/store.ts';

/** The rights of a token. */
export interface ApiGrant {
  /** The hash of the token. */
  readonly key: string;
  /** The name of the token, for the audit log. */
  readonly name: string;
  readonly accountId: string;
  /** The Apps that it may access; undefined for all of the account. */
  readonly rtkAppIds: readonly string[] | undefined;
}

/** Finds the rights of a token; undefined if there is no such token. */
export interface ApiTokens {
  find(token: string): Promise<ApiGrant | undefined>;
}

/** A token as the configuration defines it. */
export interface ApiTokenDefinition {
  readonly name: string;
  readonly accountId: string;
  readonly token: string;
  /** The Apps (`rtkAppId`) that it may access; undefined for all of the account. */
  readonly appIds?: readonly string[] | undefined;
}

/**
 * Creates the lookup of tokens from the configuration and the store. A token removed from the configuration becomes
 * invalid at the next start; one deleted from the store becomes invalid at once.
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
