/**
 * The receiver of one kind of one publisher.
 *
 * @module
 */

import { type ReceptionReport, type SenderReport, writeNack } from '../rtp/rtcp.ts';
import type { RtpHeader } from '../rtp/rtp-packet.ts';
import { SequenceUnwrapper } from '../rtp/sequence.ts';
import type { PublishedKind } from '../sdp/negotiate.ts';
import type { MutableCounters } from './counters.ts';
import { NackGenerator } from './nack-generator.ts';
import { ReceptionStats } from './reception-stats.ts';

/** Receives one negotiated payload type under one SSRC. */
export class Receiver {
  readonly payloadType: number;
  readonly transportCcId: number | undefined;
  readonly #counters: MutableCounters;
  readonly #canNack: boolean;
  readonly #unwrapper = new SequenceUnwrapper();
  readonly #gaps = new NackGenerator();
  readonly #stats: ReceptionStats;
  #ssrc: number | undefined;
  #countedLost = 0;

  constructor(published: PublishedKind, counters: MutableCounters) {
    this.payloadType = published.codec.payloadType;
    this.transportCcId = published.transportCcId;
    this.#ssrc = published.ssrc;
    this.#canNack = published.nack;
    this.#counters = counters;
    this.#stats = new ReceptionStats(published.codec.clockRate);
  }

  /** The source's SSRC; undefined until it is known. */
  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** Records one packet; returns `false` for a packet of another SSRC, which must not be forwarded. */
  handlePacket(header: RtpHeader, nowMs: number): boolean {
    this.#ssrc ??= header.ssrc;
    if (this.#ssrc !== header.ssrc) return false;
    const sequence = this.#unwrapper.unwrap(header.sequence);
    this.#stats.handlePacket(sequence, header.timestamp, nowMs);
    if (this.#gaps.handlePacket(sequence, nowMs) === 'recovered') this.#counters.retransmitted += 1;
    if (this.#gaps.lost !== this.#countedLost) {
      this.#counters.lost += this.#gaps.lost - this.#countedLost;
      this.#countedLost = this.#gaps.lost;
    }
    return true;
  }

  handleSenderReport(report: SenderReport, nowMs: number): void {
    this.#stats.handleSenderReport(report, nowMs);
  }

  /** Returns the packets to request again; undefined if there are none. */
  collectNack(senderSsrc: number, nowMs: number): { packet: Buffer | undefined; needsKeyframe: boolean } | undefined {
    const work = this.#gaps.collect(nowMs);
    if (work === undefined || !this.#canNack || this.#ssrc === undefined) return undefined;
    const wrapped = work.sequences.map((sequence) => sequence & 0xffff);
    return {
      packet: wrapped.length === 0 ? undefined : writeNack(senderSsrc, this.#ssrc, wrapped),
      needsKeyframe: work.needsKeyframe,
    };
  }

  report(nowMs: number): ReceptionReport | undefined {
    return this.#ssrc === undefined ? undefined : this.#stats.report(this.#ssrc, nowMs);
  }
}
