/**
 * Reading transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01), the input of the
 * estimate of what a subscriber's network can take (BWE-1).
 *
 * @module
 */

import { MAX_REPORTED_PACKETS } from './rtcp.ts';

const HEADER_BYTES = 20;
const REFERENCE_MS = 64;
const MS_PER_TICK = 0.25;
const NOT_RECEIVED = 0;
const SMALL_DELTA = 1;
const LARGE_DELTA = 2;

/** What one feedback reports: packets with consecutive transport-wide numbers. */
export interface ReportedPackets {
  /** The number of the first packet (16 bits). */
  readonly baseSequence: number;
  /** How many packets are reported on. */
  readonly count: number;
  /** By packet: milliseconds of the receiver's clock, which wraps every 12 days; NaN for one that did not arrive. */
  readonly arrivedAtMs: Float64Array;
}

/** Reads untrusted feedback packets. One instance is reused for all of them, so that reading one allocates nothing. */
export class TwccReader implements ReportedPackets {
  baseSequence = 0;
  count = 0;
  /** Counts the feedbacks of one peer connection, modulo 256. */
  feedbackCount = 0;
  readonly arrivedAtMs = new Float64Array(MAX_REPORTED_PACKETS);
  readonly #symbols = new Uint8Array(MAX_REPORTED_PACKETS);

  /**
   * Reads the RTCP packet from `start` to `end`, whose header was validated; `false`, and nothing is reported, if the rest is
   * malformed.
   */
  read(packet: Buffer, start: number, end: number): boolean {
    this.count = 0;
    if (end - start < HEADER_BYTES || end > packet.length) return false;
    const count = packet.readUInt16BE(start + 14);
    if (count > MAX_REPORTED_PACKETS) return false;
    const deltas = this.#readSymbols(packet, start + HEADER_BYTES, end, count);
    if (deltas < 0) return false;
    if (!this.#readDeltas(packet, deltas, end, count, packet.readIntBE(start + 16, 3) * REFERENCE_MS)) return false;
    this.baseSequence = packet.readUInt16BE(start + 12);
    this.feedbackCount = packet[start + 19] as number;
    this.count = count;
    return true;
  }

  /** Unpacks the status chunks; returns where the deltas begin, or -1. */
  #readSymbols(packet: Buffer, start: number, end: number, count: number): number {
    const symbols = this.#symbols;
    let offset = start;
    for (let index = 0; index < count; offset += 2) {
      if (offset + 2 > end) return -1;
      const chunk = packet.readUInt16BE(offset);
      if ((chunk & 0x8000) === 0) {
        const runEnd = Math.min(count, index + (chunk & 0x1fff));
        symbols.fill((chunk >> 13) & 3, index, runEnd);
        index = runEnd;
      } else if ((chunk & 0x4000) === 0) {
        for (let bit = 13; bit >= 0 && index < count; bit -= 1, index += 1) symbols[index] = (chunk >> bit) & 1;
      } else {
        for (let bit = 12; bit >= 0 && index < count; bit -= 2, index += 1) symbols[index] = (chunk >> bit) & 3;
      }
    }
    return offset;
  }

  #readDeltas(packet: Buffer, start: number, end: number, count: number, referenceMs: number): boolean {
    let offset = start;
    let atMs = referenceMs;
    for (let index = 0; index < count; index += 1) {
      const symbol = this.#symbols[index] as number;
      if (symbol === NOT_RECEIVED) {
        this.arrivedAtMs[index] = Number.NaN;
        continue;
      }
      if (symbol > LARGE_DELTA || offset + symbol > end) return false;
      atMs += MS_PER_TICK * (symbol === SMALL_DELTA ? (packet[offset] as number) : packet.readInt16BE(offset));
      this.arrivedAtMs[index] = atMs;
      offset += symbol;
    }
    return true;
  }
}
