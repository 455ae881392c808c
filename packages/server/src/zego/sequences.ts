/**
 * Sequences: the numbers that order calls about one stream (reference zego 2.5).
 *
 * @module
 */

import type { StreamId } from '@gavel/protocol';
import { type AppScope, scopeText } from '../base/app-scope.ts';
import type { Clock } from '../base/clock.ts';
import { CODES, Refusal } from './codes.ts';

/** How long a sequence number is remembered. */
const WINDOW_MS = 10_000;

/** Remembers the numbers of the last 10 seconds. */
export class Sequences {
  readonly #clock: Clock;
  /** Ordered by last use. */
  readonly #last = new Map<string, { readonly sequence: bigint; readonly atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Accepts a sequence number for one purpose and some streams, for all of them or none.
   *
   * @throws Refusal 5005 if the number is not greater than that of a call about one of the streams in the last 10 seconds
   */
  accept(purpose: string, scope: AppScope, streamIds: readonly StreamId[], sequence: bigint): void {
    const nowMs = this.#clock.monotonicMs();
    const keys = streamIds.map((streamId) => `${purpose}/${scopeText(scope)}/${streamId}`);
    this.#deleteExpired(nowMs);
    if (keys.some((key) => (this.#last.get(key)?.sequence ?? -1n) >= sequence)) throw new Refusal(CODES.sequenceStale);
    for (const key of keys) {
      this.#last.delete(key);
      this.#last.set(key, { sequence, atMs: nowMs });
    }
  }

  #deleteExpired(nowMs: number): void {
    for (const [key, { atMs }] of this.#last) {
      if (atMs > nowMs - WINDOW_MS) return;
      this.#last.delete(key);
    }
  }
}
