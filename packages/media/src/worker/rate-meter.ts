/**
 * Measures bitrates.
 *
 * @module
 */

const WINDOW_MS = 1_000;

/** Measures the bits per second over windows of one second. */
export class RateMeter {
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #bytes = 0;
  #bitrate = 0;

  add(bytes: number, nowMs: number): void {
    if (nowMs - this.#windowStartMs >= WINDOW_MS) this.#advance(nowMs);
    this.#bytes += bytes;
  }

  /** Returns the bitrate of the last complete window; 0 when nothing has arrived for one. */
  read(nowMs: number): number {
    if (nowMs - this.#windowStartMs >= WINDOW_MS) this.#advance(nowMs);
    return this.#bitrate;
  }

  #advance(nowMs: number): void {
    const elapsedMs = nowMs - this.#windowStartMs;
    this.#bitrate = elapsedMs >= 2 * WINDOW_MS ? 0 : Math.round((this.#bytes * 8_000) / elapsedMs);
    this.#bytes = 0;
    this.#windowStartMs = nowMs;
  }
}
