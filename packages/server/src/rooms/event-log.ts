/**
 * Numbers a room's events and keeps the last of them for resuming clients.
 *
 * @module
 */

import type { Epoch } from '@gavel/protocol';
import type { RoomChange, RoomEvent } from './events.ts';

/** The event sequence of one life of a room. */
export class EventLog {
  readonly #epoch: Epoch;
  readonly #capacity: number;
  readonly #kept: RoomEvent[] = [];
  #seq = 0;

  constructor(epoch: Epoch, capacity: number) {
    this.#epoch = epoch;
    this.#capacity = capacity;
  }

  /** The number of the last event; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  /** Gives a change its number and keeps it. */
  append(change: RoomChange, atMs: number): RoomEvent {
    this.#seq += 1;
    const event: RoomEvent = { ...change, epoch: this.#epoch, seq: this.#seq, atMs };
    this.#kept.push(event);
    // Cut in blocks: shifting an array for each event would cost its length every time.
    if (this.#kept.length >= this.#capacity * 2) this.#kept.splice(0, this.#kept.length - this.#capacity);
    return event;
  }

  /** The events after `seq`, or undefined where some of them are not kept any more, or `seq` is not of this life. */
  since(seq: number): readonly RoomEvent[] | undefined {
    if (seq > this.#seq) return undefined;
    const missing = this.#seq - seq;
    if (missing > this.#kept.length) return undefined;
    return missing === 0 ? [] : this.#kept.slice(-missing);
  }
}
