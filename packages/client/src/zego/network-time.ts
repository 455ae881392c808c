/**
 * The server's time, as known from logins.
 *
 * @module
 */

import type { Clock } from '../core/platform.ts';

/** The server's time. */
export interface ZegoNetworkTimeInfo {
  /** Milliseconds since the Unix epoch; 0 before the first login. */
  readonly timestamp: number;
  /** How far off it may be, in milliseconds. */
  readonly maxDeviation: number;
}

/** Computes the server's time from the time that logins bring. */
export class NetworkTime {
  readonly #clock: Clock;
  #offsetMs: number | undefined;
  #deviationMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Reads the server's time from a login; `beganAtMs` is when the login began, by the clock. */
  handleLogin(serverTimeMs: number, beganAtMs: number): void {
    const now = this.#clock.now();
    this.#deviationMs = Math.ceil((now - beganAtMs) / 2);
    // The server told its time somewhere between the beginning and now.
    this.#offsetMs = serverTimeMs + this.#deviationMs - now;
  }

  /** Returns the server's time now. */
  read(): ZegoNetworkTimeInfo {
    const timestamp = this.#offsetMs === undefined ? 0 : Math.round(this.#clock.now() + this.#offsetMs);
    return { timestamp, maxDeviation: this.#deviationMs };
  }
}
