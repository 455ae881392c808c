/**
 * Limits the rate of a publisher to what its only viewer can take (BWE-4).
 *
 * @module
 */

/** Less than this is not asked of a publisher, in bits per second. */
export const MIN_CEILING_BPS = 100_000;

/** What is left for retransmissions and for variations of the encoder. */
const USED_SHARE = 0.9;
/** A video that takes less than the bandwidth divided by this needs no limit. */
const ROOM = 1.3;
/** A limit is raised by at least this factor, and at most this often in milliseconds. */
const NOTABLE_RISE = 1.15;
const RISE_INTERVAL_MS = 2_000;
/** A limit is lowered by at least this factor. */
const NOTABLE_FALL = 0.95;
/** A publisher that sends this multiple of its limit after so many milliseconds does not follow it. */
const IGNORED_EXCESS = 1.5;
const PATIENCE_MS = 5_000;
/** After that the limit is tried again, in milliseconds. */
const RETRY_MS = 60_000;

/** The limit for one video. Times are milliseconds of the worker's clock. */
export class RateCeiling {
  #bps: number | undefined;
  #setAtMs = 0;
  #loweredAtMs = 0;
  #ignoredUntilMs = Number.NEGATIVE_INFINITY;

  /** Bits per second; undefined without a limit. */
  get bps(): number | undefined {
    return this.#bps;
  }

  /** Whether the publisher can be expected to follow a limit. */
  isUsable(nowMs: number): boolean {
    return nowMs >= this.#ignoredUntilMs;
  }

  /**
   * Decides about the limit.
   *
   * @param shareBps what the viewer can take of the video
   * @param measuredBps what the publisher sends of the layer that the viewer gets
   */
  update(shareBps: number, measuredBps: number, nowMs: number): void {
    const { bps } = this;
    if (bps !== undefined && measuredBps > bps * IGNORED_EXCESS && nowMs - this.#loweredAtMs > PATIENCE_MS) {
      this.#ignoredUntilMs = nowMs + RETRY_MS;
    }
    if (!this.isUsable(nowMs) || measuredBps * ROOM <= shareBps) {
      this.#bps = undefined;
      return;
    }
    const wanted = Math.max(MIN_CEILING_BPS, Math.round(shareBps * USED_SHARE));
    if (bps === undefined || wanted < bps * NOTABLE_FALL) this.#loweredAtMs = nowMs;
    else if (wanted < bps * NOTABLE_RISE || nowMs - this.#setAtMs < RISE_INTERVAL_MS) return;
    this.#bps = wanted;
    this.#setAtMs = nowMs;
  }

  /** Removes the limit. */
  clear(): void {
    this.#bps = undefined;
  }
}
