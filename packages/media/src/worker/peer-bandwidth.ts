/**
 * What one peer's network can take: numbers what is sent to it, follows its feedback, and probes for more.
 *
 * @module
 */

import { BandwidthEstimator, type EstimatorOptions } from '../bwe/bandwidth-estimator.ts';
import type { BandwidthDump } from '../engine.ts';
import type { TransportFeedback } from '../rtp/rtcp.ts';
import { TwccReader } from '../rtp/twcc-reader.ts';
import type { BandwidthDemand, BandwidthSource } from './allocation/bandwidth.ts';
import type { Ticking, TickSet } from './tick-set.ts';

/** The interval of a probe's packets, in milliseconds. */
export const PROBE_INTERVAL_MS = 5;

/** Less padding than this, in bytes, waits until the next packets of the probe. */
const MIN_PADDING_BYTES = 100;
/** The most padding at once, in bytes, if a busy worker is late. */
const MAX_PADDING_BYTES = 16_000;

/** Scratch memory: one feedback is read at a time. */
const reader = new TwccReader();

/** Counts over all peers of a worker. */
export interface ProbeCounters {
  probes: number;
  /** Bytes of padding. */
  paddingBytes: number;
}

/** What a worker's peers share. */
export interface Probing {
  /** Calls those that probe every `PROBE_INTERVAL_MS`. */
  readonly ticks: Pick<TickSet, 'add' | 'delete'>;
  readonly counters: ProbeCounters;
}

/** Sends padding in the place of media. */
export interface PaddingSender {
  /** Whether the subscriber takes padding now. */
  readonly canPad: boolean;
  /** Sends about so many bytes, or a little more; returns how many were sent. */
  sendPadding(bytes: number, nowMs: number): number;
}

/** The estimate of one peer. It needs no memory until a packet is numbered, and says nothing until feedback arrives. */
export class PeerBandwidth implements BandwidthSource, Ticking {
  /** What the peer could use. */
  demand: BandwidthDemand = { wantedBps: 0, allocatedBps: 0, hasPausedVideo: false };
  readonly #options: EstimatorOptions;
  readonly #probing: Probing;
  readonly #senders: ReadonlyMap<number, PaddingSender>;
  #estimator: BandwidthEstimator | undefined;
  #isProbing = false;

  /** @param senders those of the peer; the first one that can sends the padding */
  constructor(options: EstimatorOptions, probing: Probing, senders: ReadonlyMap<number, PaddingSender>) {
    this.#options = options;
    this.#probing = probing;
    this.#senders = senders;
  }

  /** The estimate, in bits per second; infinite without feedback, because nothing is known then. */
  get bps(): number {
    return this.#estimator?.hasFeedback ? this.#estimator.bps : Number.POSITIVE_INFINITY;
  }

  /** What the network takes once its queue is short, in bits per second; infinite without feedback. */
  get capacityBps(): number {
    return this.#estimator?.hasFeedback ? this.#estimator.capacityBps : Number.POSITIVE_INFINITY;
  }

  /** Whether the peer sends feedback. */
  get hasFeedback(): boolean {
    return this.#estimator?.hasFeedback ?? false;
  }

  /** Describes the estimate; undefined without feedback. */
  dump(): BandwidthDump | undefined {
    const estimator = this.#estimator;
    if (!estimator?.hasFeedback) return undefined;
    const [bps, roundTripMs] = [Math.round(estimator.bps), Math.round(estimator.roundTripMs)];
    return { bps, roundTripMs, allocatedBps: Math.round(this.demand.allocatedBps) };
  }

  /** Whether the peer wants more than the estimate, so that a probe will be due. */
  get isShort(): boolean {
    return this.hasFeedback && this.demand.wantedBps > this.bps && this.#findSender() !== undefined;
  }

  /** Records a packet that is to be sent, and returns its transport-wide number (16 bits). */
  recordSent(bytes: number, nowMs: number): number {
    this.#estimator ??= new BandwidthEstimator(this.#options);
    return this.#estimator.recordSent(bytes, nowMs);
  }

  /** Records that a packet is sent again under its transport-wide number. */
  recordRepetition(sequence: number): void {
    this.#estimator?.recordRepetition(sequence);
  }

  /** Follows one untrusted feedback, which is a part of an RTCP packet. */
  handleFeedback(packet: Buffer, { start, end }: TransportFeedback, nowMs: number): void {
    if (this.#estimator === undefined || !reader.read(packet, start, end)) return;
    this.#estimator.handleFeedback(reader, nowMs);
    this.tick(nowMs);
  }

  /** Begins a probe if one is due, and sends the padding that a probe needs now. */
  tick(nowMs: number): void {
    const estimator = this.#estimator;
    if (!estimator?.hasFeedback) return;
    const sender = this.#findSender();
    if (sender === undefined) return;
    const { wantedBps, hasPausedVideo } = this.demand;
    const padding = Math.min(MAX_PADDING_BYTES, estimator.probe(wantedBps, nowMs, hasPausedVideo));
    const { ticks, counters } = this.#probing;
    if (padding >= MIN_PADDING_BYTES) counters.paddingBytes += sender.sendPadding(padding, nowMs);
    const isProbing = estimator.isProbing(nowMs);
    if (isProbing && !this.#isProbing) {
      counters.probes += 1;
      ticks.add(this);
    }
    this.#isProbing = isProbing;
  }

  /** Whether a probe runs. */
  hasWork(nowMs: number): boolean {
    return this.#estimator?.isProbing(nowMs) ?? false;
  }

  /** Ends a running probe: after this returns, no padding is sent (KICK-4). */
  close(): void {
    this.#probing.ticks.delete(this);
  }

  #findSender(): PaddingSender | undefined {
    for (const sender of this.#senders.values()) if (sender.canPad) return sender;
    return undefined;
  }
}
