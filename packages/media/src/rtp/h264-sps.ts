/**
 * Reads the height of the picture from H.264's sequence parameter sets (ITU-T H.264, 7.3.2.1.1).
 *
 * @module
 */

const NAL_SPS = 7;
const NAL_STAP_A = 24;
/** Bytes of a parameter set that are read: the height comes before the optional parts that may be long. */
const MAX_SPS_BYTES = 256;
/** The largest number of macroblock rows of any level is below this. */
const MAX_MACROBLOCKS = 1_024;
/** Profiles whose parameter sets name the chroma format. */
const HIGH_PROFILES: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128]);

/**
 * Returns the height in pixels that the sequence parameter set in an RTP payload names, alone or in an aggregate.
 * Undefined if there is none, or if it is malformed: the input is untrusted.
 *
 * @param offset where the payload begins
 * @param end where it ends
 */
export function readH264Height(packet: Buffer, offset: number, end: number): number | undefined {
  const sps = findParameterSet(packet, offset, end);
  return sps === undefined ? undefined : parseHeight(new BitReader(removeEmulation(sps)));
}

/** Returns a sequence parameter set without its NAL header. */
function findParameterSet(packet: Buffer, offset: number, end: number): Buffer | undefined {
  if (offset >= end) return undefined;
  const type = (packet[offset] as number) & 0x1f;
  if (type === NAL_SPS) return packet.subarray(offset + 1, end);
  if (type !== NAL_STAP_A) return undefined;
  let next = offset + 1;
  while (next + 2 < end) {
    const unitEnd = next + 2 + packet.readUInt16BE(next);
    if (unitEnd > end) return undefined;
    if (((packet[next + 2] as number) & 0x1f) === NAL_SPS) return packet.subarray(next + 3, unitEnd);
    next = unitEnd;
  }
  return undefined;
}

/** Removes the bytes that keep start codes out of a NAL unit (7.4.1.1). */
function removeEmulation(unit: Buffer): Buffer {
  const length = Math.min(unit.length, MAX_SPS_BYTES);
  const plain = Buffer.alloc(length);
  let bytes = 0;
  let zeros = 0;
  for (let index = 0; index < length; index += 1) {
    const byte = unit[index] as number;
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    plain[bytes] = byte;
    bytes += 1;
  }
  return plain.subarray(0, bytes);
}

function parseHeight(bits: BitReader): number | undefined {
  const profile = bits.read(8);
  bits.skip(16);
  bits.readUnsigned();
  let chromaFormat = 1;
  if (HIGH_PROFILES.has(profile)) {
    chromaFormat = bits.readUnsigned();
    if (chromaFormat === 3) bits.skip(1);
    bits.readUnsigned();
    bits.readUnsigned();
    bits.skip(1);
    if (bits.read(1) === 1) skipScalingLists(bits, chromaFormat === 3 ? 12 : 8);
  }
  bits.readUnsigned();
  skipPictureOrder(bits);
  bits.readUnsigned();
  bits.skip(1);
  bits.readUnsigned();
  const rows = bits.readUnsigned() + 1;
  const isFrameOnly = bits.read(1);
  if (isFrameOnly === 0) bits.skip(1);
  bits.skip(1);
  const fields = 2 - isFrameOnly;
  let cropping = 0;
  if (bits.read(1) === 1) {
    bits.readUnsigned();
    bits.readUnsigned();
    const unit = fields * (chromaFormat === 1 ? 2 : 1);
    cropping = (bits.readUnsigned() + bits.readUnsigned()) * unit;
  }
  const height = rows * 16 * fields - cropping;
  return bits.isExhausted || rows > MAX_MACROBLOCKS || height <= 0 ? undefined : height;
}

function skipPictureOrder(bits: BitReader): void {
  const type = bits.readUnsigned();
  if (type === 0) bits.readUnsigned();
  if (type !== 1) return;
  bits.skip(1);
  bits.readUnsigned();
  bits.readUnsigned();
  const frames = bits.readUnsigned();
  for (let frame = 0; frame < frames && !bits.isExhausted; frame += 1) bits.readUnsigned();
}

function skipScalingLists(bits: BitReader, lists: number): void {
  for (let list = 0; list < lists; list += 1) {
    if (bits.read(1) === 0) continue;
    let last = 8;
    let next = 8;
    for (let entry = 0; entry < (list < 6 ? 16 : 64); entry += 1) {
      if (next !== 0) next = (last + bits.readSigned() + 256) % 256;
      if (next !== 0) last = next;
    }
  }
}

/** Reads bits from the most significant one on; after the end it reads zeros. */
class BitReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Whether more was read than there is. */
  get isExhausted(): boolean {
    return this.#position > this.#bytes.length * 8;
  }

  skip(bits: number): void {
    this.#position += bits;
  }

  read(bits: number): number {
    let value = 0;
    for (let bit = 0; bit < bits; bit += 1) {
      const byte = this.#bytes[this.#position >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#position & 7))) & 1);
      this.#position += 1;
    }
    return value;
  }

  /** Reads an Exp-Golomb code (9.1), of at most 32 bits. */
  readUnsigned(): number {
    let zeros = 0;
    while (this.read(1) === 0) {
      zeros += 1;
      if (zeros > 32 || this.isExhausted) {
        this.#position = this.#bytes.length * 8 + 1;
        return 0;
      }
    }
    return 2 ** zeros - 1 + this.read(zeros);
  }

  readSigned(): number {
    const code = this.readUnsigned();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}
