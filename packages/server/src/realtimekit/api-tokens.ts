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

/** The tokens of the configuration, in memory, and those of the store. */
export class ApiTokenRegistry implements ApiTokens {
  readonly #store: Pick<Store, 'apiTokens'>;
  #configured: ReadonlyMap<string, ApiGrant>;

  constructor(store: Pick<Store, 'apiTokens'>, configured: readonly ApiTokenDefinition[]) {
    this.#store = store;
    this.#configured = readGrants(configured);
  }

  /** Replaces the tokens of the configuration; one that is no longer among them is refused from now on (START-4). */
  configure(tokens: readonly ApiTokenDefinition[]): void {
    this.#configured = readGrants(tokens);
  }

  async find(token: string): Promise<ApiGrant | undefined> {
    const key = hashApiToken(token);
    const grant = this.#configured.get(key);
    if (grant) return grant;
    // A token that was deleted from the store is refused at once.
    const record = await this.#store.apiTokens.findByHash(key);
    return record && { key, name: record.name, accountId: record.accountId, rtkAppIds: record.rtkAppIds };
  }
}

function readGrants(tokens: readonly ApiTokenDefinition[]): ReadonlyMap<string, ApiGrant> {
  return new Map(
    tokens.map(({ name, accountId, token, appIds }) => {
      const key = hashApiToken(token);
      return [key, { key, name, accountId, rtkAppIds: appIds }];
    }),
  );
}
