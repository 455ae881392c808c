/**
 * The store interface for tokens of the admin API, which belong to persons (ROLE-1).
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import type { AdminRole } from '@gavel/protocol/admin';

/** A token of the admin API. The token itself is not stored. */
export interface AdminTokenRecord {
  /** SHA-256 of the token, 64 lowercase hex digits. */
  readonly tokenHash: string;
  /** Unique. */
  readonly name: string;
  readonly role: AdminRole;
  /** The Apps that it may access; absent for all. */
  readonly appIds?: readonly AppId[];
  /** The name of the token that created it. */
  readonly createdBy: string;
  readonly createdAtMs: number;
  /** Milliseconds since the Unix epoch; absent if it does not expire. */
  readonly expiresAtMs?: number;
}

/** Stores tokens of the admin API. */
export interface AdminTokenRepository {
  /** Returns false and adds nothing if there is a token with that name. */
  add(token: AdminTokenRecord): Promise<boolean>;
  /** Returns a token, also an expired one. */
  findByHash(tokenHash: string): Promise<AdminTokenRecord | undefined>;
  /** Returns all tokens, in the order in which they were added. */
  all(): Promise<readonly AdminTokenRecord[]>;
  /** Deletes a token, which makes it invalid; returns false if there is none. */
  delete(tokenHash: string): Promise<boolean>;
}
