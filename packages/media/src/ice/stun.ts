/**
 * The STUN messages of an ICE lite agent: binding requests are read, responses are written (RFC 8489, RFC 8445).
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { HmacSha1 } from '../ffi/hmac-sha1.ts';
import { allocatePermanent } from '../ffi/memory.ts';

const MAGIC_COOKIE = 0x2112_a442;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const HEADER_BYTES = 20;
const TRANSACTION_OFFSET = 4;
const ATTRIBUTE = {
  username: 0x0006,
  integrity: 0x0008,
  mappedAddress: 0x0020,
  useCandidate: 0x0025,
  fingerprint: 0x8028,
} as const;
const INTEGRITY_BYTES = 20;
const FINGERPRINT_BYTES = 4;
const FINGERPRINT_XOR = 0x5354_554e;
/** RFC 8839, 5.4. */
const MAX_PASSWORD_BYTES = 256;
const COLON = 0x3a;
const FAMILY_IPV4 = 1;
const FAMILY_IPV6 = 2;

/** The largest message: the header's length has 16 bits. */
const message = allocatePermanent(HEADER_BYTES + 0xffff);
let hmac: HmacSha1 | undefined;
/** Scratch memory: a new buffer for each request would be collected as garbage, and requests come all the time. */
const passwordBytes = Buffer.alloc(MAX_PASSWORD_BYTES);
/** The password that is the key of `hmac`: that of a request, and then of its response. */
let keyedPassword: string | undefined;

/** A binding request that is well-formed, but not yet authenticated. */
export interface BindingRequest {
  /** A view of the whole message. */
  readonly bytes: Buffer;
  /** Where the server's user fragment begins: what is before the colon in the user name. */
  readonly fragmentStart: number;
  readonly fragmentEnd: number;
  /** Whether the client nominates the pair of addresses that the request used. */
  readonly isNominating: boolean;
  readonly integrityOffset: number;
}

/**
 * Reads a binding request. Other attributes, the role included, are ignored: a lite agent is always the controlled one.
 *
 * @returns undefined for anything that is not a well-formed request with a message integrity
 */
export function parseBindingRequest(bytes: Buffer): BindingRequest | undefined {
  const length = bytes.length;
  if (length < HEADER_BYTES || bytes.readUInt16BE(0) !== BINDING_REQUEST) return undefined;
  if (bytes.readUInt32BE(TRANSACTION_OFFSET) !== MAGIC_COOKIE || bytes.readUInt16BE(2) + HEADER_BYTES !== length) {
    return undefined;
  }
  let fragmentStart = 0;
  let fragmentEnd = 0;
  let isNominating = false;
  let integrityOffset = 0;
  for (let at = HEADER_BYTES; at < length; ) {
    if (at + 4 > length) return undefined;
    const type = bytes.readUInt16BE(at);
    const size = bytes.readUInt16BE(at + 2);
    const end = at + 4 + size;
    if (end > length) return undefined;
    if (type === ATTRIBUTE.fingerprint) {
      const isRight =
        size === FINGERPRINT_BYTES && bytes.readUInt32BE(at + 4) === computeFingerprint(bytes.subarray(0, at));
      if (!isRight) return undefined;
    } else if (integrityOffset === 0) {
      // What is behind the message integrity is not authenticated by it.
      if (type === ATTRIBUTE.username) {
        const colon = bytes.indexOf(COLON, at + 4);
        fragmentStart = at + 4;
        fragmentEnd = colon >= 0 && colon < end ? colon : end;
      } else if (type === ATTRIBUTE.useCandidate) isNominating = true;
      else if (type === ATTRIBUTE.integrity) {
        if (size !== INTEGRITY_BYTES) return undefined;
        integrityOffset = at;
      }
    }
    at = end + (-size & 3);
  }
  if (integrityOffset === 0) return undefined;
  return { bytes, fragmentStart, fragmentEnd, isNominating, integrityOffset };
}

/** Reads the server's user fragment of a request. */
export function readFragment({ bytes, fragmentStart, fragmentEnd }: BindingRequest): string {
  return bytes.toString('latin1', fragmentStart, fragmentEnd);
}

/** Whether a request has this user fragment. Unlike `readFragment`, it creates no text, which the next request would need anew. */
export function hasFragment({ bytes, fragmentStart, fragmentEnd }: BindingRequest, fragment: string): boolean {
  if (fragmentEnd - fragmentStart !== fragment.length) return false;
  for (let index = 0; index < fragment.length; index += 1) {
    if (bytes[fragmentStart + index] !== fragment.charCodeAt(index)) return false;
  }
  return true;
}

/** Whether a request was made by a client that knows the server's password. */
export function isAuthentic({ bytes, integrityOffset }: BindingRequest, password: string): boolean {
  const digest = computeIntegrity(bytes, integrityOffset, password);
  const start = integrityOffset + 4;
  return timingSafeEqual(digest, bytes.subarray(start, start + INTEGRITY_BYTES));
}

/**
 * Writes the response to a request: the address that the request came from, authenticated by the server's password.
 *
 * @param ip 4 or 16 bytes in network byte order
 * @param out at least 76 bytes
 * @returns the bytes written
 */
export function writeBindingResponse(
  request: BindingRequest,
  password: string,
  ip: Buffer,
  port: number,
  out: Buffer,
): number {
  out.writeUInt16BE(BINDING_SUCCESS, 0);
  request.bytes.copy(out, TRANSACTION_OFFSET, TRANSACTION_OFFSET, HEADER_BYTES);
  let at = HEADER_BYTES;
  out.writeUInt16BE(ATTRIBUTE.mappedAddress, at);
  out.writeUInt16BE(4 + ip.length, at + 2);
  out.writeUInt16BE(ip.length === 4 ? FAMILY_IPV4 : FAMILY_IPV6, at + 4);
  out.writeUInt16BE(port ^ (MAGIC_COOKIE >>> 16), at + 6);
  // The address is combined with the cookie and, for IPv6, the transaction id, which follow each other in the header.
  for (const [index, byte] of ip.entries()) out[at + 8 + index] = byte ^ (out[TRANSACTION_OFFSET + index] as number);
  at += 8 + ip.length;
  out.writeUInt16BE(ATTRIBUTE.integrity, at);
  out.writeUInt16BE(INTEGRITY_BYTES, at + 2);
  computeIntegrity(out, at, password).copy(out, at + 4);
  at += 4 + INTEGRITY_BYTES;
  out.writeUInt16BE(at - HEADER_BYTES + 4 + FINGERPRINT_BYTES, 2);
  out.writeUInt16BE(ATTRIBUTE.fingerprint, at);
  out.writeUInt16BE(FINGERPRINT_BYTES, at + 2);
  out.writeUInt32BE(computeFingerprint(out.subarray(0, at)), at + 4);
  return at + 4 + FINGERPRINT_BYTES;
}

/**
 * Computes the message integrity: its HMAC covers the message before it, with a length that ends at the attribute.
 *
 * @returns memory that is valid until the next call
 */
function computeIntegrity(bytes: Buffer, integrityOffset: number, password: string): Buffer {
  bytes.copy(message.bytes, 0, 0, integrityOffset);
  message.bytes.writeUInt16BE(integrityOffset - HEADER_BYTES + 4 + INTEGRITY_BYTES, 2);
  hmac ??= new HmacSha1();
  if (password !== keyedPassword) {
    keyedPassword = undefined;
    hmac.setKey(passwordBytes.subarray(0, passwordBytes.write(password, 'latin1')));
    keyedPassword = password;
  }
  return hmac.compute(message, integrityOffset);
}

function computeFingerprint(bytes: Buffer): number {
  return (crc32(bytes) ^ FINGERPRINT_XOR) >>> 0;
}
