/**
 * Prevents repeated retransmissions of the same packet to one player within a round-trip time.
 *
 * @module
 */

import { BUFFERED_PACKETS } from './packet-buffer.ts';

/** Stores when each of the latest packets was retransmitted to one player. */
export class ResendThrottle {
  readonly #sequences = new Int32Array(BUFFERED_PACKETS).fill(-1);
  readonly #sentAtMs = new Float64Array(BUFFERED_PACKETS);

  /** Returns whether a packet may be retransmitted now; if so, records the retransmission. */
  permit(sequence: number, nowMs: number, minIntervalMs: number): boolean {
    const slot = sequence & (BUFFERED_PACKETS - 1);
    if (this.#sequences[slot] === sequence && nowMs - (this.#sentAtMs[slot] as number) < minIntervalMs) return false;
    this.#sequences[slot] = sequence;
    this.#sentAtMs[slot] = nowMs;
    return true;
  }
}
