/**
 * The records of a DTLS datagram, as far as they are read before OpenSSL reads them (RFC 6347, 4.1).
 *
 * @module
 */

const HEADER_BYTES = 13;
const EPOCH_OFFSET = 3;
const LENGTH_OFFSET = 11;
const ALERT = 21;

/**
 * Whether a datagram contains an alert that is not encrypted. Anybody who can forge the peer's address can make one, so
 * it says nothing about the peer.
 */
export function hasClearAlert(bytes: Buffer, length: number): boolean {
  for (let at = 0; at + HEADER_BYTES <= length; at += HEADER_BYTES + bytes.readUInt16BE(at + LENGTH_OFFSET)) {
    if (bytes[at] === ALERT && bytes.readUInt16BE(at + EPOCH_OFFSET) === 0) return true;
  }
  return false;
}
