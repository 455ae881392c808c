/**
 * The fingerprint of a certificate (RFC 8122).
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto';
import { openSsl } from '../ffi/openssl.ts';
import { scratch } from './dtls-context.ts';

/** A fingerprint that a client has announced in its offer. */
export interface Fingerprint {
  readonly hash: 'sha-256' | 'sha-384' | 'sha-512';
  readonly digest: Buffer;
}

const DIGEST_BYTES = { 'sha-256': 32, 'sha-384': 48, 'sha-512': 64 } as const;
const DIGESTS = {
  'sha-256': openSsl.EVP_sha256,
  'sha-384': openSsl.EVP_sha384,
  'sha-512': openSsl.EVP_sha512,
} as const;

/**
 * Reads the value of a `fingerprint` attribute.
 *
 * @returns undefined for an unknown hash function, and for a digest that is malformed
 */
export function parseFingerprint(value: string): Fingerprint | undefined {
  const [name = '', text = ''] = value.trim().split(/\s+/);
  const hash = name.toLowerCase() as Fingerprint['hash'];
  if (!Object.hasOwn(DIGEST_BYTES, hash) || !/^[0-9a-f]{2}(:[0-9a-f]{2})*$/i.test(text)) return undefined;
  const digest = Buffer.from(text.replaceAll(':', ''), 'hex');
  return digest.length === DIGEST_BYTES[hash] ? { hash, digest } : undefined;
}

/** Whether a certificate (`X509 *`) has a fingerprint. The comparison takes the same time for every difference. */
export function hasFingerprint(certificate: bigint, { hash, digest }: Fingerprint): boolean {
  const result = openSsl.X509_digest(certificate, DIGESTS[hash](), scratch.digest.pointer, 0n);
  return result === 1 && timingSafeEqual(scratch.digest.bytes.subarray(0, digest.length), digest);
}
