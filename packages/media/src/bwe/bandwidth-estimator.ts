/**
 * Estimates what one peer's network can take, from the transport-wide feedback of its browser.
 *
 * Everything is a function of the packets sent, their feedback and the time that the caller passes: there are no timers.
 *
 * @module
 */

import type { ReportedPackets } from '../rtp/twcc-reader.ts';
import { AcknowledgedRate } from './acknowledged-rate.ts';
import { BurstDeltas } from './burst-deltas.ts';
import { LossLimit } from './loss-limit.ts';
import { Probing } from './probing.ts';
import { type LinkState, type RateBounds, RateControl } from './rate-control.ts';
import { NO_CLUSTER, SendHistory } from './send-history.ts';
import { SentRate } from './sent-rate.ts';
import { StandingQueue } from './standing-queue.ts';
import { type QueueTrend, Trendline } from './trendline.ts';

/** Settings of an estimator. */
export interface EstimatorOptions extends RateBounds {
  /** The first estimate, in bits per second. */
  readonly startBps: number;
}

/** The default settings: 300 kbit/s at first, from 30 kbit/s to 50 Mbit/s. */
export const ESTIMATOR_DEFAULTS: EstimatorOptions = { startBps: 300_000, minBps: 30_000, maxBps: 50_000_000 };

/** The reference time of feedback has 24 bits of 64 ms. */
const ARRIVAL_CYCLE_MS = 2 ** 24 * 64;
/** No probe within this time after the queue has grown, in milliseconds. */
const CALM_MS = 3_000;
/** A peer that gets less than this share of the estimate gets little. */
const LITTLE = 0.7;
/** How long the queue of a probe may grow or stand, in milliseconds. */
const PROOF_MS = 1_000;
const DEFAULT_ROUND_TRIP_MS = 100;
/** Weight of a packet in the average size. */
const PACKET_BYTES_WEIGHT = 0.05;
/** How fast the measured round trip may rise: it includes the time that the feedback has waited. */
const ROUND_TRIP_WEIGHT = 0.05;

/**
 * The estimator of one peer. Every packet that is sent with a transport-wide number goes through `recordSent`.
 *
 * @example
 * const sequence = estimator.recordSent(packet.length, now());
 * // when feedback arrives:
 * if (reader.read(packet, start, end)) estimator.handleFeedback(reader, now());
 * allocate(estimator.bps);
 */
export class BandwidthEstimator {
  // What every packet touches is first, in one line of the processor's cache.
  readonly #history = new SendHistory();
  readonly #probing: Probing;
  /** Whether packets may belong to a probe. */
  #hasProbe = false;
  #deltas = new BurstDeltas();
  #trendline = new Trendline();
  #standing = new StandingQueue();
  readonly #acknowledged = new AcknowledgedRate();
  readonly #losses = new LossLimit();
  readonly #sent = new SentRate();
  readonly #control: RateControl;
  readonly #options: EstimatorOptions;
  /** What the latest probe has proved, and when. */
  #proof = { bps: 0, atMs: Number.NEGATIVE_INFINITY };
  #roundTripMs = DEFAULT_ROUND_TRIP_MS;
  #packetBytes = 1_000;
  #hasFeedback = false;
  /** When a packet was last reported as received. */
  #reportedAtMs = Number.NEGATIVE_INFINITY;
  /** When the last packet before the latest forgetting of the queue was sent or reported. */
  #forgottenAtMs = Number.NEGATIVE_INFINITY;
  /** The arrival clock, unwrapped. */
  #lastArrivalMs: number | undefined;
  #arrivalCycles = 0;

  constructor(options: EstimatorOptions = ESTIMATOR_DEFAULTS) {
    this.#options = options;
    this.#control = new RateControl(options.startBps, options);
    this.#probing = new Probing(options.startBps);
  }

  /** The estimate, in bits per second: less than the capacity while a long queue has to become shorter. */
  get bps(): number {
    const drained = this.#control.bps * this.#standing.drainShare(this.#packetMs());
    return Math.max(this.#options.minBps, Math.min(drained, this.#losses.bps));
  }

  /** What the network takes once its queue is short, in bits per second. */
  get capacityBps(): number {
    return Math.max(this.#options.minBps, Math.min(this.#control.bps, this.#losses.bps));
  }

  /** The smoothed round trip, in milliseconds. */
  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  /** Whether feedback has arrived at all. Without it the estimate says nothing. */
  get hasFeedback(): boolean {
    return this.#hasFeedback;
  }

  /** The rate at which packets arrive, in bits per second; undefined while it is not known. */
  get acknowledgedBps(): number | undefined {
    return this.#acknowledged.bitsPerSecond;
  }

  /** Records a packet to be sent, and returns its transport-wide number (16 bits). */
  recordSent(bytes: number, nowMs: number): number {
    const history = this.#history;
    if (nowMs - history.newestSentMs > CALM_MS) this.#forgetOldQueue(nowMs);
    const sequence = history.nextSequence;
    const cluster = this.#hasProbe ? this.#probing.cluster(nowMs) : NO_CLUSTER;
    history.add(bytes, nowMs, cluster);
    if (cluster !== NO_CLUSTER) this.#probing.recordSent(bytes);
    return sequence;
  }

  /**
   * Records that a packet is sent again under its number. Its feedback is ignored from now on, because it does not show which of the
   * two has arrived, and so how long it took.
   */
  recordRepetition(sequence: number): void {
    this.#history.remove(sequence);
  }

  /**
   * Begins or continues a probe; to be called every few milliseconds while `wantedBps` is above the estimate or a probe
   * runs.
   *
   * @param wantedBps what would be sent if the link carried it
   * @param isUrgent whether a failed probe is repeated after some seconds at the latest
   * @returns bytes of padding to be sent now
   */
  probe(wantedBps: number, nowMs: number, isUrgent = false): number {
    this.#forgetOldQueue(nowMs);
    const control = this.#control;
    const hasSettled = nowMs - control.decreasedAtMs > CALM_MS && !control.isApproachingCapacity(nowMs);
    const isCalm = this.#trend === 'steady' && hasSettled;
    this.#probing.begin({ estimateBps: this.bps, wantedBps, isCalm, isUrgent, roundTripMs: this.#roundTripMs }, nowMs);
    this.#hasProbe = this.isProbing(nowMs);
    return this.#probing.findPadding(nowMs);
  }

  /** Whether a probe runs, so that `probe` is to be called again in a few milliseconds. */
  isProbing(nowMs: number): boolean {
    return this.#probing.cluster(nowMs) !== NO_CLUSTER;
  }

  /** Follows one feedback. Numbers that are unknown, or acknowledged already, are ignored. */
  handleFeedback({ baseSequence, count, arrivedAtMs }: ReportedPackets, nowMs: number): void {
    let received = 0;
    let lost = 0;
    let proved: number | undefined;
    let newestSentMs = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < count; index += 1) {
      const sequence = (baseSequence + index) & 0xffff;
      const reportedMs = arrivedAtMs[index] as number;
      if (Number.isNaN(reportedMs)) {
        if (this.#history.markLost(sequence)) lost += 1;
        continue;
      }
      const slot = this.#history.remove(sequence);
      if (slot < 0) continue;
      received += 1;
      if (this.#history.wasLost(slot)) lost -= 1;
      const sentMs = this.#history.sentAtMs(slot);
      const bytes = this.#history.bytes(slot);
      const arrivedMs = this.#unwrapArrival(reportedMs);
      this.#packetBytes += PACKET_BYTES_WEIGHT * (bytes - this.#packetBytes);
      newestSentMs = Math.max(newestSentMs, sentMs);
      this.#acknowledged.add(bytes, sentMs, arrivedMs);
      this.#standing.add(sentMs, arrivedMs);
      const cluster = this.#history.cluster(slot);
      if (cluster !== NO_CLUSTER) proved = this.#probing.recordArrival(cluster, bytes, sentMs, arrivedMs) ?? proved;
      const deltas = this.#deltas;
      if (deltas.add(sentMs, arrivedMs)) this.#trendline.add(deltas.sentMs, deltas.arrivedMs, arrivedMs);
    }
    if (received === 0) return;
    this.#reportedAtMs = nowMs;
    this.#hasFeedback = true;
    this.#recordRoundTrip(nowMs - newestSentMs);
    this.#losses.add(received, lost, this.bps, this.acknowledgedBps ?? 0, this.#standing.queueMs, nowMs);
    if (proved !== undefined) this.#proof = { bps: proved, atMs: nowMs };
    const isProbed = proved === undefined && this.#probing.awaitsResult;
    const link: LinkState = {
      trend: this.#trend,
      acknowledgedBps: this.#readArrivingBps(nowMs),
      // The bytes of a probe say nothing of how much of the rate is used.
      sentBps: isProbed ? this.#sent.bps : this.#sent.read(this.#history.sentBytes, nowMs),
      roundTripMs: this.#roundTripMs,
      queueMs: this.#standing.queueMs,
      isProbed,
    };
    this.#control.update(link, nowMs);
    if (proved !== undefined) this.#followProbe(proved, nowMs);
  }

  /** When nothing was sent or arrived for a time, such as while all video is paused, our queue has become empty. */
  #forgetOldQueue(nowMs: number): void {
    const activeAtMs = Math.max(this.#history.newestSentMs, this.#reportedAtMs);
    if (nowMs - activeAtMs <= CALM_MS || activeAtMs === this.#forgottenAtMs) return;
    this.#forgottenAtMs = activeAtMs;
    this.#deltas = new BurstDeltas();
    this.#trendline = new Trendline();
    this.#standing = new StandingQueue();
  }

  /**
   * The rate that the network carries. A probe that fills the queue of a peer that sends little shows more of it than what arrives
   * on average.
   */
  #readArrivingBps(nowMs: number): number | undefined {
    const { bps, atMs } = this.#proof;
    const { acknowledgedBps } = this;
    if (acknowledgedBps === undefined || nowMs - atMs > PROOF_MS) return acknowledgedBps;
    if (acknowledgedBps > LITTLE * this.#control.bps) return acknowledgedBps;
    return Math.max(acknowledgedBps, bps);
  }

  get #trend(): QueueTrend {
    const { trend } = this.#trendline;
    if (trend !== 'steady' || !this.#standing.isStanding(this.#packetMs())) return trend;
    // A long queue that becomes shorter needs no lower rate.
    return this.#standing.isFalling ? 'shrinking' : 'growing';
  }

  #packetMs(): number {
    return (this.#packetBytes * 8_000) / (this.acknowledgedBps ?? this.#control.bps);
  }

  #followProbe(arrivedBps: number, nowMs: number): void {
    const before = this.#control.bps;
    // The link has carried also what it loses at any rate.
    const provedBps = arrivedBps / (1 - this.#losses.ownLoss);
    if (this.#trend !== 'growing' && provedBps > before) this.#control.set(provedBps);
    this.#probing.conclude(provedBps, before, nowMs);
  }

  #recordRoundTrip(sampleMs: number): void {
    if (sampleMs < 0) return;
    const isFirst = this.#roundTripMs === DEFAULT_ROUND_TRIP_MS;
    const weight = isFirst || sampleMs < this.#roundTripMs ? 1 : ROUND_TRIP_WEIGHT;
    this.#roundTripMs += weight * (sampleMs - this.#roundTripMs);
  }

  #unwrapArrival(arrivedAtMs: number): number {
    const last = this.#lastArrivalMs;
    if (last !== undefined && arrivedAtMs - last < -ARRIVAL_CYCLE_MS / 2) this.#arrivalCycles += 1;
    if (last !== undefined && arrivedAtMs - last > ARRIVAL_CYCLE_MS / 2) this.#arrivalCycles -= 1;
    this.#lastArrivalMs = arrivedAtMs;
    return arrivedAtMs + this.#arrivalCycles * ARRIVAL_CYCLE_MS;
  }
}
