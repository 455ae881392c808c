/**
 * Transport-wide feedback as objects, for tests.
 *
 * @module
 */

import { type ReportedPackets, TwccReader } from '../src/rtp/twcc-reader.ts';

/** One line of a feedback: a packet's transport-wide number and when it arrived. */
export interface TwccArrival {
  readonly sequence: number;
  /** Milliseconds on the receiver's clock; undefined for a packet that did not arrive. */
  readonly arrivedAtMs: number | undefined;
}

/** The result of `parseTwccFeedback`. */
export interface ParsedTwccFeedback {
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
  readonly feedbackCount: number;
  readonly arrivals: readonly TwccArrival[];
}

/** Parses one RTCP packet; undefined if it is not well-formed feedback. */
export function parseTwccFeedback(packet: Buffer): ParsedTwccFeedback | undefined {
  if (packet.length < 20 || packet.readUInt8(0) >> 6 !== 2 || (packet.readUInt8(0) & 0x1f) !== 15) return undefined;
  if (packet[1] !== 205 || packet.readUInt16BE(2) * 4 + 4 !== packet.length) return undefined;
  const reader = new TwccReader();
  if (!reader.read(packet, 0, packet.length)) return undefined;
  return {
    senderSsrc: packet.readUInt32BE(4),
    mediaSsrc: packet.readUInt32BE(8),
    feedbackCount: reader.feedbackCount,
    arrivals: Array.from({ length: reader.count }, (_, index) => {
      const atMs = reader.arrivedAtMs[index] as number;
      const arrivedAtMs = Number.isNaN(atMs) ? undefined : atMs;
      return { sequence: (reader.baseSequence + index) & 0xffff, arrivedAtMs };
    }),
  };
}

/** Turns consecutive arrivals into what a reader reports. */
export function toReportedPackets(arrivals: readonly TwccArrival[]): ReportedPackets {
  return {
    baseSequence: arrivals[0]?.sequence ?? 0,
    count: arrivals.length,
    arrivedAtMs: Float64Array.from(arrivals, ({ arrivedAtMs }) => arrivedAtMs ?? Number.NaN),
  };
}
