/**
 * The one that sends a stream.
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
import { toEpochMs } from './clock.ts';
import type { ClosedRecord } from './closed-ring.ts';
import { createCounters } from './counters.ts';
import { Receiver } from './receiver.ts';
import type { StreamTrack } from './stream-track.ts';
import { Transport } from './transport.ts';
import { TwccCollector } from './twcc-collector.ts';
import type { WorkerContext } from './worker-context.ts';

/** How often there is a look at what is due; a lost packet is asked for no later. */
const tickIntervalMs = 20;
const feedbackIntervalMs = 60;
const reportIntervalMs = 1_000;
/** Any SSRC will do for a receiver of media; browsers use 1 as well. */
const ownSsrc = 1;

/** What a publisher tells its stream. */
export interface PublisherHandlers {
  handlePublisherOpen(): void;
  handlePublisherLost(): void;
  /** So much was lost that players need a keyframe. */
  handleKeyframeNeeded(): void;
  /** A packet came, and the last tick is long enough ago for the next. */
  handleTickDue(nowMs: number): void;
}

/** A publisher's peer connection, and the RTCP that it is owed. */
export class Publisher {
  readonly counters = createCounters();
  state: 'connecting' | 'connected' = 'connecting';

  readonly #context: WorkerContext;
  readonly #transport: Transport;
  readonly #tracks: ReadonlyMap<MediaKind, StreamTrack>;
  readonly #receivers = new Map<MediaKind, Receiver>();
  readonly #kindByPayloadType = new Map<number, MediaKind>();
  readonly #twcc = new TwccCollector(ownSsrc);
  readonly #header = new RtpHeader();
  readonly #handlers: PublisherHandlers;
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
    this.#transport = new Transport('sendonly', offer, context, {
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

  /** Asks for a keyframe; `false` when the transport is not up or the source not known yet. */
  sendPli(): boolean {
    const ssrc = this.#receivers.get('video')?.ssrc;
    if (ssrc === undefined || !this.#transport.isOpen) return false;
    this.counters.keyframeRequests += 1;
    return this.#transport.send(writePli(ownSsrc, ssrc));
  }

  /** Sends the feedback that is due. */
  tick(nowMs: number): void {
    this.#tickedAtMs = nowMs;
    if (!this.#transport.isOpen) return;
    for (const receiver of this.#receivers.values()) {
      const nack = receiver.collectNack(ownSsrc, nowMs);
      if (nack?.packet !== undefined) this.#transport.send(nack.packet);
      if (nack?.needsKeyframe) this.#handlers.handleKeyframeNeeded();
    }
    if (nowMs - this.#feedbackAtMs >= feedbackIntervalMs) {
      this.#feedbackAtMs = nowMs;
      const ssrc = this.#receivers.get('video')?.ssrc ?? this.#receivers.get('audio')?.ssrc ?? 0;
      for (const packet of this.#twcc.collect(ssrc)) this.#transport.send(packet);
    }
    if (nowMs - this.#reportAtMs >= reportIntervalMs) {
      this.#reportAtMs = nowMs;
      const reports = [...this.#receivers.values()].flatMap((receiver) => receiver.report(nowMs) ?? []);
      if (reports.length > 0) this.#transport.send(writeReceiverReport(ownSsrc, reports));
    }
  }

  dump(): TransportCounters {
    return { ...this.counters };
  }

  /** Ends it at once (KICK-4). */
  close(record?: ClosedRecord): void {
    this.#record = record;
    this.#transport.close(record);
  }

  #handlePacket(packet: Buffer): void {
    const nowMs = this.#context.now();
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
    // The transport gives nothing up once it is closed, so this counts a fault of ours; it must be 0 (KICK-4).
    if (this.#record !== undefined) this.#record.packetsAfterClose += 1;
    track.forward(packet, header, nowMs);
    if (nowMs - this.#tickedAtMs >= tickIntervalMs) this.#handlers.handleTickDue(nowMs);
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
