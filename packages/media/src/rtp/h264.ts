/**
 * Recognises keyframes in RTP payloads of H.264 (RFC 6184, 5.2 to 5.8).
 *
 * @module
 */

const NAL_IDR = 5;
const NAL_SPS = 7;
const NAL_STAP_A = 24;
const NAL_FU_A = 28;

/**
 * Returns whether a receiver can begin to decode at a payload: it has a sequence parameter set, alone or in an aggregate;
 * or it begins an IDR picture that has no parameter sets in a packet before.
 *
 * @param offset where the payload begins
 * @param end where it ends
 * @param isFrameStart whether it is the first packet of its frame
 */
export function beginsH264Keyframe(packet: Buffer, offset: number, end: number, isFrameStart: boolean): boolean {
  if (offset >= end) return false;
  const type = (packet[offset] as number) & 0x1f;
  if (type === NAL_FU_A) {
    const header = offset + 1 < end ? (packet[offset + 1] as number) : 0;
    return (header & 0x80) !== 0 && beginsPicture(header & 0x1f, isFrameStart);
  }
  if (type !== NAL_STAP_A) return beginsPicture(type, isFrameStart);
  let next = offset + 1;
  while (next + 2 < end) {
    if (beginsPicture((packet[next + 2] as number) & 0x1f, isFrameStart)) return true;
    next += 2 + packet.readUInt16BE(next);
  }
  return false;
}

function beginsPicture(type: number, isFrameStart: boolean): boolean {
  return type === NAL_SPS || (type === NAL_IDR && isFrameStart);
}
