/**
 * Key pairs that this door signs with.
 *
 * @module
 */

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { SigningKeyRecord } from '../store/store.ts';

/** Makes an RSA key pair for a purpose; takes some tenths of a second. */
export function makeKeyPair(purpose: string, nowMs: number): SigningKeyRecord {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { purpose, keyId: randomUUID(), privateKey, publicKey, createdAtMs: nowMs };
}
