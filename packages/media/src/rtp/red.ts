/**
 * Redundant audio (RFC 2198): the primary block is the newest, and the last in the payload.
 *
 * @module
 */

/**
 * Finds the primary block of a payload, for receivers without redundant audio.
 *
 * @param offset where the payload begins
 * @param end where it ends
 * @returns where the primary block begins; it ends with the payload. -1 for a malformed payload
 */
export function findPrimaryBlock(packet: Buffer, offset: number, end: number): number {
  let next = offset;
  let redundantBytes = 0;
  while (next < end) {
    if (((packet[next] as number) & 0x80) === 0) {
      const primary = next + 1 + redundantBytes;
      return primary <= end ? primary : -1;
    }
    if (next + 4 > end) return -1;
    redundantBytes += packet.readUInt16BE(next + 2) & 0x3ff;
    next += 4;
  }
  return -1;
}
