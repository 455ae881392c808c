/**
 * Work that is repeated at an interval.
 *
 * @module
 */

import type { Clock } from './clock.ts';

/** Does something at an interval, from `start` to `stop`. */
export class RepeatedWork {
  readonly #clock: Pick<Clock, 'every'>;
  readonly #periodMs: number;
  readonly #work: () => void;
  #stop: (() => void) | undefined;

  constructor(clock: Pick<Clock, 'every'>, periodMs: number, work: () => void) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#work = work;
  }

  /** Begins, if it has not begun yet; the work is done for the first time when the interval has passed. */
  start(): void {
    this.#stop ??= this.#clock.every(this.#periodMs, this.#work);
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
