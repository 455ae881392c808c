/**
 * A lane: the callbacks of one room to one address, sent one after another (CB-4).
 *
 * @module
 */

import type { OutboxRecord } from '../store/outbox.ts';

/** Where a lane stands. */
export type LaneState =
  /** Has nothing to send, or waits for its turn in the endpoint's queue. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'queued' }
  | { readonly kind: 'sending' }
  /** Its first callback has failed and is tried again later. */
  | { readonly kind: 'waiting'; readonly cancel: () => void };

/** Most callbacks of one lane in memory: one room's backlog takes no room from the others of its endpoint. */
export const MAX_LANE_RECORDS = 100;

/** Holds the callbacks of a lane that are in memory; decides nothing. */
export class Lane {
  readonly name: string;
  readonly records: OutboxRecord[] = [];
  state: LaneState = { kind: 'idle' };
  /** Whether the store has callbacks of this lane, after `lastSeq`, that were let go for want of space. */
  hasMore = false;
  /** Whether such callbacks came while more were being loaded. */
  hasNewer = false;
  isLoading = false;
  lastSeq = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Takes a callback at the end; false where there is no space, and it stays in the store alone. */
  take(record: OutboxRecord): boolean {
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
