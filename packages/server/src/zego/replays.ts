/**
 * Remembers the nonces of changing calls, for Apps that let a signature be used once (ACC-7).
 *
 * All are in memory, so that a check waits for nothing; each is also stored before its call is done, so that a restart
 * admits no replay.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import type { AppId } from '@gavel/protocol';
import type { NonceRepository } from '../store/nonces.ts';
import { MAX_TIMESTAMP_SKEW_SECONDS } from './access.ts';
import { CODES, Refusal } from './codes.ts';

/** Most nonces kept for one App: at the default rates a full window has about 43,000. */
export const MAX_NONCES_PER_APP = 250_000;

/** Nonces are forgotten by the slot, so that forgetting costs nothing for each. */
const SLOT_SECONDS = 60;

/** The nonces of one App, by the slot in which their signature expires. */
interface Seen {
  readonly slots: Map<number, Set<string>>;
  size: number;
}

/** The part of a call that makes it unique. */
export interface NonceUse {
  readonly app: { readonly appId: AppId };
  readonly nonce: string;
  /** Seconds since the Unix epoch. */
  readonly timestamp: number;
}

/** What the memory of nonces is made of. */
export interface ReplaysOptions {
  readonly nonces: NonceRepository;
  readonly maxPerApp?: number;
}

// A nonce may be as long as a request line: only a digest of fixed size is kept.
const digestOf = (nonce: string) => createHash('sha256').update(nonce).digest('base64url').slice(0, 22);
const validUntilOf = ({ timestamp }: NonceUse) => timestamp + MAX_TIMESTAMP_SKEW_SECONDS;
const slotOf = (validUntilS: number) => Math.floor(validUntilS / SLOT_SECONDS);

/** The nonces that were used, per App. A nonce is kept for as long as the signature made with it is valid. */
export class Replays {
  readonly #apps = new Map<AppId, Seen>();
  readonly #nonces: NonceRepository;
  readonly #maxPerApp: number;

  private constructor({ nonces, maxPerApp = MAX_NONCES_PER_APP }: ReplaysOptions) {
    this.#nonces = nonces;
    this.#maxPerApp = maxPerApp;
  }

  /** Reads the nonces that an earlier process has stored. */
  static async open(options: ReplaysOptions, nowMs: number): Promise<Replays> {
    const replays = new Replays(options);
    for (const { appId, digest, validUntilS } of await options.nonces.load(Math.floor(nowMs / 1000))) {
      replays.#add(appId, digest, validUntilS);
    }
    return replays;
  }

  /**
   * Checks that a nonce was not used within its signature's life.
   *
   * @throws Refusal 100000005 for a replay; 206 where no more nonces can be kept: to forget one would admit its replay
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

  /** Marks a nonce as used, in memory. `check` comes first, in the same turn of the event loop. */
  reserve(use: NonceUse): void {
    this.#add(use.app.appId, digestOf(use.nonce), validUntilOf(use));
  }

  /** Stores a reserved nonce. Where that fails it throws, and the nonce is free again: its call was not done. */
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
