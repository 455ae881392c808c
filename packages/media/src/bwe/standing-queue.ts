/**
 * Detects a queue that is long and does not grow: its delay has no trend, so that the trendline does not notice it.
 *
 * @module
 */

/** A delay this far above the base counts as a standing queue, in milliseconds; and in packets, for links so slow that few make a long queue. */
const STANDING_MS = 60;
const STANDING_PACKETS = 2.5;
/** The least share of the rate, and the length of the queue that it is meant for, in milliseconds. */
const MIN_DRAIN_SHARE = 0.25;
const FULL_DRAIN_MS = 1_000;
/** Time constant of the average delay, in milliseconds. */
const AVERAGED_MS = 150;
/** Time constant of the average that shows whether the queue becomes shorter, in milliseconds. */
const TREND_MS = 600;
/** A queue that is shorter than this share of that average becomes shorter. */
const FALLING = 0.95;
/** The base is the least delay of the last one to two periods, in milliseconds. Clocks drift by less than 2 ms in that time. */
const PERIOD_MS = 30_000;

/** Compares the average one-way delay with the least. Both clocks may have any offset, because only differences count. */
export class StandingQueue {
  #averageMs: number | undefined;
  #slowAverageMs = 0;
  #baseMs = Number.POSITIVE_INFINITY;
  #previousBaseMs = Number.POSITIVE_INFINITY;
  #periodStartMs: number | undefined;
  #lastArrivedAtMs = Number.NEGATIVE_INFINITY;

  /**
   * Returns whether packets have waited for long on average.
   *
   * @param packetMs the time that the bottleneck needs for one packet, in milliseconds
   */
  isStanding(packetMs: number): boolean {
    return this.queueMs > Math.max(STANDING_MS, STANDING_PACKETS * packetMs);
  }

  /** The share of the rate that may be sent until the queue is short again: from a quarter, for a very long one, to 1. */
  drainShare(packetMs: number): number {
    const excessMs = this.queueMs - Math.max(STANDING_MS, STANDING_PACKETS * packetMs);
    return Math.min(1, Math.max(MIN_DRAIN_SHARE, 1 - excessMs / FULL_DRAIN_MS));
  }

  /** The average time in the queue, in milliseconds. */
  get queueMs(): number {
    return (this.#averageMs ?? 0) - this.#leastMs();
  }

  /** Whether the queue becomes shorter, so that the present rate is low enough. */
  get isFalling(): boolean {
    return this.queueMs < (this.#slowAverageMs - this.#leastMs()) * FALLING;
  }

  #leastMs(): number {
    return Math.min(this.#baseMs, this.#previousBaseMs, this.#averageMs ?? 0);
  }

  /** Records a packet. */
  add(sentAtMs: number, arrivedAtMs: number): void {
    const delayMs = arrivedAtMs - sentAtMs;
    this.#periodStartMs ??= arrivedAtMs;
    if (arrivedAtMs - this.#periodStartMs > PERIOD_MS) {
      this.#periodStartMs = arrivedAtMs;
      this.#previousBaseMs = this.#baseMs;
      this.#baseMs = Number.POSITIVE_INFINITY;
    }
    this.#baseMs = Math.min(this.#baseMs, delayMs);
    const elapsedMs = Math.max(0, arrivedAtMs - this.#lastArrivedAtMs);
    this.#lastArrivedAtMs = Math.max(this.#lastArrivedAtMs, arrivedAtMs);
    this.#averageMs = follow(this.#averageMs ?? delayMs, delayMs, elapsedMs / AVERAGED_MS);
    this.#slowAverageMs = follow(this.#slowAverageMs, delayMs, elapsedMs / TREND_MS);
  }
}

/** Moves an average towards a value; `time` is in time constants. */
function follow(average: number, value: number, time: number): number {
  return average + (1 - Math.exp(-time)) * (value - average);
}
