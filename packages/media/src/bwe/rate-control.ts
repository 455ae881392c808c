/**
 * Raises a rate while the queue is steady, and lowers it when the queue grows: additive increase near the last known
 * capacity, multiplicative increase far from it, and multiplicative decrease.
 *
 * @module
 */

import type { QueueTrend } from './trendline.ts';

/** What remains of the acknowledged rate when the queue grows. */
export const DECREASE_FACTOR = 0.85;

/** Relative growth per second far from the last capacity. */
const GROWTH_PER_SECOND = 0.08;
/** An estimate is at most this multiple of the acknowledged rate, because no more is proved. */
const MAX_LEAD = 1.5;
const MAX_LEAD_BPS = 10_000;
/** An acknowledged rate below this share of the estimate means that the link has become slower. */
const COLLAPSED = 0.7;
/** If this share of what is sent arrives, the link is not full. */
const ARRIVING = 0.85;
/**
 * A rate of which little is used is lowered to this share at most in one step. A network that stands still for a moment, such
 * as Wi-Fi, shows a low acknowledged rate, although its capacity has not changed.
 */
const UNUSED_FACTOR = 0.5;
/** A queue that empties by itself, in milliseconds. */
const SHORT_QUEUE_MS = 100;
/** The longest queue that one frame of a video may cause on a slow link, in milliseconds. */
const FRAME_QUEUE_MS = 200;
const PACKET_BITS = 1_200 * 8;
/** Time in which a change shows in the feedback, in milliseconds, without the round trip. */
const RESPONSE_MS = 100;
const MIN_ADDED_BPS_PER_SECOND = 4_000;
/**
 * What is added per second whatever the round trip is: this share of the rate, up to a limit in bits per second. With a packet per
 * round trip only, two fast senders with a long round trip would need minutes to reach the same rate.
 */
const ADDED_SHARE_PER_SECOND = 0.05;
const MAX_ADDED_SHARE_BPS = 48_000;
/** An update longer ago than this, in milliseconds, means that no feedback comes. */
const RECENT_MS = 1_000;
/** Weight of the newest rate at which the queue grew, in the average of those rates. */
const CAPACITY_WEIGHT = 0.05;

/** The bounds of an estimate, in bits per second. */
export interface RateBounds {
  readonly minBps: number;
  readonly maxBps: number;
}

/** What the feedback shows of the link. */
export interface LinkState {
  readonly trend: QueueTrend;
  /** The rate that arrives, in bits per second; undefined while it is not known. */
  readonly acknowledgedBps: number | undefined;
  /** The rate that was sent lately, in bits per second. */
  readonly sentBps: number;
  /** The smoothed round trip, in milliseconds. */
  readonly roundTripMs: number;
  /** The time in the queue, in milliseconds. */
  readonly queueMs: number;
  /** Whether a probe is on its way, whose result is not known. */
  readonly isProbed: boolean;
}

/** A rate in bits per second that follows the trend of the queue. */
export class RateControl {
  readonly #bounds: RateBounds;
  #bps: number;
  #updatedAtMs: number | undefined;
  #decreasedAtMs = Number.NEGATIVE_INFINITY;
  /** Average and variance (relative) of the rates at which the queue grew. */
  #capacityKbps: number | undefined;
  #deviation = 0.4;
  #isDraining = false;
  /** Whether the rate cannot grow, because too little arrives. */
  #isCapped = false;

  constructor(startBps: number, bounds: RateBounds) {
    this.#bps = startBps;
    this.#bounds = bounds;
  }

  /** Bits per second. */
  get bps(): number {
    return this.#bps;
  }

  /** When the rate was lowered last, in milliseconds. */
  get decreasedAtMs(): number {
    return this.#decreasedAtMs;
  }

  /**
   * Whether the rate grows by itself towards the last known capacity: what a probe gets there may be taken from others. A
   * rate does not grow while much less than it is sent.
   */
  isApproachingCapacity(nowMs: number): boolean {
    const isGrowing = !this.#isCapped && nowMs - (this.#updatedAtMs ?? nowMs) < RECENT_MS;
    return isGrowing && this.#capacityKbps !== undefined && this.#bps < this.#maxCapacityBps();
  }

  /** Sets the rate, such as to what a probe has proved. */
  set(bps: number): void {
    this.#bps = this.#clamp(bps);
    if (this.#capacityKbps !== undefined && bps > this.#maxCapacityBps()) this.#capacityKbps = undefined;
  }

  /** Follows the trend. */
  update(link: LinkState, nowMs: number): void {
    const { trend } = link;
    const elapsedMs = Math.min(1_000, nowMs - (this.#updatedAtMs ?? nowMs));
    this.#updatedAtMs = nowMs;
    if (trend === 'growing') this.#decrease(link, nowMs);
    else if (trend === 'shrinking') this.#isDraining = true;
    else if (this.#isDraining) this.#isDraining = false;
    else this.#increase(link, elapsedMs);
  }

  #decrease({ acknowledgedBps, sentBps, roundTripMs, queueMs, isProbed }: LinkState, nowMs: number): void {
    const measured = acknowledgedBps ?? this.#bps;
    const isLow = measured < this.#bps * COLLAPSED;
    const isUnused = isLow && sentBps < this.#bps * COLLAPSED;
    // The queue may be that of the probe, whose result shows in a moment what the link carries.
    if (isUnused && isProbed) return;
    // A sender of little, all of which arrives at once, does not fill the link, so its rate is no measure of it. The same holds for a
    // video of few frames per second: each frame is a queue for a moment, and little arrives between two frames.
    const isArriving = measured >= sentBps * ARRIVING && queueMs < SHORT_QUEUE_MS;
    const isIdle = isLow && (isArriving || (isUnused && queueMs < FRAME_QUEUE_MS));
    // The effect of a decrease shows after a round trip; but a link that has become much slower shows at once.
    let intervalMs = roundTripMs + queueMs + RESPONSE_MS;
    if (isLow && !isIdle) intervalMs = isUnused ? RESPONSE_MS : 0;
    if (nowMs - this.#decreasedAtMs < intervalMs) return;
    this.#decreasedAtMs = nowMs;
    if (isIdle) {
      this.#bps = this.#clamp(this.#bps * DECREASE_FACTOR);
      return;
    }
    if (isUnused && measured * DECREASE_FACTOR < this.#bps * UNUSED_FACTOR) {
      this.#bps = this.#clamp(this.#bps * UNUSED_FACTOR);
      return;
    }
    if (measured < this.#minCapacityBps()) this.#capacityKbps = undefined;
    this.#recordCapacity(measured / 1_000);
    this.#bps = this.#clamp(Math.min(this.#bps, measured * DECREASE_FACTOR));
  }

  #increase({ acknowledgedBps, roundTripMs, queueMs }: LinkState, elapsedMs: number): void {
    if (acknowledgedBps !== undefined && acknowledgedBps > this.#maxCapacityBps()) this.#capacityKbps = undefined;
    const seconds = elapsedMs / 1_000;
    const addedNearCapacity = Math.max(
      MIN_ADDED_BPS_PER_SECOND,
      Math.min(this.#bps * ADDED_SHARE_PER_SECOND, MAX_ADDED_SHARE_BPS),
      (PACKET_BITS * 1_000) / (roundTripMs + queueMs + RESPONSE_MS),
    );
    const addedFar = Math.max(1_000, this.#bps * GROWTH_PER_SECOND);
    const added = (this.#capacityKbps === undefined ? addedFar : addedNearCapacity) * seconds;
    const lead = acknowledgedBps === undefined ? Number.POSITIVE_INFINITY : acknowledgedBps * MAX_LEAD + MAX_LEAD_BPS;
    this.#isCapped = this.#bps + added > lead;
    // Sound is sent whatever the estimate is: what arrives of it without a queue is proved.
    const isProved =
      acknowledgedBps !== undefined && queueMs < SHORT_QUEUE_MS && this.#bps < acknowledgedBps * COLLAPSED;
    const provedBps = isProved ? acknowledgedBps * DECREASE_FACTOR : 0;
    this.#bps = this.#clamp(Math.max(this.#bps, provedBps, Math.min(this.#bps + added, lead)));
  }

  #recordCapacity(kbps: number): void {
    if (this.#capacityKbps === undefined) {
      this.#capacityKbps = kbps;
      return;
    }
    this.#capacityKbps += CAPACITY_WEIGHT * (kbps - this.#capacityKbps);
    const error = (this.#capacityKbps - kbps) ** 2 / Math.max(1, this.#capacityKbps);
    this.#deviation = Math.min(2.5, Math.max(0.4, (1 - CAPACITY_WEIGHT) * this.#deviation + CAPACITY_WEIGHT * error));
  }

  #spreadKbps(): number {
    return 3 * Math.sqrt(this.#deviation * (this.#capacityKbps ?? 0));
  }

  #maxCapacityBps(): number {
    return this.#capacityKbps === undefined
      ? Number.POSITIVE_INFINITY
      : (this.#capacityKbps + this.#spreadKbps()) * 1_000;
  }

  #minCapacityBps(): number {
    return this.#capacityKbps === undefined ? 0 : (this.#capacityKbps - this.#spreadKbps()) * 1_000;
  }

  #clamp(bps: number): number {
    return Math.min(this.#bounds.maxBps, Math.max(this.#bounds.minBps, bps));
  }
}
