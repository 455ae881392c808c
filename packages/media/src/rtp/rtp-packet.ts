/**
 * Reading RTP packets (RFC 3550, RFC 8285) in place, without copying.
 *
 * @module
 */

/** Bytes of the fixed RTP header. */
export const RTP_HEADER_BYTES = 12;

/** Returns whether a packet is RTCP and not RTP (RFC 5761); also `false` for packets that are too short for either. */
export function isRtcp(packet: Uint8Array): boolean {
  const type = packet[1] ?? 0;
  return packet.length >= 4 && type >= 192 && type <= 223;
}

/** The fields of one RTP packet. One instance is reused for every packet, so that reading one allocates nothing. */
export class RtpHeader {
  payloadType = 0;
  marker = false;
  sequence = 0;
  timestamp = 0;
  ssrc = 0;
  csrcCount = 0;
  /** Where the extension block (its 4-byte header included) begins; 0 when there is none. */
  extensionOffset = 0;
  /** Bytes of the extension block, its 4-byte header included. */
  extensionBytes = 0;
  payloadOffset = 0;
  /** Bytes of payload without padding. */
  payloadBytes = 0;
  paddingBytes = 0;
  /** Where the data of the extension that was found last begin. */
  elementOffset = 0;
  /** Bytes of those data. */
  elementBytes = 0;

  /** Reads a packet's header; `false` for anything that is not a well-formed RTP packet. */
  read(packet: Buffer): boolean {
    const length = packet.length;
    if (length < RTP_HEADER_BYTES) return false;
    const first = packet[0] as number;
    if (first >> 6 !== 2) return false;
    const second = packet[1] as number;
    this.csrcCount = first & 0x0f;
    this.marker = (second & 0x80) !== 0;
    this.payloadType = second & 0x7f;
    this.sequence = packet.readUInt16BE(2);
    this.timestamp = packet.readUInt32BE(4);
    this.ssrc = packet.readUInt32BE(8);
    let offset = RTP_HEADER_BYTES + this.csrcCount * 4;
    this.extensionOffset = 0;
    this.extensionBytes = 0;
    if ((first & 0x10) !== 0) {
      if (offset + 4 > length) return false;
      this.extensionOffset = offset;
      this.extensionBytes = 4 + packet.readUInt16BE(offset + 2) * 4;
      offset += this.extensionBytes;
    }
    if (offset > length) return false;
    this.payloadOffset = offset;
    this.paddingBytes = 0;
    if ((first & 0x20) !== 0) {
      const padding = packet[length - 1] as number;
      if (padding === 0 || offset + padding > length) return false;
      this.paddingBytes = padding;
    }
    this.payloadBytes = length - offset - this.paddingBytes;
    return true;
  }

  /**
   * Finds a header extension, in the one-byte or the two-byte form; `false` when it is not there. If found, its data are
   * the `elementBytes` bytes at `elementOffset`.
   *
   * @param packet the packet last read
   * @param id the extension's id from the SDP's `extmap`
   */
  findExtension(packet: Buffer, id: number): boolean {
    if (this.extensionBytes === 0) return false;
    const profile = packet.readUInt16BE(this.extensionOffset);
    const isOneByte = profile === 0xbede;
    if (!isOneByte && (profile & 0xfff0) !== 0x1000) return false;
    const headerBytes = isOneByte ? 1 : 2;
    const end = this.extensionOffset + this.extensionBytes;
    let offset = this.extensionOffset + 4;
    while (offset + headerBytes <= end) {
      const first = packet[offset] as number;
      if (first === 0) {
        offset += 1;
        continue;
      }
      const elementId = isOneByte ? first >> 4 : first;
      if (isOneByte && elementId === 15) return false;
      const size = isOneByte ? (first & 0x0f) + 1 : (packet[offset + 1] as number);
      offset += headerBytes;
      if (offset + size > end) return false;
      if (elementId === id) {
        this.elementOffset = offset;
        this.elementBytes = size;
        return true;
      }
      offset += size;
    }
    return false;
  }

  /** Returns the 16-bit value of a header extension; -1 when it is not there. */
  findExtension16(packet: Buffer, id: number): number {
    return this.findExtension(packet, id) && this.elementBytes >= 2 ? packet.readUInt16BE(this.elementOffset) : -1;
  }

  /** Returns the 8-bit value of a header extension; -1 when it is not there. */
  findExtension8(packet: Buffer, id: number): number {
    return this.findExtension(packet, id) && this.elementBytes >= 1 ? (packet[this.elementOffset] as number) : -1;
  }

  /** Returns the text of a header extension, such as a rid; undefined when it is not there. Allocates. */
  findExtensionText(packet: Buffer, id: number): string | undefined {
    if (!this.findExtension(packet, id)) return undefined;
    return packet.toString('latin1', this.elementOffset, this.elementOffset + this.elementBytes);
  }
}
