/**
 * A lane: the callbacks of one room to one URL, sent one after another (CB-4).
 *
 * @module
 */

import type { OutboxRecord } from '../store/outbox.ts';

/** The state of a lane. */
export type LaneState =
  /** The lane has nothing to send, or is about to be scheduled. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'queued' }
  | { readonly kind: 'sending' }
  /** The first callback failed and is retried later. */
  | { readonly kind: 'waiting'; readonly cancel: () => void };

/** Maximum number of callbacks of one lane in memory, so that the backlog of one room does not displace other rooms of the endpoint. */
export const MAX_LANE_RECORDS = 100;

/** The callbacks of a lane that are in memory. The queue schedules them. */
export class Lane {
  readonly name: string;
  readonly records: OutboxRecord[] = [];
  state: LaneState = { kind: 'idle' };
  /** Whether the store has callbacks of this lane after `lastSeq` that did not fit into memory. */
  hasMore = false;
  /** Whether such callbacks arrived during a load. */
  hasNewer = false;
  isLoading = false;
  lastSeq = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Appends a callback; returns false if there is no space, and the callback stays only in the store. */
  tryAppend(record: OutboxRecord): boolean {
    if (this.hasMore || this.records.length >= MAX_LANE_RECORDS) {
      this.hasMore = true;
      this.hasNewer = true;
      return false;
    }
    this.append(record);
    return true;
  }

  append(record: OutboxRecord): void {
    this.records.push(record);
    this.lastSeq = record.seq;
  }
}
