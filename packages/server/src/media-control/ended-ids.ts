/**
 * Remembers which members and streams have ended. A command's reply may arrive after the events that end what it is about, so
 * whoever continues with the reply asks here first.
 *
 * @module
 */

import type { Clock } from '../base/clock.ts';

/** How long an id is remembered, in milliseconds: longer than an offer waits for its replies and the engine. */
const REMEMBERED_MS = 60_000;

/** Ids that are never used again, for a minute after their end. */
export class EndedIds<Id extends string> {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  /** By id, oldest first: when it ended, by the monotonic clock. */
  readonly #endedAt = new Map<Id, number>();
  /** When the oldest id is forgotten. */
  #forgetAtMs = 0;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** Number of remembered ids. */
  get size(): number {
    return this.#endedAt.size;
  }

  /** Adds an id, and forgets those that ended more than a minute ago. */
  add(id: Id): void {
    const nowMonotonicMs = this.#clock.monotonicMs();
    if (nowMonotonicMs >= this.#forgetAtMs) this.#forgetOld(nowMonotonicMs);
    this.#endedAt.set(id, nowMonotonicMs);
  }

  #forgetOld(nowMonotonicMs: number): void {
    for (const [id, endedAt] of this.#endedAt) {
      if (endedAt > nowMonotonicMs - REMEMBERED_MS) break;
      this.#endedAt.delete(id);
    }
    const [oldest = nowMonotonicMs] = this.#endedAt.values();
    this.#forgetAtMs = oldest + REMEMBERED_MS;
  }

  /** Returns whether an id has ended. */
  has(id: Id): boolean {
    return this.#endedAt.has(id);
  }
}
