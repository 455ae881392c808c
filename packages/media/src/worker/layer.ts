/**
 * One encoding of a published track, as it is received from its publisher.
 *
 * @module
 */

import type { LayerDump } from '../engine.ts';
import { type ReceptionReport, type SenderReport, writeNack, writePli } from '../rtp/rtcp.ts';
import { RtpHeader } from '../rtp/rtp-packet.ts';
import { SequenceUnwrapper } from '../rtp/sequence.ts';
import type { ReceivedKind } from '../sdp/negotiate.ts';
import { TemporalShares } from './allocation/temporal-shares.ts';
import { toEpochMs } from './clock.ts';
import type { ClosedRecord } from './closed-ring.ts';
import { createCounters } from './counters.ts';
import { KeyframeRequester } from './keyframe-requester.ts';
import { NackGenerator } from './nack-generator.ts';
import { PacketBuffer } from './packet-buffer.ts';
import { RateMeter } from './rate-meter.ts';
import { ReceptionStats } from './reception-stats.ts';
import type { Track } from './track.ts';

/** The sender SSRC of feedback. A receiver of media can use any; browsers also use 1. */
export const FEEDBACK_SSRC = 1;

/** Slots of the retransmission buffer of audio: 1.3 s of 20 ms packets. A power of two. */
const AUDIO_SLOTS = 64;
const OSN_BYTES = 2;

const pipedHeader = new RtpHeader();

/** Receives one negotiated payload type under one SSRC, and its retransmissions under another. */
export class Layer {
  readonly track: Track;
  /** From 0, the lowest. */
  readonly index: number;
  /** Undefined without simulcast. */
  readonly rid: string | undefined;
  /** Replaced by a renegotiation that matches. */
  kind: ReceivedKind;
  readonly counters = createCounters();
  /** The latest packets as they were received, by sequence number. */
  readonly buffer: PacketBuffer;
  /** Undefined until it is announced or learnt. */
  ssrc: number | undefined;
  rtxSsrc: number | undefined;
  /** The height of the picture as the last keyframe names it, in pixels; 0 before the first. */
  height = 0;
  readonly temporalShares = new TemporalShares();
  /** The publisher's last sender report. */
  lastReport: SenderReport | undefined;
  readonly #sendFeedback: (packet: Buffer) => boolean;
  readonly #wake: () => void;
  readonly #keyframes = new KeyframeRequester(() => this.#sendPli());
  readonly #unwrapper = new SequenceUnwrapper();
  #gaps = new NackGenerator();
  readonly #stats: ReceptionStats;
  readonly #rate = new RateMeter();
  #countedLost = 0;
  /** The highest sequence number so far, and whether that packet was the last of its frame. */
  #highest = -1;
  #isFrameComplete = false;
  #keyframeSequence = -1;
  #keyframeTimestamp = 0;
  #lastPacketAtMs = Number.NEGATIVE_INFINITY;
  #record: ClosedRecord | undefined;

  /**
   * @param sendFeedback sends RTCP to the publisher; returns `false` if it is not connected
   * @param wake sees to it that `tick` is called
   */
  constructor(
    track: Track,
    index: number,
    kind: ReceivedKind,
    sendFeedback: (packet: Buffer) => boolean,
    wake: () => void,
  ) {
    this.track = track;
    this.index = index;
    this.kind = kind;
    this.rid = kind.rids[index];
    this.ssrc = kind.source?.ssrc;
    this.rtxSsrc = kind.source?.rtxSsrc;
    this.buffer = track.kind === 'audio' ? new PacketBuffer(AUDIO_SLOTS) : new PacketBuffer();
    this.#stats = new ReceptionStats(kind.codec.clockRate);
    this.#sendFeedback = sendFeedback;
    this.#wake = wake;
  }

  /** Whether a renegotiation leaves it as it is. */
  matches(track: Track, { mid, codec, rtxPayloadType, rids, source }: ReceivedKind): boolean {
    return (
      track === this.track &&
      mid === this.kind.mid &&
      codec.payloadType === this.kind.codec.payloadType &&
      rtxPayloadType === this.kind.rtxPayloadType &&
      rids[this.index] === this.rid &&
      (source === undefined || (source.ssrc === this.ssrc && source.rtxSsrc === this.rtxSsrc))
    );
  }

  /** The highest unwrapped sequence number so far; -1 before the first packet. */
  get highestSequence(): number {
    return this.#highest;
  }

  /** The unwrapped sequence number at which the last keyframe begins; -1 if it is not kept. */
  get keyframeSequence(): number {
    return this.#keyframeSequence;
  }

  /** Records a packet at which a receiver can begin; the first one of a frame counts. */
  recordKeyframe(sequence: number, timestamp: number): void {
    if (sequence < this.#keyframeSequence) return;
    if (this.#keyframeSequence >= 0 && timestamp === this.#keyframeTimestamp) return;
    this.#keyframeSequence = sequence;
    this.#keyframeTimestamp = timestamp;
  }

  /** The packets that follow the last keyframe are not kept. */
  forgetKeyframe(): void {
    this.#keyframeSequence = -1;
  }

  /** Returns the bits per second of the last complete second. */
  readBps(nowMs: number): number {
    return this.#rate.read(nowMs);
  }

  /** Returns the bits per second of the seconds in which packets arrive, or arrived last. */
  readSteadyBps(nowMs: number): number {
    return this.#rate.readSteady(nowMs);
  }

  /** When the last packet arrived, in milliseconds of the worker's clock. */
  get lastPacketAtMs(): number {
    return this.#lastPacketAtMs;
  }

  /** Receives one RTP packet of its SSRC; one of another payload type is dropped. */
  receive(packet: Buffer, header: RtpHeader, nowMs: number): void {
    const isRed = header.payloadType === this.kind.redPayloadType;
    if (!isRed && header.payloadType !== this.kind.codec.payloadType) return;
    this.#receive(packet, header, nowMs, false);
  }

  /** Receives one retransmission: restores the original packet in place (RFC 4588, 4). */
  receiveRetransmission(packet: Buffer, header: RtpHeader, nowMs: number): void {
    // A packet without payload is a probe of the publisher's bandwidth estimate.
    if (header.payloadType !== this.kind.rtxPayloadType || header.payloadBytes < OSN_BYTES) return;
    if (this.ssrc === undefined) return;
    const sequence = packet.readUInt16BE(header.payloadOffset);
    packet.copyWithin(OSN_BYTES, 0, header.payloadOffset);
    const original = packet.subarray(OSN_BYTES);
    original[1] = ((original[1] as number) & 0x80) | this.kind.codec.payloadType;
    original.writeUInt16BE(sequence, 2);
    original.writeUInt32BE(this.ssrc, 8);
    if (header.read(original)) this.#receive(original, header, nowMs, true);
  }

  /** Returns the level of the sound that a packet names, as its byte (RFC 6464); -1 if it names none. */
  readAudioLevel(packet: Buffer, header: RtpHeader): number {
    const { audioLevelId } = this.kind;
    return audioLevelId === undefined ? -1 : header.findExtension8(packet, audioLevelId);
  }

  /** Receives one packet from another worker, which has received it from the publisher. */
  receivePiped(packet: Buffer, nowMs: number): void {
    if (pipedHeader.read(packet)) this.#receive(packet, pipedHeader, nowMs, false);
  }

  /** Handles that the other worker has left out packets, because nobody took the layer here: the next one is the first again. */
  handlePipeResumed(): void {
    this.#unwrapper.continueAhead();
    this.#gaps = new NackGenerator();
    this.#countedLost = 0;
    this.forgetKeyframe();
    this.track.handleInterrupted(this.index);
  }

  handleSenderReport(report: SenderReport, nowMs: number): void {
    this.#stats.handleSenderReport(report, nowMs);
    this.lastReport = report;
    this.track.clocks[this.index]?.handleSenderReport(report);
    this.track.forwardSenderReport(this, report, nowMs);
  }

  /** Requests a keyframe, at most every 400 ms (MED-2). */
  requestKeyframe(nowMs: number): void {
    this.#keyframes.request(nowMs);
    this.#wake();
  }

  /** Whether a request for a keyframe waits, or a subscriber may need the kept picture. */
  get hasWork(): boolean {
    return this.#keyframes.isPending || this.track.hasWork;
  }

  /** Sends the requests that are due: for lost packets, and for a keyframe. */
  tick(nowMs: number): void {
    const work = this.#gaps.collect(nowMs);
    if (work !== undefined && this.kind.nack && this.ssrc !== undefined) {
      const wrapped = work.sequences.map((sequence) => sequence & 0xffff);
      if (wrapped.length > 0) this.#sendFeedback(writeNack(FEEDBACK_SSRC, this.ssrc, wrapped));
      if (work.needsKeyframe && this.track.kind === 'video') this.#keyframes.request(nowMs);
    }
    this.#keyframes.tick(nowMs);
    if (this.index === 0) this.track.tick(nowMs);
  }

  /** Creates the next block of receiver reports; undefined before the first packet. */
  report(nowMs: number): ReceptionReport | undefined {
    const report = this.ssrc === undefined ? undefined : this.#stats.report(this.ssrc, nowMs);
    if (report === undefined || this.track.kind === 'video') return report;
    // The publisher's encoder adds as much redundancy to sound as its worst receiver needs.
    return { ...report, fractionLost: Math.max(report.fractionLost, this.track.collectLoss()) };
  }

  /** Its packets must not arrive any more; those that do are counted in the record. */
  close(record?: ClosedRecord): void {
    this.#record = record;
  }

  dump(nowMs: number): LayerDump {
    const { rid } = this;
    return {
      layer: this.index,
      ...(rid !== undefined && { rid }),
      bitrate: this.#rate.read(nowMs),
      counters: { ...this.counters },
    };
  }

  #receive(packet: Buffer, header: RtpHeader, nowMs: number, isRetransmission: boolean): void {
    const { counters } = this;
    const sequence = this.#unwrapper.unwrap(header.sequence);
    if (!isRetransmission) this.#stats.handlePacket(sequence, header.timestamp, nowMs);
    const novelty = this.#gaps.handlePacket(sequence, nowMs);
    if (novelty === 'recovered') counters.retransmitted += 1;
    if (this.#gaps.lost !== this.#countedLost) {
      counters.lost += this.#gaps.lost - this.#countedLost;
      this.#countedLost = this.#gaps.lost;
    }
    counters.packets += 1;
    counters.bytes += packet.length;
    counters.lastPacketAtMs = toEpochMs(nowMs);
    // A closed layer has no entry in the table of sources, so a count other than 0 is a bug in that code (KICK-4).
    if (this.#record !== undefined) this.#record.packetsAfterClose += 1;
    if (novelty === 'late' && this.#isRepetition(header.sequence, sequence)) return;
    this.#rate.add(packet.length, nowMs);
    this.#lastPacketAtMs = nowMs;
    const isFrameStart = this.#isFrameComplete && sequence === this.#highest + 1;
    if (sequence > this.#highest) {
      this.#highest = sequence;
      this.#isFrameComplete = header.marker;
    }
    this.track.forward(this, packet, header, sequence, isFrameStart, nowMs);
  }

  /** Browsers repeat packets as retransmissions to find out what their uplink takes. Nothing older than the buffer is of use. */
  #isRepetition(sequence: number, unwrapped: number): boolean {
    return unwrapped <= this.#highest - this.buffer.size || this.buffer.find(sequence) !== undefined;
  }

  #sendPli(): boolean {
    if (this.ssrc === undefined || !this.#sendFeedback(writePli(FEEDBACK_SSRC, this.ssrc))) return false;
    this.counters.keyframeRequests += 1;
    return true;
  }
}
