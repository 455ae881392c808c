/**
 * Builds RTP packets for tests.
 *
 * @module
 */

/** The fields of a packet; missing ones are zero or empty. */
export interface RtpPacketFields {
  readonly payloadType?: number;
  readonly sequence: number;
  readonly timestamp?: number;
  readonly ssrc?: number;
  readonly marker?: boolean;
  readonly csrcs?: readonly number[];
  readonly extensions?: readonly (readonly [id: number, value: Buffer])[];
  readonly twoByteExtensions?: readonly (readonly [id: number, value: Buffer])[];
  readonly payload?: Buffer;
  /** Bytes of padding. */
  readonly padding?: number;
}

/** Builds one RTP packet. */
export function createRtpPacket(fields: RtpPacketFields): Buffer {
  const { csrcs = [], extensions = [], twoByteExtensions = [], payload = Buffer.alloc(0), padding = 0 } = fields;
  const header = Buffer.alloc(12 + csrcs.length * 4);
  const hasExtension = extensions.length + twoByteExtensions.length > 0;
  header[0] = 0x80 | (padding > 0 ? 0x20 : 0) | (hasExtension ? 0x10 : 0) | csrcs.length;
  header[1] = (fields.marker ? 0x80 : 0) | (fields.payloadType ?? 96);
  header.writeUInt16BE(fields.sequence & 0xffff, 2);
  header.writeUInt32BE((fields.timestamp ?? 0) >>> 0, 4);
  header.writeUInt32BE((fields.ssrc ?? 0) >>> 0, 8);
  csrcs.forEach((csrc, index) => {
    header.writeUInt32BE(csrc, 12 + index * 4);
  });
  const parts: Buffer[] = [header];
  if (hasExtension) {
    const elements = [
      ...extensions.flatMap(([id, value]) => [Buffer.from([(id << 4) | (value.length - 1)]), value]),
      ...twoByteExtensions.flatMap(([id, value]) => [Buffer.from([id, value.length]), value]),
    ];
    const body = Buffer.concat(elements);
    const words = Math.ceil(body.length / 4);
    const block = Buffer.alloc(4 + words * 4);
    block.writeUInt16BE(twoByteExtensions.length > 0 ? 0x1000 : 0xbede, 0);
    block.writeUInt16BE(words, 2);
    body.copy(block, 4);
    parts.push(block);
  }
  parts.push(payload);
  if (padding > 0) {
    const tail = Buffer.alloc(padding);
    tail[padding - 1] = padding;
    parts.push(tail);
  }
  return Buffer.concat(parts);
}
