/**
 * One kind of one stream, as the players get it.
 *
 * @module
 */

import { type SenderReport, writeSenderReport } from '../rtp/rtcp.ts';
import { patchPayloadType, patchRtpPacket, type RtpHeader, stripRtpPacket } from '../rtp/rtp-packet.ts';
import { RtpRewriter } from '../rtp/rtp-rewriter.ts';
import type { AnswerSource } from '../sdp/answer.ts';
import type { CodecShape } from '../sdp/codecs.ts';
import { PacketBuffer } from './packet-buffer.ts';

/** A player's end of a stream's kind. */
export interface TrackOutput {
  readonly payloadType: number;
  /** Takes one packet; its bytes are only valid during the call. */
  sendRtp(packet: Buffer, nowMs: number): void;
  sendRtcp(packet: Buffer): void;
}

/** The last sender report that went out, for measuring round trips. */
export interface SentReport {
  /** The middle 32 bits of its NTP time. */
  readonly id: number;
  readonly sentAtMs: number;
}

/** Normalises a publisher's packets once, and hands the same bytes to every player. */
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

  /** @param codec decides on the clock, and whether packets are kept for sending again */
  constructor(codec: CodecShape, source: AnswerSource) {
    this.source = source;
    this.#rewriter = new RtpRewriter(codec.clockRate);
    this.buffer = codec.clockRate === 90_000 ? new PacketBuffer() : undefined;
  }

  get sentReport(): SentReport | undefined {
    return this.#sentReport;
  }

  /** Another publisher, or the same anew, is going to send. */
  switchSource(): void {
    this.#rewriter.switchSource();
    this.#lastReport = undefined;
  }

  /** Whether nothing of it reaches any player, retransmissions included (RULE-1). */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** Holds it back from every player, or lets it go: then it goes on where it stopped, without a gap to ask for. */
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

  /** Forwards one packet to every player. The packet's memory is used up. */
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

  /** Forwards a sender report with the output's SSRC, timestamp and counts; the NTP time stays, so lips stay in sync. */
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
