/**
 * Limits the rate when packets are lost because of it, such as at a bottleneck whose queue is too short to be noticed.
 *
 * @module
 */

const WINDOW_MS = 1_000;
/** A window needs this many packets. */
const MIN_PACKETS = 20;
/** Windows with a short queue whose least loss counts as the link's own, which a lower rate does not change. */
const COMPARED_WINDOWS = 8;
/** Loss in a window whose queue was longer than this, in milliseconds, may be that of a full queue. */
const SHORT_QUEUE_MS = 40;
/** The most that counts as the link's own. */
const MAX_OWN_LOSS = 0.1;
/** Loss above the link's own that the rate is blamed for. */
const BLAMED_LOSS = 0.05;
/** Standard deviations of chance that are not blamed on the rate. */
const CHANCE = 2;
const GROWTH_PER_SECOND = 0.08;
/** A limit that is this multiple of the estimate limits nothing. */
const IRRELEVANT = 2;

/** A limit in bits per second; infinite as long as the rate causes no loss. */
export class LossLimit {
  readonly #losses: number[] = [];
  #windowStartMs: number | undefined;
  #received = 0;
  #lost = 0;
  #longestQueueMs = 0;
  #bps = Number.POSITIVE_INFINITY;

  /** Bits per second; may be infinite. */
  get bps(): number {
    return this.#bps;
  }

  /** The link's own loss, from 0 to 1: the least of the last seconds. */
  get ownLoss(): number {
    return Math.min(MAX_OWN_LOSS, ...(this.#losses.length === 0 ? [0] : this.#losses));
  }

  /**
   * Records the packets of one feedback.
   *
   * @param lost may be negative: packets that were reported as lost before and have arrived
   * @param estimateBps the rate that the packets were sent under
   * @param acknowledgedBps the rate that arrives in spite of the loss, which is never too high
   * @param queueMs the time that packets wait at the bottleneck
   */
  add(
    received: number,
    lost: number,
    estimateBps: number,
    acknowledgedBps: number,
    queueMs: number,
    nowMs: number,
  ): void {
    this.#windowStartMs ??= nowMs;
    this.#longestQueueMs = Math.max(this.#longestQueueMs, queueMs);
    this.#received += received;
    this.#lost += lost;
    const elapsedMs = nowMs - this.#windowStartMs;
    const packets = this.#received + this.#lost;
    if (elapsedMs < WINDOW_MS || packets < MIN_PACKETS) return;
    this.#judge(Math.max(0, this.#lost) / packets, packets, estimateBps, acknowledgedBps, elapsedMs / 1_000);
    this.#windowStartMs = nowMs;
    this.#received = 0;
    this.#lost = 0;
    this.#longestQueueMs = 0;
  }

  #judge(loss: number, packets: number, estimateBps: number, acknowledgedBps: number, seconds: number): void {
    if (this.#longestQueueMs <= SHORT_QUEUE_MS) this.#losses.push(loss);
    if (this.#losses.length > COMPARED_WINDOWS) this.#losses.shift();
    const own = this.ownLoss;
    const chance = CHANCE * Math.sqrt((Math.max(own, 1 / packets) * (1 - own)) / packets);
    if (loss - own > BLAMED_LOSS + chance) {
      this.#bps = Math.max(acknowledgedBps, Math.min(this.#bps, estimateBps) * (1 - (loss - own) / 2));
      return;
    }
    this.#bps *= 1 + GROWTH_PER_SECOND * seconds;
    if (this.#bps > estimateBps * IRRELEVANT) this.#bps = Number.POSITIVE_INFINITY;
  }
}
