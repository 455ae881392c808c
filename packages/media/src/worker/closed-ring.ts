/**
 * The last peers that were closed by a call (KICK-4).
 *
 * @module
 */

import type { ClosedDump } from '../engine.ts';
import type { MutableCounters } from './counters.ts';

/** Maximum number of stored closed peers. */
export const MAX_CLOSED_PEERS = 1_000;

/** The record of a closed peer; its last two counters continue to count. */
export interface ClosedRecord extends ClosedDump {
  readonly counters: MutableCounters;
  packetsAfterClose: number;
  arrivedAfterClose: number;
}

/** Stores the latest closed peers, oldest first. */
export class ClosedRing {
  readonly #records: ClosedRecord[] = [];

  add(record: ClosedRecord): void {
    this.#records.push(record);
    if (this.#records.length > MAX_CLOSED_PEERS) this.#records.shift();
  }

  list(): readonly ClosedDump[] {
    return this.#records;
  }
}
