/**
 * Calls over a simulated link: senders that follow their estimators, and receivers that send transport-wide feedback.
 *
 * @module
 */

import { type LinkOptions, SimulatedLink } from '@gavel/testkit';
import { BandwidthEstimator, ESTIMATOR_DEFAULTS, type EstimatorOptions } from '../src/bwe/bandwidth-estimator.ts';
import { SequenceUnwrapper } from '../src/rtp/sequence.ts';
import { type TwccArrival, toReportedPackets } from './parse-twcc.ts';

/** Media has about 50 packets per second at least, as long as they are not smaller than this. */
const PACKETS_PER_SECOND = 50;
const MIN_PACKET_BYTES = 300;
const MAX_PACKET_BYTES = 1_200;
const TICK_MS = 5;
const FEEDBACK_MS = 50;
/** Losses are known to a receiver when a later packet arrives. */
const SAMPLE_MS = 100;

/** What a sender does. */
export interface SenderOptions {
  /** What it would send at a time if the link carried it, in bits per second. */
  readonly wantedBps: (timeMs: number) => number;
  /** What it sends at most at a time; absent: what it wants. */
  readonly sentBps?: (timeMs: number) => number;
  readonly estimator?: EstimatorOptions;
  readonly startMs?: number;
}

/** One sample of a sender, every 100 ms. */
export interface Sample {
  readonly timeMs: number;
  readonly estimateBps: number;
  /** Bits per second of media that arrived since the last sample; padding is left out. */
  readonly arrivedBps: number;
  /** The longest time in the queue since the last sample, in milliseconds. */
  readonly queuedMs: number;
}

class Sender {
  readonly samples: Sample[] = [];
  readonly #options: SenderOptions;
  readonly #link: SimulatedLink;
  readonly #delayMs: number;
  readonly #estimator: BandwidthEstimator;
  readonly #unwrapper = new SequenceUnwrapper();
  /** Packets on their way, by unwrapped number. */
  readonly #arrivals = new Map<number, number>();
  /** Feedback on its way. */
  #feedback: { readonly atMs: number; readonly arrivals: readonly TwccArrival[] }[] = [];
  #dueBytes = 0;
  #reported = -1;
  #newest = -1;
  #arrivedBytes = 0;
  #queuedMs = 0;

  constructor(link: SimulatedLink, delayMs: number, options: SenderOptions) {
    this.#link = link;
    this.#delayMs = delayMs;
    this.#options = options;
    this.#estimator = new BandwidthEstimator(options.estimator ?? ESTIMATOR_DEFAULTS);
  }

  tick(nowMs: number): void {
    const { startMs = 0, wantedBps, sentBps = wantedBps } = this.#options;
    if (nowMs < startMs) return;
    const wanted = wantedBps(nowMs);
    for (const feedback of this.#feedback.filter(({ atMs }) => atMs <= nowMs)) {
      this.#estimator.handleFeedback(toReportedPackets(feedback.arrivals), nowMs);
    }
    this.#feedback = this.#feedback.filter(({ atMs }) => atMs > nowMs);
    const bps = Math.min(sentBps(nowMs), this.#estimator.bps);
    const packetBytes = Math.min(MAX_PACKET_BYTES, Math.max(MIN_PACKET_BYTES, bps / 8 / PACKETS_PER_SECOND));
    this.#dueBytes += (bps * TICK_MS) / 8_000;
    for (; this.#dueBytes >= packetBytes; this.#dueBytes -= packetBytes) this.#send(packetBytes, true, nowMs);
    let padding = this.#estimator.probe(wanted, nowMs);
    for (; padding > 0; padding -= packetBytes) this.#send(Math.min(packetBytes, Math.max(100, padding)), false, nowMs);
    if (nowMs % FEEDBACK_MS === 0) this.#report(nowMs);
    if (nowMs % SAMPLE_MS === 0) this.#sample(nowMs);
  }

  #send(bytes: number, isMedia: boolean, nowMs: number): void {
    const sequence = this.#unwrapper.unwrap(this.#estimator.recordSent(bytes, nowMs));
    const { arrivedAtMs, queuedMs } = this.#link.send(bytes, nowMs);
    this.#queuedMs = Math.max(this.#queuedMs, queuedMs);
    this.#newest = sequence;
    if (this.#reported < 0) this.#reported = sequence - 1;
    if (arrivedAtMs === undefined) return;
    this.#arrivals.set(sequence, arrivedAtMs);
    if (isMedia) this.#arrivedBytes += bytes;
  }

  /** What the receiver knows at this time, which reaches the sender after the delay. */
  #report(nowMs: number): void {
    let highest = this.#reported;
    for (let sequence = this.#reported + 1; sequence <= this.#newest; sequence += 1) {
      const arrivedAtMs = this.#arrivals.get(sequence);
      if (arrivedAtMs !== undefined && arrivedAtMs <= nowMs) highest = sequence;
    }
    if (highest === this.#reported) return;
    const arrivals: TwccArrival[] = [];
    for (let sequence = this.#reported + 1; sequence <= highest; sequence += 1) {
      const arrivedAtMs = this.#arrivals.get(sequence);
      const isHere = arrivedAtMs !== undefined && arrivedAtMs <= nowMs;
      // The feedback has a resolution of 250 microseconds.
      arrivals.push({ sequence: sequence & 0xffff, arrivedAtMs: isHere ? Math.floor(arrivedAtMs * 4) / 4 : undefined });
      this.#arrivals.delete(sequence);
    }
    this.#reported = highest;
    this.#feedback.push({ atMs: nowMs + this.#delayMs, arrivals });
  }

  #sample(timeMs: number): void {
    const arrivedBps = (this.#arrivedBytes * 8_000) / SAMPLE_MS;
    this.samples.push({ timeMs, estimateBps: this.#estimator.bps, arrivedBps, queuedMs: this.#queuedMs });
    this.#arrivedBytes = 0;
    this.#queuedMs = 0;
  }
}

/** Runs senders that share one link for some virtual time; returns the samples of each. */
export function simulateCall(link: LinkOptions, senders: readonly SenderOptions[], lengthMs: number): Sample[][] {
  const shared = new SimulatedLink(link);
  const calls = senders.map((options) => new Sender(shared, link.delayMs, options));
  for (let nowMs = 0; nowMs <= lengthMs; nowMs += TICK_MS) for (const call of calls) call.tick(nowMs);
  return calls.map(({ samples }) => samples);
}
