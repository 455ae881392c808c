/**
 * Remembers the nonces of mutating calls, for Apps that accept each signature only once (ACC-7).
 *
 * All nonces are in memory, so that a check does not wait; each is also stored before its call is executed, so that a restart
 * admits no replay.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import type { AppId } from '@gavel/protocol';
import type { NonceRepository } from '../store/nonces.ts';
import { MAX_TIMESTAMP_SKEW_SECONDS } from './access.ts';
import { CODES, Refusal } from './codes.ts';

/** Maximum number of nonces of one App. At the default rates a full window has about 43,000. */
export const MAX_NONCES_PER_APP = 250_000;

/** Nonces are deleted by time slot, so that deleting has no cost per nonce. */
const SLOT_SECONDS = 60;

/** The nonces of one App, by the slot in which their signature expires. */
interface Seen {
  readonly slots: Map<number, Set<string>>;
  size: number;
}

/** The part of a call that identifies it. */
export interface NonceUse {
  readonly app: { readonly appId: AppId };
  readonly nonce: string;
  /** Seconds since the Unix epoch. */
  readonly timestamp: number;
}

/** Dependencies of the nonce memory. */
export interface ReplaysOptions {
  readonly nonces: NonceRepository;
  readonly maxPerApp?: number;
}

// A nonce may be as long as a request line, so only a digest of fixed size is kept.
const digestOf = (nonce: string) => createHash('sha256').update(nonce).digest('base64url').slice(0, 22);
const validUntilOf = ({ timestamp }: NonceUse) => timestamp + MAX_TIMESTAMP_SKEW_SECONDS;
const slotOf = (validUntilS: number) => Math.floor(validUntilS / SLOT_SECONDS);

/** The used nonces, per App. A nonce is kept as long as its signature is valid. */
export class Replays {
  readonly #apps = new Map<AppId, Seen>();
  readonly #nonces: NonceRepository;
  readonly #maxPerApp: number;

  private constructor({ nonces, maxPerApp = MAX_NONCES_PER_APP }: ReplaysOptions) {
    this.#nonces = nonces;
    this.#maxPerApp = maxPerApp;
  }

  /** Loads the nonces that an earlier process stored. */
  static async open(options: ReplaysOptions, nowMs: number): Promise<Replays> {
    const replays = new Replays(options);
    for (const { appId, digest, validUntilS } of await options.nonces.load(Math.floor(nowMs / 1000))) {
      replays.#add(appId, digest, validUntilS);
    }
    return replays;
  }

  /**
   * Checks that a nonce was not used while its signature is valid.
   *
   * @throws Refusal 100000005 for a replay; 206 if the limit of nonces is reached: deleting one would allow its replay
   */
  check(use: NonceUse, nowMs: number): void {
    const seen = this.#apps.get(use.app.appId);
    if (!seen) return;
    this.#forgetExpired(seen, nowMs);
    const digest = digestOf(use.nonce);
    for (const slot of seen.slots.values()) {
      if (slot.has(digest)) throw new Refusal(CODES.signatureWrong, 'SignatureNonce has been used before.');
    }
    if (seen.size >= this.#maxPerApp) throw new Refusal(CODES.appRateExceeded);
  }

  /** Marks a nonce as used, in memory. Call `check` first, in the same turn of the event loop. */
  reserve(use: NonceUse): void {
    this.#add(use.app.appId, digestOf(use.nonce), validUntilOf(use));
  }

  /** Stores a reserved nonce. If that fails, it throws and the nonce is free again, because its call is not executed. */
  async store(use: NonceUse, nowMs: number): Promise<void> {
    const { appId } = use.app;
    const digest = digestOf(use.nonce);
    const validUntilS = validUntilOf(use);
    try {
      await this.#nonces.add({ appId, digest, validUntilS }, Math.floor(nowMs / 1000));
    } catch (error) {
      const seen = this.#apps.get(appId);
      if (seen?.slots.get(slotOf(validUntilS))?.delete(digest)) seen.size -= 1;
      throw error;
    }
  }

  #add(appId: AppId, digest: string, validUntilS: number): void {
    const seen = this.#apps.get(appId) ?? { slots: new Map(), size: 0 };
    this.#apps.set(appId, seen);
    const slotNumber = slotOf(validUntilS);
    const slot = seen.slots.get(slotNumber) ?? new Set();
    seen.slots.set(slotNumber, slot.add(digest));
    seen.size += 1;
  }

  #forgetExpired(seen: Seen, nowMs: number): void {
    const current = slotOf(nowMs / 1000);
    for (const [slotNumber, slot] of seen.slots) {
      if (slotNumber >= current) continue;
      seen.slots.delete(slotNumber);
      seen.size -= slot.size;
    }
  }
}
