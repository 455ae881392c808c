/**
 * Sends one kind of a stream to one subscriber.
 *
 * @module
 */

import { randomInt } from 'node:crypto';
import { ForwardHistory } from '../forwarding/forward-history.ts';
import { Forwarder, NO_LAYER } from '../forwarding/forwarder.ts';
import { SourcePacket } from '../forwarding/source-packet.ts';
import { OutgoingPacket } from '../rtp/outgoing-packet.ts';
import { findPrimaryBlock } from '../rtp/red.ts';
import { type ReportBlock, type SenderReport, writeSenderReport } from '../rtp/rtcp.ts';
import { RtpHeader } from '../rtp/rtp-packet.ts';
import type { AnswerSource } from '../sdp/answer.ts';
import type { SentKind } from '../sdp/negotiate.ts';
import { ALL_TEMPORAL_LAYERS } from './allocation/allocate.ts';
import { toEpochMs } from './clock.ts';
import type { ClosedRecord } from './closed-ring.ts';
import type { MutableCounters } from './counters.ts';
import type { Layer } from './layer.ts';
import type { PeerLink } from './peer-link.ts';
import { ReplaySchedule } from './picture-replay.ts';
import { ResendBudget } from './resend-budget.ts';
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
  readonly #peer: PeerLink;
  readonly #budget = new ResendBudget();
  #rtxSequence = randomInt(0, 0x1_0000);
  readonly #forwarder: Forwarder;
  readonly #history = new ForwardHistory();
  #packets = 0;
  #octets = 0;
  #roundTripMs = DEFAULT_ROUND_TRIP_MS;
  #reportId = 0;
  #reportedAtMs = 0;
  #isAttached = false;
  readonly #replays = new ReplaySchedule();
  #isReplaying = false;
  #isRedundant = false;
  #isReduced = false;
  #maxLayer: number;
  #maxTemporalLayer = ALL_TEMPORAL_LAYERS;
  #record: ClosedRecord | undefined;

  /**
   * @param counters of the subscription
   * @param maxLayer the highest layer to be sent; `NO_LAYER` for none
   */
  constructor(
    track: Track,
    kind: SentKind,
    source: AnswerSource,
    counters: MutableCounters,
    peer: PeerLink,
    maxLayer: number,
  ) {
    this.track = track;
    this.kind = kind;
    this.source = source;
    this.#counters = counters;
    this.#peer = peer;
    this.#maxLayer = maxLayer;
    this.#forwarder = new Forwarder(track.codec.clockRate, track.clocks);
    this.chooseLayer();
  }

  /** The layer that is sent now; undefined if there is none. */
  get layer(): number | undefined {
    const { layer } = this.#forwarder;
    return layer < 0 ? undefined : layer;
  }

  /** The layer that is to be sent; `NO_LAYER` for none. */
  get target(): number {
    return this.#forwarder.target;
  }

  /** The layer whose keyframe it waits for; undefined if it waits for none. */
  get awaitedLayer(): number | undefined {
    return this.#forwarder.needsKeyframe ? this.#forwarder.target : undefined;
  }

  /**
   * Limits what is sent (SIM-1).
   *
   * @param maxLayer the highest layer; `NO_LAYER` for none
   * @param maxTemporalLayer the highest temporal layer of it
   */
  limitLayers(maxLayer: number, maxTemporalLayer = ALL_TEMPORAL_LAYERS): void {
    this.#maxLayer = maxLayer;
    this.#maxTemporalLayer = maxTemporalLayer;
    this.chooseLayer();
    this.#limitTemporalLayer();
  }

  /** Handles that its track has other layers, or layers of other sizes. */
  handleLayersChanged(): void {
    this.chooseLayer();
    this.#limitTemporalLayer();
    this.#peer.handleLayersChanged();
  }

  /** Aims at the best layer that its track has and that may be sent; requests its keyframe. */
  chooseLayer(): void {
    const layer = this.track.chooseLayer(this.#maxLayer);
    if (layer === this.#forwarder.target) return;
    this.#forwarder.setTarget(layer);
    if (layer === NO_LAYER) this.#forwarder.restart();
    if (this.#isAttached) this.track.requestKeyframe(this.#peer.now(), this.awaitedLayer);
  }

  /** Whether a renegotiation leaves it as it is. */
  matches(track: Track, { mid, codec, rtxPayloadType, redPayloadType, extensions }: SentKind): boolean {
    const { kind } = this;
    const hasSameTypes =
      codec.payloadType === kind.codec.payloadType &&
      rtxPayloadType === kind.rtxPayloadType &&
      redPayloadType === kind.redPayloadType;
    // With other ids, a packet that is sent again would have other bytes under the same number (RTX-1).
    const hasSameIds =
      extensions.transportSequence === kind.extensions.transportSequence &&
      extensions.audioLevel === kind.extensions.audioLevel;
    return hasSameTypes && hasSameIds && track === this.track && mid === kind.mid;
  }

  /** Whether redundancy of the sound is left out. */
  get isReduced(): boolean {
    return this.#isReduced && this.#isRedundant;
  }

  /** Sends sound without its redundancy (RED), or with it again. */
  reduceSound(isReduced: boolean): void {
    if (isReduced === this.#isReduced) return;
    this.#isReduced = isReduced;
    // What was sent with redundancy must not be sent again without it under the same number (RTX-1).
    this.#history.clear();
  }

  /** Begins to send; `false` if it has begun before. */
  attach(): boolean {
    if (this.#isAttached) return false;
    this.#isAttached = true;
    this.#replays.handleAttached(this.#peer.now());
    this.track.addSender(this);
    return true;
  }

  /** Continues with the track's new layers at the next packet at which a receiver can begin. */
  switchSource(): void {
    this.#history.clear();
    this.restart();
    this.handleLayersChanged();
  }

  /** Whether the picture of a silent layer is to be sent now. */
  isReplayDue(nowMs: number): boolean {
    return this.#replays.isDue(nowMs, this.#hasOutput);
  }

  /** Whether the picture of a silent layer may become due. */
  get mayBeReplayed(): boolean {
    return this.#replays.mayBecomeDue(this.#hasOutput);
  }

  get #hasOutput(): boolean {
    return this.#packets > 0 && this.layer !== undefined;
  }

  /** Lets `replay` forward kept packets; it returns whether it has forwarded any. */
  replayWith(replay: () => boolean, nowMs: number): void {
    this.#isReplaying = true;
    try {
      if (replay()) this.#replays.handleReplayed(nowMs);
    } finally {
      this.#isReplaying = false;
    }
  }

  /** Continues at the next packet at which a receiver can begin. */
  restart(): void {
    this.#forwarder.restart();
  }

  /**
   * Sends one packet, if the forwarder accepts it. Overwrites the numbers in the memory that it sends.
   *
   * @param out the packet as it was published
   * @param plain the packet without redundancy; undefined if it is malformed
   */
  forward(source: SourcePacket, out: OutgoingPacket, plain: OutgoingPacket | undefined, nowMs: number): boolean {
    // A closed sender is not in its track, so a count other than 0 is a bug in that code (KICK-4).
    if (this.#record !== undefined) this.#record.packetsAfterClose += 1;
    const forwarder = this.#forwarder;
    const previousLayer = forwarder.layer;
    if (!forwarder.accept(source, nowMs)) return false;
    if (forwarder.layer !== previousLayer) {
      this.#limitTemporalLayer();
      this.#sendLastReport(nowMs);
    }
    const { kind } = this;
    this.#isRedundant = source.isRed;
    const isRed = source.isRed && kind.redPayloadType !== undefined && !this.#isReduced;
    const packet = isRed ? out : plain;
    if (packet === undefined) return false;
    const payloadType = isRed ? (kind.redPayloadType as number) : kind.codec.payloadType;
    packet.patch(payloadType, forwarder.sequence, forwarder.timestamp, this.source.ssrc);
    if (source.isVp8) {
      const { pictureId, tl0PicIdx, keyIdx } = forwarder;
      source.vp8.patch(packet.bytes, packet.payloadOffset, pictureId, tl0PicIdx, keyIdx);
    }
    const transportSequence = this.#numberPacket(packet, source.audioLevel, nowMs);
    this.#remember(source, transportSequence);
    if (!this.#isReplaying) this.#replays.handleLivePacket(source.isStart);
    this.#packets += 1;
    this.#octets += source.payloadBytes;
    this.#budget.recordSent(packet.bytes.length, nowMs);
    return this.#sendCounted(packet.bytes, nowMs, false);
  }

  /** Sends a sender report with its own SSRC, timestamp and counts. */
  sendReport(layer: Layer, { ntpSeconds, ntpFraction, rtpTimestamp: timestamp }: SenderReport, nowMs: number): void {
    const rtpTimestamp = this.#forwarder.mapTimestamp(layer.index, timestamp);
    if (rtpTimestamp === undefined) return;
    this.#reportId = (((ntpSeconds & 0xffff) << 16) | (ntpFraction >>> 16)) >>> 0;
    this.#reportedAtMs = nowMs;
    const { ssrc } = this.source;
    const counts = { packets: this.#packets, octets: this.#octets };
    this.#peer.send(writeSenderReport({ ssrc, ntpSeconds, ntpFraction, rtpTimestamp, ...counts }));
  }

  handleKeyframeRequest(): void {
    this.#counters.keyframeRequests += 1;
    this.#replays.handleKeyframeRequest();
    this.track.requestKeyframe(this.#peer.now(), this.target);
  }

  handleReportBlock(block: ReportBlock): void {
    this.#replays.handleReport();
    this.track.recordLoss(block.fractionLost);
    if (block.lastSenderReport === 0 || block.lastSenderReport !== this.#reportId) return;
    const elapsedMs = this.#peer.now() - this.#reportedAtMs;
    this.#roundTripMs = Math.max(0, elapsedMs - (block.delaySinceLastSenderReport * 1000) / 65_536);
  }

  /** Sends requested packets again as they were, each at most once per round trip (MED-4). */
  handleNack(sequences: readonly number[]): void {
    this.#counters.lost += sequences.length;
    if (!this.kind.nack || this.track.isBlocked || !this.#isAttached || this.target === NO_LAYER) return;
    const nowMs = this.#peer.now();
    const intervalMs = Math.min(MAX_RESEND_INTERVAL_MS, Math.max(MIN_RESEND_INTERVAL_MS, this.#roundTripMs));
    for (const sequence of sequences) {
      if (this.#history.findForResend(sequence, nowMs, intervalMs)) this.#resend(sequence, nowMs);
    }
  }

  /** Whether padding can be sent: not without RTX, nor while the track is blocked. */
  get canPad(): boolean {
    return this.#isAttached && this.kind.rtxPayloadType !== undefined && !this.track.isBlocked;
  }

  /** Sends packets of padding under the SSRC of retransmissions, for a probe; returns how many bytes were sent. */
  sendPadding(bytes: number, nowMs: number): number {
    const { rtxPayloadType } = this.kind;
    const { rtxSsrc } = this.source;
    if (!this.canPad || rtxPayloadType === undefined || rtxSsrc === undefined) return 0;
    const out = resent[this.track.kind];
    let sent = 0;
    while (sent < bytes) {
      out.loadPadding(bytes - sent);
      out.patch(rtxPayloadType, this.#rtxSequence, this.#forwarder.timestamp, rtxSsrc);
      this.#rtxSequence = (this.#rtxSequence + 1) & 0xffff;
      this.#numberPacket(out, -1, nowMs);
      if (!this.#peer.send(out.bytes)) break;
      sent += out.bytes.length;
    }
    return sent;
  }

  /** Removes it from its track: after this returns, nothing is sent (KICK-4). */
  close(record?: ClosedRecord): void {
    this.#isAttached = false;
    this.track.removeSender(this);
    this.#record = record;
  }

  /**
   * A layer that is too much for the subscriber goes on until the keyframe of the lower one, with its lowest temporal layer.
   * A layer below the highest one that may be sent is sent with all of them.
   */
  #limitTemporalLayer(): void {
    const { layer, target } = this.#forwarder;
    if (target >= 0 && layer > target) this.#forwarder.limitTemporalLayer(0);
    else this.#forwarder.limitTemporalLayer(layer < this.#maxLayer ? ALL_TEMPORAL_LAYERS : this.#maxTemporalLayer);
  }

  /** After a switch, so that lip sync need not wait for the publisher's next report. */
  #sendLastReport(nowMs: number): void {
    const layer = this.track.layers[this.#forwarder.layer];
    if (layer?.lastReport !== undefined) this.sendReport(layer, layer.lastReport, nowMs);
  }

  /** Writes the header extensions; returns the transport-wide number, or 0 if the subscriber takes none. */
  #numberPacket(packet: OutgoingPacket, audioLevel: number, nowMs: number): number {
    const { extensions } = this.kind;
    const isNumbered = extensions.transportSequence > 0;
    const sequence = isNumbered ? this.#peer.recordSent(packet.bytes.length, nowMs) : 0;
    packet.patchExtensions(extensions, sequence, audioLevel);
    return sequence;
  }

  #remember({ layer, sequence }: SourcePacket, transportSequence: number): void {
    const { found } = this.#history;
    const forwarder = this.#forwarder;
    found.layer = layer;
    found.sourceSequence = sequence & 0xffff;
    found.timestamp = forwarder.timestamp;
    found.transportSequence = transportSequence;
    found.pictureId = forwarder.pictureId;
    found.tl0PicIdx = forwarder.tl0PicIdx;
    found.keyIdx = forwarder.keyIdx;
    this.#history.store(forwarder.sequence, found);
  }

  #resend(sequence: number, nowMs: number): void {
    const { found } = this.#history;
    const layer = this.track.layers[found.layer];
    // After a fall to a lower layer, what was lost of the higher one is in the way of the picture that fits.
    if (this.layer !== undefined && found.layer > this.layer) return;
    const packet = layer?.buffer.find(found.sourceSequence);
    if (packet === undefined || !resentHeader.read(packet)) return;
    if (!this.#budget.permit(packet.length, nowMs)) return;
    const { payloadOffset, payloadBytes, marker, payloadType } = resentHeader;
    const end = payloadOffset + payloadBytes;
    const isRed = payloadType === layer?.kind.redPayloadType;
    const isPlain = isRed && (this.kind.redPayloadType === undefined || this.#isReduced);
    const begin = isPlain ? findPrimaryBlock(packet, payloadOffset, end) : payloadOffset;
    const out = resent[this.track.kind];
    const { rtxPayloadType } = this.kind;
    const { rtxSsrc } = this.source;
    const isRtx = rtxPayloadType !== undefined && rtxSsrc !== undefined;
    const isLoaded = isRtx
      ? out.loadRetransmission(packet, begin, end, marker, sequence)
      : out.load(packet, begin, end, marker);
    if (!isLoaded) return;
    resentSource.readPayload(this.track.codec.name, packet, begin, end, false);
    if (resentSource.isVp8) {
      resentSource.vp8.patch(out.bytes, out.payloadOffset, found.pictureId, found.tl0PicIdx, found.keyIdx);
    }
    const audioLevel = layer?.readAudioLevel(packet, resentHeader) ?? -1;
    if (isRtx) {
      out.patch(rtxPayloadType, this.#rtxSequence, found.timestamp, rtxSsrc);
      this.#rtxSequence = (this.#rtxSequence + 1) & 0xffff;
      this.#numberPacket(out, audioLevel, nowMs);
    } else {
      const type = isRed && !isPlain ? (this.kind.redPayloadType as number) : this.kind.codec.payloadType;
      out.patch(type, sequence, found.timestamp, this.source.ssrc);
      // Byte for byte as before: one number must not be sent with two contents (RTX-1).
      out.patchExtensions(this.kind.extensions, found.transportSequence, audioLevel);
      if (this.kind.extensions.transportSequence > 0) this.#peer.recordRepetition(found.transportSequence);
    }
    if (this.#sendCounted(out.bytes, nowMs, !isRtx)) this.#counters.retransmitted += 1;
  }

  #sendCounted(packet: Buffer, nowMs: number, isRepetition: boolean): boolean {
    if (!this.#peer.send(packet, isRepetition)) return false;
    const counters = this.#counters;
    counters.packets += 1;
    counters.bytes += packet.length;
    counters.lastPacketAtMs = toEpochMs(nowMs);
    return true;
  }
}
