/**
 * Measures bitrates.
 *
 * @module
 */

const WINDOW_MS = 1_000;

/** Weight of a window in the steady rate: a keyframe alone does not change it much. */
const STEADY_WEIGHT = 0.4;

/** Measures the bits per second over windows of one second. */
export class RateMeter {
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #bytes = 0;
  #bitrate = 0;
  #steadyBitrate = 0;

  add(bytes: number, nowMs: number): void {
    if (nowMs - this.#windowStartMs >= WINDOW_MS) this.#advance(nowMs);
    this.#bytes += bytes;
  }

  /** Returns the bitrate of the last complete window; 0 when nothing has arrived for one. */
  read(nowMs: number): number {
    if (nowMs - this.#windowStartMs >= WINDOW_MS) this.#advance(nowMs);
    return this.#bitrate;
  }

  /** Returns the bitrate of the last seconds in which something arrived, smoothed; 0 before the first complete window. */
  readSteady(nowMs: number): number {
    if (nowMs - this.#windowStartMs >= WINDOW_MS) this.#advance(nowMs);
    return this.#steadyBitrate;
  }

  #advance(nowMs: number): void {
    const elapsedMs = nowMs - this.#windowStartMs;
    this.#bitrate = elapsedMs >= 2 * WINDOW_MS ? 0 : Math.round((this.#bytes * 8_000) / elapsedMs);
    this.#bytes = 0;
    this.#windowStartMs = nowMs;
    if (this.#bitrate === 0) return;
    const weight = this.#steadyBitrate === 0 ? 1 : STEADY_WEIGHT;
    this.#steadyBitrate += Math.round(weight * (this.#bitrate - this.#steadyBitrate));
  }
}
