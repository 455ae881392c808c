/**
 * The last peers that were closed by a call (KICK-4).
 *
 * @module
 */

import type { ClosedDump } from '../engine.ts';
import type { MutableCounters } from './counters.ts';

/** Closed peers that are remembered. */
export const maxClosedPeers = 1_000;

/** What is remembered of a closed peer; its two last counters go on counting. */
export interface ClosedRecord extends ClosedDump {
  readonly counters: MutableCounters;
  packetsAfterClose: number;
  arrivedAfterClose: number;
}

/** Keeps the last closed peers, oldest first. */
export class ClosedRing {
  readonly #records: ClosedRecord[] = [];

  add(record: ClosedRecord): void {
    this.#records.push(record);
    if (this.#records.length > maxClosedPeers) this.#records.shift();
  }

  list(): readonly ClosedDump[] {
    return this.#records;
  }
}
