/**
 * Keeps one player from being sent the same packet again and again within a round trip.
 *
 * @module
 */

import { bufferedPackets } from './packet-buffer.ts';

/** Remembers when each of the last packets was sent again to one player. */
export class ResendThrottle {
  readonly #sequences = new Int32Array(bufferedPackets).fill(-1);
  readonly #sentAtMs = new Float64Array(bufferedPackets);

  /** Whether a packet may be sent again now; if so, that is noted. */
  permit(sequence: number, nowMs: number, minIntervalMs: number): boolean {
    const slot = sequence & (bufferedPackets - 1);
    if (this.#sequences[slot] === sequence && nowMs - (this.#sentAtMs[slot] as number) < minIntervalMs) return false;
    this.#sequences[slot] = sequence;
    this.#sentAtMs[slot] = nowMs;
    return true;
  }
}
