/**
 * The publisher of a stream.
 *
 * @module
 */

import type { TransportCounters } from '../engine.ts';
import { parseRtcp, writePli, writeReceiverReport } from '../rtp/rtcp.ts';
import { isRtcp, RtpHeader } from '../rtp/rtp-packet.ts';
import type { LocalTransport } from '../sdp/answer.ts';
import type { MediaKind } from '../sdp/codecs.ts';
import type { PublishedKind } from '../sdp/negotiate.ts';
import type { OfferTransport } from '../sdp/offer.ts';
import type { Transport } from '../transport/transport.ts';
import { toEpochMs } from './clock.ts';
import type { ClosedRecord } from './closed-ring.ts';
import { createCounters } from './counters.ts';
import { Receiver } from './receiver.ts';
import type { StreamTrack } from './stream-track.ts';
import { TwccCollector } from './twcc-collector.ts';
import type { WorkerContext } from './worker-context.ts';

/** Interval of the periodic work, and so the maximum delay of a NACK, in milliseconds. */
const TICK_INTERVAL_MS = 20;
const FEEDBACK_INTERVAL_MS = 60;
const REPORT_INTERVAL_MS = 1_000;
/** So long after the last packet, feedback and reports on the packets before it may be due. */
const QUIET_AFTER_MS = 2_000;
/** A receiver of media can use any SSRC; browsers also use 1. */
const OWN_SSRC = 1;

/** Callbacks of a publisher to its stream. */
export interface PublisherHandlers {
  handlePublisherOpen(): void;
  handlePublisherLost(): void;
  /** So many packets were lost that players need a keyframe. */
  handleKeyframeNeeded(): void;
  /** A packet arrived, and the next tick is due. */
  handleTickDue(nowMs: number): void;
}

/** A publisher's peer connection, and its RTCP feedback. */
export class Publisher {
  readonly counters = createCounters();
  state: 'connecting' | 'connected' = 'connecting';

  readonly #context: WorkerContext;
  readonly #transport: Transport;
  readonly #tracks: ReadonlyMap<MediaKind, StreamTrack>;
  readonly #receivers = new Map<MediaKind, Receiver>();
  readonly #kindByPayloadType = new Map<number, MediaKind>();
  readonly #twcc = new TwccCollector(OWN_SSRC);
  readonly #header = new RtpHeader();
  readonly #handlers: PublisherHandlers;
  #receivedAtMs = Number.NEGATIVE_INFINITY;
  #tickedAtMs = 0;
  #feedbackAtMs = 0;
  #reportAtMs = 0;
  #record: ClosedRecord | undefined;

  constructor(
    offer: OfferTransport,
    published: ReadonlyMap<MediaKind, PublishedKind>,
    tracks: ReadonlyMap<MediaKind, StreamTrack>,
    context: WorkerContext,
    handlers: PublisherHandlers,
  ) {
    this.#context = context;
    this.#tracks = tracks;
    this.#handlers = handlers;
    for (const [kind, entry] of published) {
      this.#receivers.set(kind, new Receiver(entry, this.counters));
      this.#kindByPayloadType.set(entry.codec.payloadType, kind);
    }
    this.#transport = context.transports.create('sendonly', offer, {
      handleOpen: () => {
        this.state = 'connected';
        handlers.handlePublisherOpen();
      },
      handlePacket: (packet) => this.#handlePacket(packet),
      handleLost: () => handlers.handlePublisherLost(),
      handleError: (error) => context.reportError('publisher', error),
    });
  }

  describe(): Promise<LocalTransport> {
    return this.#transport.describe();
  }

  /** Requests a keyframe; returns `false` if the transport is not connected or the source is not known yet. */
  sendPli(): boolean {
    const ssrc = this.#receivers.get('video')?.ssrc;
    if (ssrc === undefined || !this.#transport.isOpen) return false;
    this.counters.keyframeRequests += 1;
    return this.#transport.send(writePli(OWN_SSRC, ssrc));
  }

  /** Whether feedback on received packets may be due, now or later. */
  isReceiving(nowMs: number): boolean {
    return nowMs - this.#receivedAtMs < QUIET_AFTER_MS;
  }

  /** Sends the feedback that is due. */
  tick(nowMs: number): void {
    this.#tickedAtMs = nowMs;
    if (!this.#transport.isOpen) return;
    for (const receiver of this.#receivers.values()) {
      const nack = receiver.collectNack(OWN_SSRC, nowMs);
      if (nack?.packet !== undefined) this.#transport.send(nack.packet);
      if (nack?.needsKeyframe) this.#handlers.handleKeyframeNeeded();
    }
    if (nowMs - this.#feedbackAtMs >= FEEDBACK_INTERVAL_MS) {
      this.#feedbackAtMs = nowMs;
      const ssrc = this.#receivers.get('video')?.ssrc ?? this.#receivers.get('audio')?.ssrc ?? 0;
      for (const packet of this.#twcc.collect(ssrc)) this.#transport.send(packet);
    }
    if (nowMs - this.#reportAtMs >= REPORT_INTERVAL_MS) {
      this.#reportAtMs = nowMs;
      const reports = [...this.#receivers.values()].flatMap((receiver) => receiver.report(nowMs) ?? []);
      if (reports.length > 0) this.#transport.send(writeReceiverReport(OWN_SSRC, reports));
    }
  }

  dump(): TransportCounters {
    return { ...this.counters };
  }

  /** Closes it immediately (KICK-4). */
  close(record?: ClosedRecord): void {
    this.#record = record;
    this.#transport.close(record);
  }

  #handlePacket(packet: Buffer): void {
    const nowMs = this.#context.now();
    this.#receivedAtMs = nowMs;
    if (isRtcp(packet)) {
      this.#handleRtcp(packet, nowMs);
      return;
    }
    const header = this.#header;
    if (!header.read(packet)) return;
    const kind = this.#kindByPayloadType.get(header.payloadType);
    if (kind === undefined) return;
    const receiver = this.#receivers.get(kind);
    const track = this.#tracks.get(kind);
    if (receiver === undefined || track === undefined) return;
    if (!receiver.handlePacket(header, nowMs)) return;
    if (receiver.transportCcId !== undefined) {
      const transportSequence = header.findExtension16(packet, receiver.transportCcId);
      if (transportSequence >= 0) this.#twcc.handlePacket(transportSequence, nowMs);
    }
    this.counters.packets += 1;
    this.counters.bytes += packet.length;
    this.counters.lastPacketAtMs = toEpochMs(nowMs);
    // A closed transport delivers no packets, so a count other than 0 is a bug in this code (KICK-4).
    if (this.#record !== undefined) this.#record.packetsAfterClose += 1;
    track.forward(packet, header, nowMs);
    if (nowMs - this.#tickedAtMs >= TICK_INTERVAL_MS) this.#handlers.handleTickDue(nowMs);
  }

  #handleRtcp(packet: Buffer, nowMs: number): void {
    for (const item of parseRtcp(packet)) {
      if (item.type !== 'sender-report') continue;
      for (const [kind, receiver] of this.#receivers) {
        if (receiver.ssrc !== item.ssrc) continue;
        receiver.handleSenderReport(item, nowMs);
        this.#tracks.get(kind)?.forwardSenderReport(item, nowMs);
      }
    }
  }
}
