/**
 * Writing transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01), the input of a
 * publisher's bandwidth estimate (MED-4).
 *
 * @module
 */

/** The parameters of `writeTwccFeedback`. */
export interface TwccFeedback {
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
  /** Counts the feedbacks of one peer connection, modulo 256. */
  readonly feedbackCount: number;
  /** The transport-wide sequence number of the first arrival. */
  readonly baseSequence: number;
  /** Consecutive packets from `baseSequence` on; the first one has arrived. */
  readonly arrivedAtMs: readonly (number | undefined)[];
}

const TICKS_PER_MS = 4;
const REFERENCE_TICKS = 256;
const NOT_RECEIVED = 0;
const SMALL_DELTA = 1;
const LARGE_DELTA = 2;
/** Number of symbols in a one-bit vector. */
const ONE_BIT_SYMBOLS = 14;

/** Maximum number of packets in one feedback, so that it stays well below one MTU in the worst case. */
export const MAX_TWCC_PACKETS = 400;

/** An encoded feedback, and the number of packets that it covers. */
export interface WrittenTwccFeedback {
  readonly packet: Buffer;
  /** Fewer than given if a delta did not fit in 16 bits: the rest needs another feedback. */
  readonly covered: number;
}

/** Writes one feedback packet of at most `MAX_TWCC_PACKETS` packets. */
export function writeTwccFeedback(feedback: TwccFeedback): WrittenTwccFeedback {
  const symbols: number[] = [];
  const deltas: number[] = [];
  const firstTicks = Math.floor((feedback.arrivedAtMs[0] ?? 0) * TICKS_PER_MS);
  const reference = Math.floor(firstTicks / REFERENCE_TICKS);
  let previousTicks = reference * REFERENCE_TICKS;
  for (const arrivedAtMs of feedback.arrivedAtMs) {
    if (symbols.length === MAX_TWCC_PACKETS) break;
    if (arrivedAtMs === undefined) {
      symbols.push(NOT_RECEIVED);
      continue;
    }
    const ticks = Math.floor(arrivedAtMs * TICKS_PER_MS);
    const delta = ticks - previousTicks;
    if (delta < -0x8000 || delta > 0x7fff) break;
    previousTicks = ticks;
    symbols.push(delta >= 0 && delta <= 0xff ? SMALL_DELTA : LARGE_DELTA);
    deltas.push(delta);
  }

  const chunks = encodeChunks(symbols);
  let deltaBytes = 0;
  for (const symbol of symbols) deltaBytes += symbol;
  const unpadded = 20 + chunks.length * 2 + deltaBytes;
  const packet = Buffer.alloc((unpadded + 3) & ~3);
  const padding = packet.length - unpadded;
  packet[0] = 0x80 | (padding > 0 ? 0x20 : 0) | 15;
  packet[1] = 205;
  packet.writeUInt16BE(packet.length / 4 - 1, 2);
  packet.writeUInt32BE(feedback.senderSsrc, 4);
  packet.writeUInt32BE(feedback.mediaSsrc, 8);
  packet.writeUInt16BE(feedback.baseSequence, 12);
  packet.writeUInt16BE(symbols.length, 14);
  packet.writeUIntBE(reference & 0xffffff, 16, 3);
  packet[19] = feedback.feedbackCount;
  let offset = 20;
  for (const chunk of chunks) offset = packet.writeUInt16BE(chunk, offset);
  for (const delta of deltas) {
    offset = delta >= 0 && delta <= 0xff ? packet.writeUInt8(delta, offset) : packet.writeInt16BE(delta, offset);
  }
  if (padding > 0) packet[packet.length - 1] = padding;
  return { packet, covered: symbols.length };
}

/** Packs status symbols into chunks: a run if it is longer than a vector, otherwise the densest vector. */
function encodeChunks(symbols: readonly number[]): number[] {
  const chunks: number[] = [];
  let index = 0;
  while (index < symbols.length) {
    const symbol = symbols[index] as number;
    let run = 1;
    while (index + run < symbols.length && symbols[index + run] === symbol && run < 0x1fff) run += 1;
    const oneBit = countOneBit(symbols, index);
    if (run >= oneBit && (run >= 7 || index + run === symbols.length)) {
      chunks.push((symbol << 13) | run);
      index += run;
    } else if (oneBit === ONE_BIT_SYMBOLS || index + oneBit === symbols.length) {
      // Only the last chunk may be short: a reader interprets all bits as packets while packets remain.
      let chunk = 0x8000;
      for (let i = 0; i < oneBit; i += 1) chunk |= (symbols[index + i] as number) << (13 - i);
      chunks.push(chunk);
      index += oneBit;
    } else {
      const count = Math.min(7, symbols.length - index);
      let chunk = 0xc000;
      for (let i = 0; i < count; i += 1) chunk |= (symbols[index + i] as number) << (12 - i * 2);
      chunks.push(chunk);
      index += count;
    }
  }
  return chunks;
}

/** Returns how many of the next symbols (at most `ONE_BIT_SYMBOLS`) fit in a one-bit vector. */
function countOneBit(symbols: readonly number[], start: number): number {
  let count = 0;
  while (count < ONE_BIT_SYMBOLS && start + count < symbols.length && (symbols[start + count] as number) <= SMALL_DELTA)
    count += 1;
  return count;
}
