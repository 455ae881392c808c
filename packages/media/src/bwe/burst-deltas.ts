/**
 * Compares when bursts of packets were sent with when they arrived.
 *
 * @module
 */

/** Packets that were sent within this time, in milliseconds, are one burst. */
const BURST_MS = 5;
/** A burst that arrives all at once after a pause is merged up to this length, in milliseconds. */
const MAX_BURST_MS = 100;
/** An arrival clock that jumps by more than this, in milliseconds, was set: the comparison starts anew. */
const MAX_CLOCK_JUMP_MS = 3_000;

/** Groups packets into bursts, so that a sender's own bursts are not mistaken for a queue. */
export class BurstDeltas {
  /** The time between the sending of the two bursts that `add` has compared last, in milliseconds. */
  sentMs = 0;
  /** The time between their arrivals, in milliseconds. */
  arrivedMs = 0;
  /** The burst that grows: undefined before the first packet. */
  #firstSentAtMs: number | undefined;
  #lastSentAtMs = 0;
  #firstArrivedAtMs = 0;
  #lastArrivedAtMs = 0;
  /** The burst before it. */
  #previousSentAtMs: number | undefined;
  #previousArrivedAtMs = 0;

  /**
   * Records a packet, in the order of sending. Returns whether it begins a new burst and the two before it were compared;
   * then `sentMs` and `arrivedMs` are set.
   */
  add(sentAtMs: number, arrivedAtMs: number): boolean {
    const firstSentAtMs = this.#firstSentAtMs;
    if (firstSentAtMs === undefined) {
      this.#begin(sentAtMs, arrivedAtMs);
      return false;
    }
    // Reordered packets say nothing about the queue.
    if (sentAtMs < firstSentAtMs) return false;
    if (sentAtMs - firstSentAtMs <= BURST_MS || this.#isDeliveredAtOnce(sentAtMs, arrivedAtMs)) {
      this.#lastSentAtMs = Math.max(this.#lastSentAtMs, sentAtMs);
      this.#lastArrivedAtMs = Math.max(this.#lastArrivedAtMs, arrivedAtMs);
      return false;
    }
    const isCompared = this.#compare();
    this.#previousSentAtMs = this.#lastSentAtMs;
    this.#previousArrivedAtMs = this.#lastArrivedAtMs;
    this.#begin(sentAtMs, arrivedAtMs);
    return isCompared;
  }

  #begin(sentAtMs: number, arrivedAtMs: number): void {
    this.#firstSentAtMs = sentAtMs;
    this.#lastSentAtMs = sentAtMs;
    this.#firstArrivedAtMs = arrivedAtMs;
    this.#lastArrivedAtMs = arrivedAtMs;
  }

  #compare(): boolean {
    if (this.#previousSentAtMs === undefined) return false;
    this.sentMs = this.#lastSentAtMs - this.#previousSentAtMs;
    this.arrivedMs = this.#lastArrivedAtMs - this.#previousArrivedAtMs;
    return this.arrivedMs >= 0 && Math.abs(this.arrivedMs - this.sentMs) <= MAX_CLOCK_JUMP_MS;
  }

  /** A network that delivers in batches, such as Wi-Fi, delivers them faster than they were sent. */
  #isDeliveredAtOnce(sentAtMs: number, arrivedAtMs: number): boolean {
    const sinceLastMs = arrivedAtMs - this.#lastArrivedAtMs;
    return (
      sinceLastMs < sentAtMs - this.#lastSentAtMs &&
      sinceLastMs <= BURST_MS &&
      arrivedAtMs - this.#firstArrivedAtMs < MAX_BURST_MS
    );
  }
}
