/**
 * One kind of one stream, as it is sent to the players.
 *
 * @module
 */

import { type SenderReport, writeSenderReport } from '../rtp/rtcp.ts';
import { patchPayloadType, patchRtpPacket, type RtpHeader, stripRtpPacket } from '../rtp/rtp-packet.ts';
import { RtpRewriter } from '../rtp/rtp-rewriter.ts';
import type { AnswerSource } from '../sdp/answer.ts';
import type { CodecShape } from '../sdp/codecs.ts';
import { PacketBuffer } from './packet-buffer.ts';

/** A player's sink for one kind of a stream. */
export interface TrackOutput {
  readonly payloadType: number;
  /** Sends one packet; its bytes are only valid during the call. */
  sendRtp(packet: Buffer, nowMs: number): void;
  sendRtcp(packet: Buffer): void;
}

/** The last sender report that was sent, for measuring round-trip times. */
export interface SentReport {
  /** The middle 32 bits of its NTP time. */
  readonly id: number;
  readonly sentAtMs: number;
}

/** Normalises a publisher's packets once, and passes the same bytes to every player. */
export class StreamTrack {
  readonly source: AnswerSource;
  readonly buffer: PacketBuffer | undefined;
  forwardedPackets = 0;

  readonly #rewriter: RtpRewriter;
  #outputs: readonly TrackOutput[] = [];
  #packets = 0;
  #octets = 0;
  #lastReport: Buffer | undefined;
  #sentReport: SentReport | undefined;
  #isBlocked = false;

  /** @param codec determines the clock rate, and whether packets are stored for retransmission */
  constructor(codec: CodecShape, source: AnswerSource) {
    this.source = source;
    this.#rewriter = new RtpRewriter(codec.clockRate);
    this.buffer = codec.clockRate === 90_000 ? new PacketBuffer() : undefined;
  }

  get sentReport(): SentReport | undefined {
    return this.#sentReport;
  }

  /** Prepares for a new publisher, or a new connection of the same one. */
  switchSource(): void {
    this.#rewriter.switchSource();
    this.#lastReport = undefined;
  }

  /** Whether it is blocked: nothing is sent to players, not even retransmissions (RULE-1). */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** Blocks or unblocks it for all players. After unblocking, sequence numbers continue without a gap. */
  setBlocked(isBlocked: boolean): void {
    if (this.#isBlocked && !isBlocked) this.switchSource();
    this.#isBlocked = isBlocked;
  }

  addOutput(output: TrackOutput): void {
    this.#outputs = [...this.#outputs, output];
    if (this.#lastReport !== undefined && !this.#isBlocked) output.sendRtcp(this.#lastReport);
  }

  removeOutput(output: TrackOutput): void {
    this.#outputs = this.#outputs.filter((entry) => entry !== output);
  }

  /** Forwards one packet to every player. Overwrites the packet's memory. */
  forward(packet: Buffer, header: RtpHeader, nowMs: number): void {
    if (this.#isBlocked) return;
    const rewriter = this.#rewriter;
    if (!rewriter.rewrite(header.sequence, header.timestamp, nowMs)) return;
    const stripped = stripRtpPacket(packet, header);
    patchRtpPacket(stripped, rewriter.sequence, rewriter.timestamp, this.source.ssrc);
    this.buffer?.store(rewriter.sequence, stripped);
    this.#packets += 1;
    this.#octets += header.payloadBytes;
    let payloadType = -1;
    for (const output of this.#outputs) {
      if (output.payloadType !== payloadType) {
        payloadType = output.payloadType;
        patchPayloadType(stripped, payloadType);
      }
      output.sendRtp(stripped, nowMs);
      this.forwardedPackets += 1;
    }
  }

  /** Forwards a sender report with the output's SSRC, timestamp and counts; the NTP time is kept for lip sync. */
  forwardSenderReport(report: SenderReport, nowMs: number): void {
    if (this.#isBlocked) return;
    const rtpTimestamp = this.#rewriter.mapTimestamp(report.rtpTimestamp);
    if (rtpTimestamp === undefined) return;
    this.#lastReport = writeSenderReport({
      ssrc: this.source.ssrc,
      ntpSeconds: report.ntpSeconds,
      ntpFraction: report.ntpFraction,
      rtpTimestamp,
      packets: this.#packets,
      octets: this.#octets,
    });
    const id = (((report.ntpSeconds & 0xffff) << 16) | (report.ntpFraction >>> 16)) >>> 0;
    this.#sentReport = { id, sentAtMs: nowMs };
    for (const output of this.#outputs) output.sendRtcp(this.#lastReport);
  }
}
