/**
 * Checks at the start of a worker that native code behaves as the transport expects, before any peer relies on it.
 *
 * @module
 */

import { allocatePermanent } from '../ffi/memory.ts';
import { openSsl } from '../ffi/openssl.ts';
import { createPacketCipher } from '../srtp/packet-cipher.ts';
import { SRTP_PROFILES } from '../srtp/profiles.ts';

/** The versions of OpenSSL that are known to work: datagram BIOs exist since 3.2, and 4 may change structures. */
const MIN_OPENSSL = 0x3020_0000n;
const MAX_OPENSSL = 0x4000_0000n;

/** The vector of RFC 7714, 16.1.1. */
const VECTOR = {
  key: '000102030405060708090a0b0c0d0e0f',
  salt: '517569642070726f2071756f',
  ssrc: 0x5501_a0b2,
  index: 0xf17b,
  headerBytes: 12,
  plain: '8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573',
  sealed:
    '8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d' +
    '7f27beb16a9152cf765ee4390cce',
} as const;

/** Encrypts a known packet. Returns what is wrong, in words for the log; undefined if nothing is. */
export function findSelfTestFailure(): string | undefined {
  const version = openSsl.OpenSSL_version_num();
  if (version < MIN_OPENSSL || version >= MAX_OPENSSL) return `OpenSSL has version 0x${version.toString(16)}`;
  const [profile] = SRTP_PROFILES;
  if (profile === undefined) return 'it has no SRTP profile';
  const keys = {
    cipherKey: Buffer.from(VECTOR.key, 'hex'),
    salt: Buffer.from(VECTOR.salt, 'hex'),
    authenticationKey: Buffer.alloc(0),
  };
  const plain = Buffer.from(VECTOR.plain, 'hex');
  const packet = allocatePermanent(128);
  packet.bytes.set(plain);
  const cipher = createPacketCipher(profile, keys, 'encrypt');
  cipher.seal(packet, VECTOR.headerBytes, plain.length, VECTOR.ssrc, VECTOR.index);
  cipher.free();
  const sealed = packet.bytes.toString('hex', 0, VECTOR.sealed.length / 2);
  return sealed === VECTOR.sealed ? undefined : 'OpenSSL encrypts a known packet in another way';
}
