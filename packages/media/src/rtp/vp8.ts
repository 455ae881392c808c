/**
 * The payload descriptor of VP8 (RFC 7741, 4.2), read and patched in place.
 *
 * @module
 */

const FRAME_TAG_BYTES = 3;
const KEYFRAME_START_CODE = 0x9d012a;
const HEIGHT_OFFSET = 8;
const KEYFRAME_HEADER_BYTES = 10;

/** The descriptor of one packet. One instance is reused for every packet, so that reading one allocates nothing. */
export class Vp8Descriptor {
  /** Whether it begins a frame. */
  isFrameStart = false;
  /** Whether it begins a keyframe. */
  isKeyframe = false;
  /** Undefined fields of a packet are -1. The picture id, of 7 or 15 bits. */
  pictureId = -1;
  /** 0x7f or 0x7fff. */
  pictureIdMask = 0x7fff;
  /** The number of the latest frame of the lowest temporal layer: 8 bits. */
  tl0PicIdx = -1;
  /** The temporal layer; 0 if the packet names none. */
  temporalLayer = 0;
  /** Whether a receiver of the layers below can begin to decode this temporal layer here. */
  isLayerSync = false;
  /** The number of the latest keyframe: 5 bits. */
  keyIdx = -1;

  // Offsets from the beginning of the payload.
  #pictureIdOffset = 0;
  #tl0Offset = 0;
  #keyIdxOffset = 0;
  #frameOffset = 0;

  /**
   * Reads the descriptor at the beginning of a payload; `false` for a malformed one.
   *
   * @param offset where the payload begins
   * @param end where it ends
   */
  read(packet: Buffer, offset: number, end: number): boolean {
    this.pictureId = -1;
    this.tl0PicIdx = -1;
    this.keyIdx = -1;
    this.temporalLayer = 0;
    this.isLayerSync = false;
    this.isKeyframe = false;
    this.isFrameStart = false;
    if (offset >= end) return false;
    const first = packet[offset] as number;
    let next = offset + 1;
    if ((first & 0x80) !== 0) {
      if (next >= end) return false;
      const fields = packet[next] as number;
      next += 1;
      if ((fields & 0x80) !== 0) {
        if (next >= end) return false;
        this.#pictureIdOffset = next - offset;
        const isLong = ((packet[next] as number) & 0x80) !== 0;
        if (isLong && next + 1 >= end) return false;
        this.pictureIdMask = isLong ? 0x7fff : 0x7f;
        this.pictureId = isLong ? packet.readUInt16BE(next) & 0x7fff : (packet[next] as number);
        next += isLong ? 2 : 1;
      }
      if ((fields & 0x40) !== 0) {
        if (next >= end) return false;
        this.#tl0Offset = next - offset;
        this.tl0PicIdx = packet[next] as number;
        next += 1;
      }
      if ((fields & 0x30) !== 0) {
        if (next >= end) return false;
        const byte = packet[next] as number;
        if ((fields & 0x20) !== 0) {
          this.temporalLayer = byte >> 6;
          this.isLayerSync = (byte & 0x20) !== 0;
        }
        if ((fields & 0x10) !== 0) {
          this.#keyIdxOffset = next - offset;
          this.keyIdx = byte & 0x1f;
        }
        next += 1;
      }
    }
    // A frame begins with its first partition.
    this.isFrameStart = (first & 0x10) !== 0 && (first & 0x07) === 0;
    if (next >= end) return false;
    this.#frameOffset = next - offset;
    this.isKeyframe = this.isFrameStart && ((packet[next] as number) & 0x01) === 0;
    return true;
  }

  /**
   * Reads the height of the picture, in pixels, from the packet last read, which begins a keyframe (RFC 6386, 9.1).
   * Undefined if the frame's header is cut or malformed.
   *
   * @param offset where the payload begins
   * @param end where it ends
   */
  readHeight(packet: Buffer, offset: number, end: number): number | undefined {
    const frame = offset + this.#frameOffset;
    if (!this.isKeyframe || frame + KEYFRAME_HEADER_BYTES > end) return undefined;
    if (packet.readUIntBE(frame + FRAME_TAG_BYTES, 3) !== KEYFRAME_START_CODE) return undefined;
    const height = packet.readUInt16LE(frame + HEIGHT_OFFSET) & 0x3fff;
    return height === 0 ? undefined : height;
  }

  /**
   * Writes new numbers into a copy of the packet last read. Fields that the packet does not have are left out.
   *
   * @param offset where the payload begins in the copy
   */
  patch(copy: Buffer, offset: number, pictureId: number, tl0PicIdx: number, keyIdx: number): void {
    if (this.pictureId >= 0) {
      const at = offset + this.#pictureIdOffset;
      if (this.pictureIdMask === 0x7fff) copy.writeUInt16BE(0x8000 | (pictureId & 0x7fff), at);
      else copy[at] = pictureId & 0x7f;
    }
    if (this.tl0PicIdx >= 0) copy[offset + this.#tl0Offset] = tl0PicIdx & 0xff;
    if (this.keyIdx >= 0) {
      const at = offset + this.#keyIdxOffset;
      copy[at] = ((copy[at] as number) & 0xe0) | (keyIdx & 0x1f);
    }
  }
}
