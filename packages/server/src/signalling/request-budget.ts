/**
 * Bounds how often one connection may ask.
 *
 * @module
 */

import { GavelError } from '@gavel/protocol';
import type { Clock } from '../rooms/clock.ts';

/** A bucket that holds one second's requests and fills evenly. */
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

  /** Takes one request. @throws GavelError `rate.limited` when none is left */
  take(): void {
    const nowMs = this.#clock.monotonicMs();
    const filled = ((nowMs - this.#filledAtMs) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#perSecond, this.#left + filled);
    this.#filledAtMs = nowMs;
    if (this.#left < 1) throw new GavelError('rate.limited');
    this.#left -= 1;
  }
}
