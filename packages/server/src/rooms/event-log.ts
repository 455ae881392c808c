/**
 * The latest events of a room, which are stored for resuming clients.
 *
 * @module
 */

import type { RoomEvent } from './events.ts';

/** The event sequence of one life of a room. */
export class EventLog {
  readonly #capacity: number;
  readonly #kept: RoomEvent[] = [];
  #seq = 0;

  /** @param capacity minimum number of events that are stored */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Sets the state of an empty log. */
  restore(seq: number, events: readonly RoomEvent[]): void {
    this.#kept.push(...events);
    this.#seq = seq;
  }

  /** Returns the stored events, oldest first. */
  all(): readonly RoomEvent[] {
    return [...this.#kept];
  }

  /** The sequence number of the last event; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  /** Stores the next event. */
  add(event: RoomEvent): void {
    this.#seq = event.seq;
    this.#kept.push(event);
    // Old events are removed in blocks: removing one at a time would cost the array's length per event.
    if (this.#kept.length >= this.#capacity * 2) this.#kept.splice(0, this.#kept.length - this.#capacity);
  }

  /** Returns the events after `seq`; undefined if some are no longer stored or `seq` is not from this life. */
  since(seq: number): readonly RoomEvent[] | undefined {
    if (seq > this.#seq) return undefined;
    const missing = this.#seq - seq;
    if (missing > this.#kept.length) return undefined;
    return missing === 0 ? [] : this.#kept.slice(-missing);
  }
}
