/**
 * The records of a DTLS datagram, as far as they are read before OpenSSL reads them (RFC 6347, 4.1).
 *
 * @module
 */

const HEADER_BYTES = 13;
const EPOCH_OFFSET = 3;
const LENGTH_OFFSET = 11;
const ALERT = 21;
/** Bytes of an encrypted record without content: the nonce and the tag of AES-GCM, the only cipher of our sessions. */
const MIN_ENCRYPTED_BYTES = 24;

/**
 * Whether a datagram contains a record that would end a session although anybody who can forge the peer's address can
 * make it: an alert in clear, or an encrypted record too short to be authentic, which OpenSSL takes for a fault instead
 * of dropping it (RFC 6347, 4.1.2.7).
 */
export function hasForgeableEnd(bytes: Buffer, length: number): boolean {
  for (let at = 0; at + HEADER_BYTES <= length; ) {
    const isClear = bytes.readUInt16BE(at + EPOCH_OFFSET) === 0;
    const contentBytes = bytes.readUInt16BE(at + LENGTH_OFFSET);
    if (isClear ? bytes[at] === ALERT : contentBytes < MIN_ENCRYPTED_BYTES) return true;
    at += HEADER_BYTES + contentBytes;
  }
  return false;
}
