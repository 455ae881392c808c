/**
 * The receiver report statistics of one source (RFC 3550, 6.4.1 and A.8).
 *
 * @module
 */

import type { ReceptionReport, SenderReport } from '../rtp/rtcp.ts';

/** Counts one source's packets and measures its jitter. */
export class ReceptionStats {
  readonly #clockRate: number;
  #first = -1;
  #highest = -1;
  #received = 0;
  #jitter = 0;
  #lastTransit: number | undefined;
  #reportedExpected = 0;
  #reportedReceived = 0;
  #lastSenderReport = 0;
  #senderReportAtMs = 0;

  /** @param clockRate ticks per second of the source's RTP timestamp */
  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /** Records one packet by its unwrapped sequence number. */
  handlePacket(sequence: number, timestamp: number, nowMs: number): void {
    if (this.#first < 0) this.#first = sequence;
    if (sequence > this.#highest) this.#highest = sequence;
    this.#received += 1;
    const transit = (Math.round((nowMs * this.#clockRate) / 1000) - timestamp) | 0;
    if (this.#lastTransit !== undefined) {
      const difference = Math.abs((transit - this.#lastTransit) | 0);
      this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#lastTransit = transit;
  }

  handleSenderReport(report: SenderReport, nowMs: number): void {
    this.#lastSenderReport = (((report.ntpSeconds & 0xffff) << 16) | (report.ntpFraction >>> 16)) >>> 0;
    this.#senderReportAtMs = nowMs;
  }

  /** Creates the next report block; undefined before the first packet. */
  report(ssrc: number, nowMs: number): ReceptionReport | undefined {
    if (this.#first < 0) return undefined;
    const expected = this.#highest - this.#first + 1;
    const expectedNow = expected - this.#reportedExpected;
    const lostNow = expectedNow - (this.#received - this.#reportedReceived);
    this.#reportedExpected = expected;
    this.#reportedReceived = this.#received;
    return {
      ssrc,
      fractionLost: expectedNow > 0 && lostNow > 0 ? Math.floor((lostNow * 256) / expectedNow) : 0,
      cumulativeLost: expected - this.#received,
      // The unwrapper starts at cycle one, the wire format at cycle zero.
      highestSequence: this.#highest - 0x10000,
      jitter: this.#jitter,
      lastSenderReport: this.#lastSenderReport,
      delaySinceLastSenderReport:
        this.#lastSenderReport === 0 ? 0 : Math.round(((nowMs - this.#senderReportAtMs) * 65_536) / 1000),
    };
  }
}
