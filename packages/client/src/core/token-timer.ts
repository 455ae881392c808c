/**
 * Warns before the token expires, by the server's clock.
 *
 * @module
 */

import type { Clock } from './platform.ts';

/** The longest delay that `setTimeout` supports. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Calls `warn` at a set time before the token expires; a new expiry replaces the old one. */
export class TokenTimer {
  readonly #clock: Clock;
  readonly #warningMs: number;
  readonly #warn: () => void;
  /** Offset from this machine's monotonic time to the server's time. */
  #offsetMs = 0;
  #timer: unknown;

  constructor(clock: Clock, warningMs: number, warn: () => void) {
    this.#clock = clock;
    this.#warningMs = warningMs;
    this.#warn = warn;
  }

  handleServerTime(serverTimeMs: number): void {
    this.#offsetMs = serverTimeMs - this.#clock.now();
  }

  /** Sets the expiry, in milliseconds since the Unix epoch by the server's clock; undefined if it never expires. */
  set(expiresAtMs: number | undefined): void {
    this.stop();
    if (expiresAtMs === undefined) return;
    const delayMs = expiresAtMs - this.#warningMs - this.#clock.now() - this.#offsetMs;
    this.#timer = this.#clock.setTimeout(
      () => (delayMs > MAX_DELAY_MS ? this.set(expiresAtMs) : this.#warn()),
      Math.min(Math.max(0, delayMs), MAX_DELAY_MS),
    );
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
  }
}
