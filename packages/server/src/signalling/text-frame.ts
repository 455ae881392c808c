/**
 * A complete WebSocket text frame (RFC 6455, 5.2): encoded once for all receivers, with one write per receiver.
 *
 * The library writes header and payload separately, which costs about a third more CPU time per receiver.
 *
 * @module
 */

/** First byte of a frame: FIN bit and text opcode. */
const FINAL_TEXT = 0x81;
/** Maximum payload length that fits in the second byte, and maximum that fits in two further bytes. */
const MAX_SHORT = 125;
const MAX_MEDIUM = 0xffff;

/** Encodes an object as JSON in a frame that can be written to the socket. A server's frames are not masked. */
export function encodeFrame(frame: object): Buffer {
  const text = JSON.stringify(frame);
  const length = Buffer.byteLength(text);
  const headerBytes = length <= MAX_SHORT ? 2 : length <= MAX_MEDIUM ? 4 : 10;
  const bytes = Buffer.allocUnsafe(headerBytes + length);
  bytes[0] = FINAL_TEXT;
  if (headerBytes === 2) bytes[1] = length;
  else if (headerBytes === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  bytes.write(text, headerBytes);
  return bytes;
}
