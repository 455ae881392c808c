/**
 * Detects a growing or shrinking queue from the trend of one-way delays.
 *
 * @module
 */

/** What the queue of the bottleneck does. */
export type QueueTrend = 'steady' | 'growing' | 'shrinking';

const WINDOW = 20;
const SMOOTHING = 0.9;
/** The trend is a small number: milliseconds of delay per millisecond of time. */
const GAIN = 4;
/** Deltas that count fully for the confidence in the trend. */
const MAX_DELTAS = 60;
/** How long the trend must be above the threshold, in milliseconds, before the queue counts as growing. */
const GROWING_MS = 10;
/** The threshold, in milliseconds: at first, at least, and at most. */
const THRESHOLD = { initial: 12.5, min: 6, max: 600 };
/** How fast the threshold follows the trend, upwards and downwards. Upwards is slower, so that a queue is noticed. */
const THRESHOLD_UP = 0.0087;
const THRESHOLD_DOWN = 0.039;
/** A trend this far above the threshold is a sudden event, which the threshold does not follow. */
const MAX_FOLLOWED_MS = 15;

/** Fits a line through the latest accumulated delays, and compares its slope with an adaptive threshold. */
export class Trendline {
  readonly #times = new Float64Array(WINDOW);
  readonly #delays = new Float64Array(WINDOW);
  #count = 0;
  #next = 0;
  #deltas = 0;
  #startMs: number | undefined;
  #accumulatedMs = 0;
  #smoothedMs = 0;
  #threshold = THRESHOLD.initial;
  #updatedAtMs: number | undefined;
  #previousTrend = 0;
  #growingMs = -1;
  #growingDeltas = 0;
  #trend: QueueTrend = 'steady';

  get trend(): QueueTrend {
    return this.#trend;
  }

  /**
   * Records the comparison of two bursts.
   *
   * @param sentMs the time between their sending, in milliseconds
   * @param arrivedMs the time between their arrivals
   * @param arrivedAtMs when the later one arrived
   */
  add(sentMs: number, arrivedMs: number, arrivedAtMs: number): void {
    this.#deltas = Math.min(this.#deltas + 1, 1_000);
    this.#startMs ??= arrivedAtMs;
    this.#accumulatedMs += arrivedMs - sentMs;
    this.#smoothedMs = SMOOTHING * this.#smoothedMs + (1 - SMOOTHING) * this.#accumulatedMs;
    this.#times[this.#next] = arrivedAtMs - this.#startMs;
    this.#delays[this.#next] = this.#smoothedMs;
    this.#next = (this.#next + 1) % WINDOW;
    this.#count = Math.min(WINDOW, this.#count + 1);
    const slope = this.#count === WINDOW ? this.#fitSlope() : this.#previousTrend;
    this.#detect(slope, sentMs, arrivedAtMs);
  }

  #fitSlope(): number {
    let meanTime = 0;
    let meanDelay = 0;
    for (let index = 0; index < WINDOW; index += 1) {
      meanTime += (this.#times[index] as number) / WINDOW;
      meanDelay += (this.#delays[index] as number) / WINDOW;
    }
    let covariance = 0;
    let variance = 0;
    for (let index = 0; index < WINDOW; index += 1) {
      const time = (this.#times[index] as number) - meanTime;
      covariance += time * ((this.#delays[index] as number) - meanDelay);
      variance += time * time;
    }
    return variance === 0 ? this.#previousTrend : covariance / variance;
  }

  #detect(slope: number, sentMs: number, nowMs: number): void {
    if (this.#deltas < 2) return;
    const modified = Math.min(this.#deltas, MAX_DELTAS) * slope * GAIN;
    if (modified > this.#threshold) {
      // The first delta above the threshold may have begun anywhere in its interval.
      this.#growingMs = this.#growingMs < 0 ? sentMs / 2 : this.#growingMs + sentMs;
      this.#growingDeltas += 1;
      if (this.#growingMs > GROWING_MS && this.#growingDeltas > 1 && slope >= this.#previousTrend) {
        this.#growingMs = 0;
        this.#growingDeltas = 0;
        this.#trend = 'growing';
      }
    } else {
      this.#growingMs = -1;
      this.#growingDeltas = 0;
      this.#trend = modified < -this.#threshold ? 'shrinking' : 'steady';
    }
    this.#previousTrend = slope;
    this.#adaptThreshold(Math.abs(modified), nowMs);
  }

  #adaptThreshold(modified: number, nowMs: number): void {
    const elapsedMs = Math.min(nowMs - (this.#updatedAtMs ?? nowMs), 100);
    this.#updatedAtMs = nowMs;
    if (modified > this.#threshold + MAX_FOLLOWED_MS) return;
    const rate = modified < this.#threshold ? THRESHOLD_DOWN : THRESHOLD_UP;
    const threshold = this.#threshold + rate * (modified - this.#threshold) * elapsedMs;
    this.#threshold = Math.min(THRESHOLD.max, Math.max(THRESHOLD.min, threshold));
  }
}
