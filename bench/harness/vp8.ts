/**
 * VP8 as far as a media server reads it: the beginning of a key frame in RTP (RFC 7741), and requests for one.
 *
 * @module
 */

/** S = 1, partition 0, no extension: the packet begins a frame. */
const PAYLOAD_DESCRIPTOR = 0x10;
const START_CODE = [0x9d, 0x01, 0x2a];
const WIDTH = 640;
const HEIGHT = 360;
const SHOW_FRAME = 0x10;
/** The payload descriptor, the frame tag of three bytes, the start code, width and height. */
export const KEY_FRAME_HEADER_BYTES = 11;

const PAYLOAD_SPECIFIC_FEEDBACK = 206;
const PICTURE_LOSS_INDICATION = 1;
const FULL_INTRA_REQUEST = 4;

/** Writes the header of a key frame that fills the rest of a packet; its pixels are not there. */
export function writeKeyFrameHeader(packet: Buffer, offset: number): void {
  // Bit 0 is clear in a key frame; the size of the first partition is the rest of the packet.
  const firstPartitionBytes = packet.length - offset - KEY_FRAME_HEADER_BYTES;
  packet[offset] = PAYLOAD_DESCRIPTOR;
  packet.writeUIntLE(SHOW_FRAME | (firstPartitionBytes << 5), offset + 1, 3);
  packet.set(START_CODE, offset + 4);
  packet.writeUInt16LE(WIDTH, offset + 7);
  packet.writeUInt16LE(HEIGHT, offset + 9);
}

/** Whether a compound RTCP packet asks for a key frame: by a PLI (RFC 4585) or a FIR (RFC 5104). */
export function asksForKeyFrame(rtcp: Buffer): boolean {
  for (let offset = 0; offset + 4 <= rtcp.length; ) {
    const format = rtcp.readUInt8(offset) & 0x1f;
    const isFeedback = rtcp.readUInt8(offset + 1) === PAYLOAD_SPECIFIC_FEEDBACK;
    if (isFeedback && (format === PICTURE_LOSS_INDICATION || format === FULL_INTRA_REQUEST)) return true;
    offset += (rtcp.readUInt16BE(offset + 2) + 1) * 4;
  }
  return false;
}
