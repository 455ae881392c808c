/**
 * A limit of the client's own calls, which the application may change. The server has limits of its own.
 *
 * @module
 */

import type { Clock } from '../core/platform.ts';
import { CODES, RealtimeKitError } from './errors.ts';

/** At most `maxInvocations` calls in any `period` seconds. */
export interface RateLimits {
  readonly maxInvocations: number;
  /** Seconds. */
  readonly period: number;
}

/** Counts calls. */
export class CallLimit {
  readonly #clock: Clock;
  #limits: RateLimits;
  #times: number[] = [];

  constructor(clock: Clock, limits: RateLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get limits(): RateLimits {
    return this.#limits;
  }

  /** Changes the limit. @throws RealtimeKitError `0002` if a number is not positive */
  set(maxInvocations: number, period: number): void {
    const isPositive = (value: unknown): boolean => typeof value === 'number' && value > 0;
    if (!isPositive(maxInvocations) || !isPositive(period)) {
      throw new RealtimeKitError(CODES.couldNotJoin, 'a rate limit has a positive number of calls and of seconds');
    }
    this.#limits = { maxInvocations, period };
  }

  /** Counts a call. @throws RealtimeKitError `0013` if the limit is reached; the call does not count then */
  count(): void {
    const now = this.#clock.now();
    const { maxInvocations, period } = this.#limits;
    this.#times = this.#times.filter((time) => time > now - period * 1000);
    if (this.#times.length >= maxInvocations) throw new RealtimeKitError(CODES.rateLimited, 'too many calls');
    this.#times.push(now);
  }
}
