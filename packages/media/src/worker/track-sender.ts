/**
 * Sends one kind of a stream to one subscriber.
 *
 * @module
 */

import { ForwardHistory } from '../forwarding/forward-history.ts';
import { Forwarder } from '../forwarding/forwarder.ts';
import { SourcePacket } from '../forwarding/source-packet.ts';
import { OutgoingPacket } from '../rtp/outgoing-packet.ts';
import { type ReportBlock, type SenderReport, writeSenderReport } from '../rtp/rtcp.ts';
import { RtpHeader } from '../rtp/rtp-packet.ts';
import type { AnswerSource } from '../sdp/answer.ts';
import type { SentKind } from '../sdp/negotiate.ts';
import { toEpochMs } from './clock.ts';
import type { ClosedRecord } from './closed-ring.ts';
import type { MutableCounters } from './counters.ts';
import type { Layer } from './layer.ts';
import type { Track } from './track.ts';

const DEFAULT_ROUND_TRIP_MS = 60;
const MIN_RESEND_INTERVAL_MS = 20;
const MAX_RESEND_INTERVAL_MS = 300;

/** Scratch memory for packets that are sent again: one at a time. */
const resent = { audio: new OutgoingPacket('audio'), video: new OutgoingPacket('video') };
const resentHeader = new RtpHeader();
const resentSource = new SourcePacket();

/** One RTP stream to a subscriber, with an SSRC and numbers of its own. */
export class TrackSender {
  readonly track: Track;
  readonly source: AnswerSource;
  /** Replaced by a renegotiation that matches. */
  kind: SentKind;
  readonly #counters: MutableCounters;
  readonly #send: (packet: Buffer) => boolean;
  readonly #now: () => number;
  readonly #forwarder: Forwarder;
  readonly #history = new ForwardHistory();
  #packets = 0;
  #octets = 0;
  #roundTripMs = DEFAULT_ROUND_TRIP_MS;
  #reportId = 0;
  #reportedAtMs = 0;
  #isAttached = false;
  #maxLayer: number;
  #record: ClosedRecord | undefined;

  /**
   * @param counters of the subscription
   * @param send sends a packet to the subscriber; returns `false` if it was not sent
   * @param maxLayer the highest layer to be sent
   */
  constructor(
    track: Track,
    kind: SentKind,
    source: AnswerSource,
    counters: MutableCounters,
    send: (packet: Buffer) => boolean,
    now: () => number,
    maxLayer: number,
  ) {
    this.track = track;
    this.kind = kind;
    this.source = source;
    this.#counters = counters;
    this.#send = send;
    this.#now = now;
    this.#maxLayer = maxLayer;
    this.#forwarder = new Forwarder(track.codec.clockRate, track.clocks);
    this.chooseLayer();
  }

  /** The layer that is sent now; undefined if there is none. */
  get layer(): number | undefined {
    const { layer } = this.#forwarder;
    return layer < 0 ? undefined : layer;
  }

  /** The layer that is to be sent. */
  get target(): number {
    return this.#forwarder.target;
  }

  /** The layer whose keyframe it waits for; undefined if it waits for none. */
  get awaitedLayer(): number | undefined {
    return this.#forwarder.needsKeyframe ? this.#forwarder.target : undefined;
  }

  /** Limits the layer that is sent (SIM-1). */
  limitLayer(maxLayer: number): void {
    this.#maxLayer = maxLayer;
    this.chooseLayer();
  }

  /** Aims at the best layer that its track has; requests its keyframe. */
  chooseLayer(): void {
    const layer = this.track.chooseLayer(this.#maxLayer);
    if (layer === this.#forwarder.target) return;
    this.#forwarder.setTarget(layer);
    if (this.#isAttached) this.track.requestKeyframe(this.#now(), this.awaitedLayer);
  }

  /** Whether a renegotiation leaves it as it is. */
  matches(track: Track, { mid, codec }: SentKind): boolean {
    return track === this.track && mid === this.kind.mid && codec.payloadType === this.kind.codec.payloadType;
  }

  /** Begins to send; `false` if it has begun before. */
  attach(): boolean {
    if (this.#isAttached) return false;
    this.#isAttached = true;
    this.track.addSender(this);
    return true;
  }

  /** Continues with the track's new layers at the next packet at which a receiver can begin. */
  switchSource(): void {
    this.#history.clear();
    this.restart();
    this.chooseLayer();
  }

  /** Continues at the next packet at which a receiver can begin. */
  restart(): void {
    this.#forwarder.restart();
  }

  /** Sends one packet, if the forwarder accepts it. Overwrites the numbers in `out`. */
  forward(source: SourcePacket, out: OutgoingPacket, nowMs: number): boolean {
    // A closed sender is not in its track, so a count other than 0 is a bug in that code (KICK-4).
    if (this.#record !== undefined) this.#record.packetsAfterClose += 1;
    const forwarder = this.#forwarder;
    const previousLayer = forwarder.layer;
    if (!forwarder.accept(source, nowMs)) return false;
    if (forwarder.layer !== previousLayer) this.#sendLastReport(nowMs);
    out.patch(this.kind.codec.payloadType, forwarder.sequence, forwarder.timestamp, this.source.ssrc);
    if (source.isVp8) {
      const { pictureId, tl0PicIdx, keyIdx } = forwarder;
      source.vp8.patch(out.bytes, out.payloadOffset, pictureId, tl0PicIdx, keyIdx);
    }
    this.#remember(source);
    this.#packets += 1;
    this.#octets += source.payloadBytes;
    return this.#sendCounted(out.bytes, nowMs);
  }

  /** Sends a sender report with its own SSRC, timestamp and counts. */
  sendReport(layer: Layer, { ntpSeconds, ntpFraction, rtpTimestamp: timestamp }: SenderReport, nowMs: number): void {
    const rtpTimestamp = this.#forwarder.mapTimestamp(layer.index, timestamp);
    if (rtpTimestamp === undefined) return;
    this.#reportId = (((ntpSeconds & 0xffff) << 16) | (ntpFraction >>> 16)) >>> 0;
    this.#reportedAtMs = nowMs;
    const { ssrc } = this.source;
    const counts = { packets: this.#packets, octets: this.#octets };
    this.#send(writeSenderReport({ ssrc, ntpSeconds, ntpFraction, rtpTimestamp, ...counts }));
  }

  handleKeyframeRequest(): void {
    this.#counters.keyframeRequests += 1;
    this.track.requestKeyframe(this.#now(), this.target);
  }

  handleReportBlock(block: ReportBlock): void {
    if (block.lastSenderReport === 0 || block.lastSenderReport !== this.#reportId) return;
    const elapsedMs = this.#now() - this.#reportedAtMs;
    this.#roundTripMs = Math.max(0, elapsedMs - (block.delaySinceLastSenderReport * 1000) / 65_536);
  }

  /** Sends requested packets again as they were, each at most once per round trip (MED-4). */
  handleNack(sequences: readonly number[]): void {
    this.#counters.lost += sequences.length;
    if (!this.kind.nack || this.track.isBlocked || this.#record !== undefined) return;
    const nowMs = this.#now();
    const intervalMs = Math.min(MAX_RESEND_INTERVAL_MS, Math.max(MIN_RESEND_INTERVAL_MS, this.#roundTripMs));
    for (const sequence of sequences) {
      if (this.#history.findForResend(sequence, nowMs, intervalMs)) this.#resend(sequence, nowMs);
    }
  }

  /** Removes it from its track: after this returns, nothing is sent (KICK-4). */
  close(record?: ClosedRecord): void {
    this.track.removeSender(this);
    this.#record = record;
  }

  /** After a switch, so that lip sync need not wait for the publisher's next report. */
  #sendLastReport(nowMs: number): void {
    const layer = this.track.layers[this.#forwarder.layer];
    if (layer?.lastReport !== undefined) this.sendReport(layer, layer.lastReport, nowMs);
  }

  #remember({ layer, sequence }: SourcePacket): void {
    const { found } = this.#history;
    const forwarder = this.#forwarder;
    found.layer = layer;
    found.sourceSequence = sequence & 0xffff;
    found.timestamp = forwarder.timestamp;
    found.pictureId = forwarder.pictureId;
    found.tl0PicIdx = forwarder.tl0PicIdx;
    found.keyIdx = forwarder.keyIdx;
    this.#history.store(forwarder.sequence, found);
  }

  #resend(sequence: number, nowMs: number): void {
    const { found } = this.#history;
    const packet = this.track.layers[found.layer]?.buffer.find(found.sourceSequence);
    if (packet === undefined || !resentHeader.read(packet)) return;
    const { payloadOffset, payloadBytes, marker } = resentHeader;
    const end = payloadOffset + payloadBytes;
    const out = resent[this.track.kind];
    if (!out.load(packet, payloadOffset, end, marker)) return;
    out.patch(this.kind.codec.payloadType, sequence, found.timestamp, this.source.ssrc);
    resentSource.readPayload(this.track.codec.name, packet, payloadOffset, end, false);
    if (resentSource.isVp8) {
      resentSource.vp8.patch(out.bytes, out.payloadOffset, found.pictureId, found.tl0PicIdx, found.keyIdx);
    }
    if (this.#sendCounted(out.bytes, nowMs)) this.#counters.retransmitted += 1;
  }

  #sendCounted(packet: Buffer, nowMs: number): boolean {
    if (!this.#send(packet)) return false;
    const counters = this.#counters;
    counters.packets += 1;
    counters.bytes += packet.length;
    counters.lastPacketAtMs = toEpochMs(nowMs);
    return true;
  }
}
