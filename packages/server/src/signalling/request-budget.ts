/**
 * Limits the request rate of one connection.
 *
 * @module
 */

import { GavelError } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';

const BYTES_PER_REQUEST = 16 * 1024;

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

  /**
   * Consumes one request. A large frame counts as several: one for each 16 KiB that it begins, because it costs as much to
   * read.
   *
   * @throws GavelError `rate.limited` if the bucket does not hold them
   */
  consume(frameBytes: number): void {
    const weight = Math.max(1, Math.ceil(frameBytes / BYTES_PER_REQUEST));
    const nowMs = this.#clock.monotonicMs();
    const filled = ((nowMs - this.#filledAtMs) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#perSecond, this.#left + filled);
    this.#filledAtMs = nowMs;
    if (this.#left < weight) throw new GavelError('rate.limited');
    this.#left -= weight;
  }
}
