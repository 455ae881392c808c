/**
 * The rate at which packets are sent to a peer.
 *
 * @module
 */

const WINDOW_MS = 500;

/** Measures the rate in windows of half a second or more. It is called with each feedback, and costs nothing per packet. */
export class SentRate {
  #startMs = Number.NEGATIVE_INFINITY;
  #startBytes = 0;
  #bps = 0;

  /** Bits per second in the last complete window; 0 before the first one. */
  get bps(): number {
    return this.#bps;
  }

  /**
   * Returns bits per second in the last complete window; 0 before the first one.
   *
   * @param sentBytes the bytes of all packets so far
   */
  read(sentBytes: number, nowMs: number): number {
    const elapsedMs = nowMs - this.#startMs;
    if (elapsedMs < WINDOW_MS) return this.#bps;
    this.#bps = ((sentBytes - this.#startBytes) * 8_000) / elapsedMs;
    this.#startMs = nowMs;
    this.#startBytes = sentBytes;
    return this.#bps;
  }
}
