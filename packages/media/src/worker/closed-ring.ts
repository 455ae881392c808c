/**
 * The last streams and subscriptions that were closed by a call (KICK-4).
 *
 * @module
 */

import type { ClosedDump } from '../engine.ts';
import type { MutableCounters } from './counters.ts';

/** Maximum number of stored records. */
export const MAX_CLOSED_RECORDS = 1_000;

/** The record of a closed stream or subscription; its last two counters continue to count. */
export interface ClosedRecord extends ClosedDump {
  readonly counters: MutableCounters;
  packetsAfterClose: number;
  arrivedAfterClose: number;
}

/** Creates a record at the moment of the close. */
export function createClosedRecord(
  fields: Pick<ClosedRecord, 'kind' | 'stream' | 'peer' | 'closedAtMs' | 'counters'>,
): ClosedRecord {
  return { ...fields, packetsAfterClose: 0, arrivedAfterClose: 0 };
}

/** Stores the latest records, oldest first. */
export class ClosedRing {
  readonly #records: ClosedRecord[] = [];

  add(record: ClosedRecord): void {
    this.#records.push(record);
    if (this.#records.length > MAX_CLOSED_RECORDS) this.#records.shift();
  }

  list(): readonly ClosedDump[] {
    return this.#records;
  }
}
