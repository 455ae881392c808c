/**
 * Authentication of the admin API: the key of the configuration, and the tokens of persons.
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto';
import type { AdminIdentity } from '@gavel/protocol/admin';
import type { Clock } from '../base/clock.ts';
import type { AdminTokenRepository } from '../store/admin-tokens.ts';
import { hashApiToken } from '../store/api-token-hash.ts';
import { AdminError } from './errors.ts';

/** The name of the configuration's key in the audit log; no token can have it. */
export const ADMIN_KEY_NAME = 'admin key';

/** The dependencies of authentication. */
export interface AuthenticatorDeps {
  /** Returns the key that is valid now. */
  readonly adminKey: () => string;
  readonly adminTokens: Pick<AdminTokenRepository, 'findByHash'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Finds out who makes a call. */
export class Authenticator {
  readonly #deps: AuthenticatorDeps;

  constructor(deps: AuthenticatorDeps) {
    this.#deps = deps;
  }

  /**
   * Returns the caller that an `Authorization` header identifies.
   *
   * @throws AdminError `unauthorized`; GavelError `server.store-unavailable`, but not for the configuration's key
   */
  async authenticate(header: string | undefined): Promise<AdminIdentity> {
    const token = /^Bearer ([\x21-\x7e]+)$/.exec(header ?? '')?.[1];
    const identity = token === undefined ? undefined : await this.find(hashApiToken(token));
    if (identity) return identity;
    throw new AdminError('unauthorized', 'The Authorization header must be "Bearer " followed by a valid token.');
  }

  /**
   * Returns the caller of a token now; undefined if the token does not exist, was revoked or has expired. Every call reads
   * the store, so that a revoked token is refused at once.
   *
   * @param tokenHash as `hashApiToken` returns it
   */
  async find(tokenHash: string): Promise<AdminIdentity | undefined> {
    const { adminKey, adminTokens, clock } = this.#deps;
    if (isSame(tokenHash, hashApiToken(adminKey()))) return { name: ADMIN_KEY_NAME, role: 'owner' };
    const record = await adminTokens.findByHash(tokenHash);
    if (!record || (record.expiresAtMs ?? Number.POSITIVE_INFINITY) <= clock.now()) return undefined;
    const { name, role, appIds } = record;
    return { name, role, ...(appIds && { appIds: [...appIds] }) };
  }
}

const isSame = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
