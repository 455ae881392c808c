/**
 * Remembers the nonces of changing calls, for Apps that let a signature be used once (ACC-7).
 *
 * @module
 */

import { createHash } from 'node:crypto';
import type { AppId } from '@gavel/protocol';
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

// A nonce may be as long as a request line: only a digest of fixed size is kept.
const digestOf = (nonce: string) => createHash('sha256').update(nonce).digest('base64url').slice(0, 22);

/** Nonces seen, per App. A nonce is kept for as long as the signature made with it is good. */
export class Replays {
  readonly #apps = new Map<AppId, Seen>();
  readonly #maxPerApp: number;

  constructor(maxPerApp: number = MAX_NONCES_PER_APP) {
    this.#maxPerApp = maxPerApp;
  }

  /**
   * Refuses a nonce that was used within its signature's life.
   *
   * @throws Refusal 100000005 for a replay; 206 where no more nonces can be kept: to forget one would admit its replay
   */
  check(use: NonceUse, nowMs: number): void {
    const seen = this.#apps.get(use.app.appId);
    if (!seen) return;
    this.#forget(seen, nowMs);
    const digest = digestOf(use.nonce);
    for (const slot of seen.slots.values()) {
      if (slot.has(digest)) throw new Refusal(CODES.signatureWrong, 'SignatureNonce has been used before.');
    }
    if (seen.size >= this.#maxPerApp) throw new Refusal(CODES.appRateExceeded);
  }

  /** Notes that a nonce is used; `check` comes first, in the same moment. */
  note(use: NonceUse): void {
    const seen = this.#apps.get(use.app.appId) ?? { slots: new Map(), size: 0 };
    this.#apps.set(use.app.appId, seen);
    const slotNumber = Math.floor((use.timestamp + MAX_TIMESTAMP_SKEW_SECONDS) / SLOT_SECONDS);
    const slot = seen.slots.get(slotNumber) ?? new Set();
    seen.slots.set(slotNumber, slot.add(digestOf(use.nonce)));
    seen.size += 1;
  }

  #forget(seen: Seen, nowMs: number): void {
    const current = Math.floor(nowMs / 1000 / SLOT_SECONDS);
    for (const [slotNumber, slot] of seen.slots) {
      if (slotNumber >= current) continue;
      seen.slots.delete(slotNumber);
      seen.size -= slot.size;
    }
  }
}
