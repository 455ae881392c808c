/**
 * Nonces of calls that an App admits once. They outlive the process, so that a restart admits no replay (ACC-7).
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';

/** A nonce that was used. */
export interface UsedNonce {
  readonly appId: AppId;
  /** A digest of the nonce, of fixed length. */
  readonly digest: string;
  /** The last second, since the Unix epoch, in which a signature with this nonce is valid. */
  readonly validUntilS: number;
}

/** Stores used nonces. */
export interface NonceRepository {
  /** Stores a nonce, in place of an expired one with the same digest. Deletes a bounded number of expired ones. */
  add(nonce: UsedNonce, nowS: number): Promise<void>;
  /** Deletes all expired nonces and returns the others. */
  load(nowS: number): Promise<readonly UsedNonce[]>;
}
