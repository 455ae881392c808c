/**
 * The server's certificate: self-signed, because a client compares its fingerprint with the answer's (RFC 8122).
 *
 * Node creates keys and signatures but no certificates, so that the few fields are encoded here.
 *
 * @module
 */

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate and its key in DER form. */
export interface Certificate {
  readonly certificate: Buffer;
  /** SEC 1 form. */
  readonly privateKey: Buffer;
  /** The value of the SDP's `fingerprint` attribute. */
  readonly fingerprint: string;
}

const TAG = {
  integer: 0x02,
  bitString: 0x03,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
} as const;
/** An explicit tag 0, which holds the version. */
const VERSION_TAG = 0xa0;
const X509_V3 = 2;
const OID_ECDSA_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const OID_COMMON_NAME = [0x55, 4, 3];
const DAY_MS = 86_400_000;
/** Clients do not check the dates, but a clock that is behind must not make the certificate look unborn. */
const VALID_BEFORE_DAYS = 1;
const VALID_DAYS = 365;

/** Creates a certificate with a new P-256 key. */
export function createCertificate(nowMs = Date.now()): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = encode(TAG.sequence, encode(TAG.oid, Buffer.from(OID_ECDSA_SHA256)));
  const commonName = [encode(TAG.oid, Buffer.from(OID_COMMON_NAME)), encode(TAG.utf8, Buffer.from('gavel'))];
  const name = encode(TAG.sequence, encode(TAG.set, encode(TAG.sequence, ...commonName)));
  const validity = encode(
    TAG.sequence,
    encodeTime(nowMs - VALID_BEFORE_DAYS * DAY_MS),
    encodeTime(nowMs + VALID_DAYS * DAY_MS),
  );
  const serial = randomBytes(8);
  // A positive number without a leading zero byte.
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
  const toBeSigned = encode(
    TAG.sequence,
    encode(VERSION_TAG, encode(TAG.integer, Buffer.from([X509_V3]))),
    encode(TAG.integer, serial),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = encode(TAG.bitString, Buffer.from([0]), sign('sha256', toBeSigned, privateKey));
  const certificate = encode(TAG.sequence, toBeSigned, algorithm, signature);
  const digest = createHash('sha256').update(certificate).digest('hex').toUpperCase();
  return {
    certificate,
    privateKey: privateKey.export({ type: 'sec1', format: 'der' }),
    fingerprint: `sha-256 ${digest.replaceAll(/..(?=.)/g, '$&:')}`,
  };
}

/** Encodes one DER value. */
function encode(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const lengthBytes = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), body]);
}

function encodeTime(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\..*/g, '');
  return encode(TAG.utcTime, Buffer.from(`${text.slice(2)}Z`));
}
