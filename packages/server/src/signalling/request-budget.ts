/**
 * Limits the request rate of one connection.
 *
 * @module
 */

import { GavelError } from '@gavel/protocol';
import type { Clock } from '../rooms/clock.ts';

/** A token bucket that holds the requests of one second and refills continuously. */
export class RequestBudget {
  readonly #clock: Clock;
  readonly #perSecond: number;
  #left: number;
  #filledAtMs: number;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#left = perSecond;
    this.#filledAtMs = clock.monotonicMs();
  }

  /** Consumes one request. @throws GavelError `rate.limited` if the bucket is empty */
  consume(): void {
    const nowMs = this.#clock.monotonicMs();
    const filled = ((nowMs - this.#filledAtMs) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#perSecond, this.#left + filled);
    this.#filledAtMs = nowMs;
    if (this.#left < 1) throw new GavelError('rate.limited');
    this.#left -= 1;
  }
}
