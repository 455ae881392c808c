/**
 * The rate at which packets reach a peer, from its feedback.
 *
 * @module
 */

/** The first estimate needs a longer window, in milliseconds, than those that correct it. */
const FIRST_WINDOW_MS = 500;
const WINDOW_MS = 150;
/** How much a sample that differs from the estimate is doubted. */
const UNCERTAINTY = 10;
/** The variance that is added with each sample, in (kbit/s)^2, so that the estimate keeps following. */
const DRIFT = 5;

/**
 * Estimates the rate from windows of acknowledged bytes; each window corrects the estimate by its plausibility. Packets
 * cannot arrive faster than they were sent, except for a moment, so that forged times of arrival prove nothing.
 */
export class AcknowledgedRate {
  #windowStartMs: number | undefined;
  #windowBytes = 0;
  #oldestSentAtMs = 0;
  #newestSentAtMs = 0;
  #kbps: number | undefined;
  #variance = 50;

  /** Bits per second; undefined until about half a second of packets was acknowledged. */
  get bitsPerSecond(): number | undefined {
    return this.#kbps === undefined ? undefined : this.#kbps * 1_000;
  }

  /** Records a packet, in the order of arrival. */
  add(bytes: number, sentAtMs: number, arrivedAtMs: number): void {
    const windowMs = this.#kbps === undefined ? FIRST_WINDOW_MS : WINDOW_MS;
    if (this.#windowStartMs === undefined) this.#begin(sentAtMs, arrivedAtMs);
    const elapsedMs = arrivedAtMs - (this.#windowStartMs as number);
    // A clock that was set back would stop the measurement until it is where it was.
    if (elapsedMs < -FIRST_WINDOW_MS) this.#begin(sentAtMs, arrivedAtMs);
    if (elapsedMs < 0) return;
    if (elapsedMs >= windowMs) {
      // A pause is no rate: what came before it is forgotten.
      if (elapsedMs < 2 * windowMs + WINDOW_MS) {
        this.#correct((this.#windowBytes * 8) / Math.max(elapsedMs, this.#newestSentAtMs - this.#oldestSentAtMs));
      }
      this.#begin(sentAtMs, arrivedAtMs);
    }
    this.#oldestSentAtMs = Math.min(this.#oldestSentAtMs, sentAtMs);
    this.#newestSentAtMs = Math.max(this.#newestSentAtMs, sentAtMs);
    this.#windowBytes += bytes;
  }

  #begin(sentAtMs: number, arrivedAtMs: number): void {
    this.#windowStartMs = arrivedAtMs;
    this.#windowBytes = 0;
    this.#oldestSentAtMs = sentAtMs;
    this.#newestSentAtMs = sentAtMs;
  }

  #correct(sampleKbps: number): void {
    if (this.#kbps === undefined) {
      this.#kbps = sampleKbps;
      return;
    }
    const doubt = (UNCERTAINTY * Math.abs(this.#kbps - sampleKbps)) / (this.#kbps + Math.min(sampleKbps, 25));
    const sampleVariance = doubt * doubt + 1e-6;
    const variance = this.#variance + DRIFT;
    this.#kbps = (sampleVariance * this.#kbps + variance * sampleKbps) / (sampleVariance + variance);
    this.#variance = (sampleVariance * variance) / (sampleVariance + variance);
  }
}
