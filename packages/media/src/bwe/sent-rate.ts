/**
 * The rate at which packets are sent to a peer.
 *
 * @module
 */

const WINDOW_MS = 500;

/** Measures the rate in windows of half a second. */
export class SentRate {
  #startMs = Number.NEGATIVE_INFINITY;
  #bytes = 0;
  #bps = 0;

  /** Returns bits per second in the last complete window; 0 before the first, and after a second without packets. */
  read(nowMs: number): number {
    return nowMs - this.#startMs > 2 * WINDOW_MS ? 0 : this.#bps;
  }

  /** Records a packet; times never go back. */
  add(bytes: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#startMs;
    if (elapsedMs >= WINDOW_MS) {
      this.#bps = (this.#bytes * 8_000) / elapsedMs;
      this.#startMs = nowMs;
      this.#bytes = 0;
    }
    this.#bytes += bytes;
  }
}
