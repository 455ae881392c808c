/**
 * RTCP (RFC 3550, RFC 4585, RFC 5104): the packets that Gavel reads and writes.
 *
 * @module
 */

/** The fields of a sender report that a forwarder needs. */
export interface SenderReport {
  readonly type: 'sender-report';
  readonly ssrc: number;
  readonly ntpSeconds: number;
  readonly ntpFraction: number;
  readonly rtpTimestamp: number;
}

/** One report block of a sender or receiver report. */
export interface ReportBlock {
  readonly type: 'report-block';
  /** The source that is reported on. */
  readonly ssrc: number;
  /** Loss since the last report, in 1/256. */
  readonly fractionLost: number;
  /** The middle 32 bits of the NTP time of the last sender report received; 0 for none. */
  readonly lastSenderReport: number;
  /** Units of 1/65536 s since then. */
  readonly delaySinceLastSenderReport: number;
}

/** A request for a keyframe: PLI or FIR. */
export interface KeyframeRequest {
  readonly type: 'keyframe-request';
  readonly ssrc: number;
}

/** A request for retransmission: generic NACK. */
export interface NackRequest {
  readonly type: 'nack';
  readonly ssrc: number;
  readonly sequences: readonly number[];
}

/** The end of a source. */
export interface Goodbye {
  readonly type: 'bye';
  readonly ssrc: number;
}

/** Transport-wide feedback, which `TwccReader` reads. */
export interface TransportFeedback {
  readonly type: 'transport-feedback';
  /** Where its RTCP packet begins in the compound packet, and where it ends. */
  readonly start: number;
  readonly end: number;
}

/** An item in the result of `parseRtcp`. */
export type RtcpItem = SenderReport | ReportBlock | KeyframeRequest | NackRequest | TransportFeedback | Goodbye;

const TYPE_SENDER_REPORT = 200;
const TYPE_RECEIVER_REPORT = 201;
const TYPE_BYE = 203;
const TYPE_TRANSPORT_FEEDBACK = 205;
const TYPE_PAYLOAD_FEEDBACK = 206;
const FORMAT_NACK = 1;
const FORMAT_TRANSPORT_WIDE = 15;
const FORMAT_PLI = 1;
const FORMAT_FIR = 4;

/** Maximum number of sequence numbers that one compound packet may request; more are ignored. */
export const MAX_NACKED_SEQUENCES = 512;

/** Maximum number of packets that the transport-wide feedback of one compound packet may report on; the rest is ignored. */
export const MAX_REPORTED_PACKETS = 2_048;

/**
 * Parses an untrusted compound RTCP packet. Parsing stops at malformed data, and the items before it are returned;
 * unknown packet types are ignored.
 */
export function parseRtcp(packet: Buffer): RtcpItem[] {
  const items: RtcpItem[] = [];
  let offset = 0;
  let nacked = 0;
  let reported = 0;
  while (offset + 8 <= packet.length) {
    const first = packet[offset] as number;
    if (first >> 6 !== 2) break;
    const count = first & 0x1f;
    const type = packet[offset + 1] as number;
    const end = offset + 4 + packet.readUInt16BE(offset + 2) * 4;
    if (end > packet.length) break;
    if (type === TYPE_SENDER_REPORT && end - offset >= 28) {
      items.push({
        type: 'sender-report',
        ssrc: packet.readUInt32BE(offset + 4),
        ntpSeconds: packet.readUInt32BE(offset + 8),
        ntpFraction: packet.readUInt32BE(offset + 12),
        rtpTimestamp: packet.readUInt32BE(offset + 16),
      });
      readReportBlocks(packet, offset + 28, end, count, items);
    } else if (type === TYPE_RECEIVER_REPORT) {
      readReportBlocks(packet, offset + 8, end, count, items);
    } else if (type === TYPE_BYE && count > 0) {
      items.push({ type: 'bye', ssrc: packet.readUInt32BE(offset + 4) });
    } else if (type === TYPE_TRANSPORT_FEEDBACK && count === FORMAT_NACK && end - offset >= 16) {
      const sequences = readNackedSequences(packet, offset + 12, end, MAX_NACKED_SEQUENCES - nacked);
      nacked += sequences.length;
      items.push({ type: 'nack', ssrc: packet.readUInt32BE(offset + 8), sequences });
    } else if (type === TYPE_TRANSPORT_FEEDBACK && count === FORMAT_TRANSPORT_WIDE) {
      const reports = end - offset >= 20 ? packet.readUInt16BE(offset + 14) : 0;
      reported += reports;
      if (reports > 0 && reported <= MAX_REPORTED_PACKETS)
        items.push({ type: 'transport-feedback', start: offset, end });
    } else if (type === TYPE_PAYLOAD_FEEDBACK && count === FORMAT_PLI && end - offset >= 12) {
      items.push({ type: 'keyframe-request', ssrc: packet.readUInt32BE(offset + 8) });
    } else if (type === TYPE_PAYLOAD_FEEDBACK && count === FORMAT_FIR) {
      for (let entry = offset + 12; entry + 8 <= end; entry += 8) {
        items.push({ type: 'keyframe-request', ssrc: packet.readUInt32BE(entry) });
      }
    }
    offset = end;
  }
  return items;
}

function readReportBlocks(packet: Buffer, start: number, end: number, count: number, items: RtcpItem[]): void {
  for (let i = 0, offset = start; i < count && offset + 24 <= end; i += 1, offset += 24) {
    items.push({
      type: 'report-block',
      ssrc: packet.readUInt32BE(offset),
      fractionLost: packet[offset + 4] as number,
      lastSenderReport: packet.readUInt32BE(offset + 16),
      delaySinceLastSenderReport: packet.readUInt32BE(offset + 20),
    });
  }
}

function readNackedSequences(packet: Buffer, start: number, end: number, limit: number): number[] {
  const sequences: number[] = [];
  for (let offset = start; offset + 4 <= end && sequences.length < limit; offset += 4) {
    const first = packet.readUInt16BE(offset);
    sequences.push(first);
    let mask = packet.readUInt16BE(offset + 2);
    for (let bit = 1; mask !== 0; bit += 1, mask >>= 1) {
      if ((mask & 1) !== 0 && sequences.length < limit) sequences.push((first + bit) & 0xffff);
    }
  }
  return sequences;
}

/** Writes a picture loss indication. */
export function writePli(senderSsrc: number, mediaSsrc: number): Buffer {
  const packet = Buffer.alloc(12);
  packet[0] = 0x80 | FORMAT_PLI;
  packet[1] = TYPE_PAYLOAD_FEEDBACK;
  packet.writeUInt16BE(2, 2);
  packet.writeUInt32BE(senderSsrc, 4);
  packet.writeUInt32BE(mediaSsrc, 8);
  return packet;
}

/** Writes a generic NACK for at least one sequence number, in ascending order. */
export function writeNack(senderSsrc: number, mediaSsrc: number, sequences: readonly number[]): Buffer {
  const pairs: { first: number; mask: number }[] = [];
  let pair: { first: number; mask: number } | undefined;
  for (const sequence of sequences) {
    const distance = pair === undefined ? 0 : (sequence - pair.first) & 0xffff;
    if (pair !== undefined && distance >= 1 && distance <= 16) {
      pair.mask |= 1 << (distance - 1);
    } else {
      pair = { first: sequence, mask: 0 };
      pairs.push(pair);
    }
  }
  const packet = Buffer.alloc(12 + pairs.length * 4);
  packet[0] = 0x80 | FORMAT_NACK;
  packet[1] = TYPE_TRANSPORT_FEEDBACK;
  packet.writeUInt16BE(2 + pairs.length, 2);
  packet.writeUInt32BE(senderSsrc, 4);
  packet.writeUInt32BE(mediaSsrc, 8);
  pairs.forEach((entry, index) => {
    packet.writeUInt16BE(entry.first, 12 + index * 4);
    packet.writeUInt16BE(entry.mask, 14 + index * 4);
  });
  return packet;
}

/** One block of a receiver report. */
export interface ReceptionReport {
  readonly ssrc: number;
  /** Loss since the last report, in 1/256. */
  readonly fractionLost: number;
  /** Packets lost since the beginning; may be negative with duplicates. */
  readonly cumulativeLost: number;
  /** The highest sequence number, cycles in the upper 16 bits. */
  readonly highestSequence: number;
  /** In units of the RTP clock. */
  readonly jitter: number;
  readonly lastSenderReport: number;
  readonly delaySinceLastSenderReport: number;
}

/** Writes a receiver report with at most 31 blocks. */
export function writeReceiverReport(senderSsrc: number, reports: readonly ReceptionReport[]): Buffer {
  const packet = Buffer.alloc(8 + reports.length * 24);
  packet[0] = 0x80 | reports.length;
  packet[1] = TYPE_RECEIVER_REPORT;
  packet.writeUInt16BE(packet.length / 4 - 1, 2);
  packet.writeUInt32BE(senderSsrc, 4);
  reports.forEach((report, index) => {
    const offset = 8 + index * 24;
    const lost = Math.max(-0x800000, Math.min(0x7fffff, report.cumulativeLost));
    packet.writeUInt32BE(report.ssrc, offset);
    packet[offset + 4] = Math.max(0, Math.min(255, report.fractionLost));
    packet.writeIntBE(lost, offset + 5, 3);
    packet.writeUInt32BE(report.highestSequence >>> 0, offset + 8);
    packet.writeUInt32BE(Math.min(0xffffffff, Math.round(report.jitter)), offset + 12);
    packet.writeUInt32BE(report.lastSenderReport, offset + 16);
    packet.writeUInt32BE(Math.min(0xffffffff, report.delaySinceLastSenderReport), offset + 20);
  });
  return packet;
}

/** The fields of a sender report. */
export interface SenderReportFields {
  readonly ssrc: number;
  readonly ntpSeconds: number;
  readonly ntpFraction: number;
  readonly rtpTimestamp: number;
  readonly packets: number;
  readonly octets: number;
}

/** Writes a sender report without report blocks. */
export function writeSenderReport(report: SenderReportFields): Buffer {
  const packet = Buffer.alloc(28);
  packet[0] = 0x80;
  packet[1] = TYPE_SENDER_REPORT;
  packet.writeUInt16BE(6, 2);
  packet.writeUInt32BE(report.ssrc, 4);
  packet.writeUInt32BE(report.ntpSeconds, 8);
  packet.writeUInt32BE(report.ntpFraction, 12);
  packet.writeUInt32BE(report.rtpTimestamp >>> 0, 16);
  packet.writeUInt32BE(report.packets >>> 0, 20);
  packet.writeUInt32BE(report.octets >>> 0, 24);
  return packet;
}
