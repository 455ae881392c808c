/**
 * The protection profiles of SRTP, and the derivation of session keys (RFC 3711, 4.3; RFC 7714, 11).
 *
 * @module
 */

import { createCipheriv } from 'node:crypto';

/** A protection profile: how the packets of a connection are encrypted and authenticated. */
export interface SrtpProfile {
  /** The name in OpenSSL's list of profiles. */
  readonly name: string;
  /** The number in the `use_srtp` extension (RFC 5764, 4.1.2). */
  readonly id: number;
  readonly cipher: 'AES-128-GCM' | 'AES-256-GCM' | 'AES-128-CTR';
  readonly keyBytes: number;
  readonly saltBytes: number;
  readonly tagBytes: number;
}

/** The supported profiles; of those that a client offers, DTLS chooses the first. */
export const SRTP_PROFILES: readonly SrtpProfile[] = [
  { name: 'SRTP_AEAD_AES_128_GCM', id: 7, cipher: 'AES-128-GCM', keyBytes: 16, saltBytes: 12, tagBytes: 16 },
  { name: 'SRTP_AEAD_AES_256_GCM', id: 8, cipher: 'AES-256-GCM', keyBytes: 32, saltBytes: 12, tagBytes: 16 },
  { name: 'SRTP_AES128_CM_SHA1_80', id: 1, cipher: 'AES-128-CTR', keyBytes: 16, saltBytes: 14, tagBytes: 10 },
];

/** The keys of one direction, as DTLS exports them. */
export interface MasterKeys {
  readonly key: Buffer;
  readonly salt: Buffer;
}

/** The keys of one kind of packets of one direction. */
export interface SessionKeys {
  readonly cipherKey: Buffer;
  /** Empty for profiles that authenticate by their cipher. */
  readonly authenticationKey: Buffer;
  readonly salt: Buffer;
}

/** The label of the cipher's key; those of the authentication key and the salt are the next two. */
const FIRST_LABEL = { rtp: 0, rtcp: 3 } as const;
const BLOCK_BYTES = 16;
/** The place of the label in the block: a key derivation rate of 0 leaves the other bits of the key id 0. */
const LABEL_OFFSET = 7;
const HMAC_SHA1_KEY_BYTES = 20;

/** Derives the session keys of RTP or RTCP from the keys that DTLS exports. */
export function deriveSessionKeys(profile: SrtpProfile, master: MasterKeys, kind: 'rtp' | 'rtcp'): SessionKeys {
  const label = FIRST_LABEL[kind];
  const derive = (labelOffset: number, bytes: number): Buffer => deriveKey(master, label + labelOffset, bytes);
  return {
    cipherKey: derive(0, profile.keyBytes),
    authenticationKey: derive(1, profile.cipher === 'AES-128-CTR' ? HMAC_SHA1_KEY_BYTES : 0),
    salt: derive(2, profile.saltBytes),
  };
}

/** Derives one key by AES in counter mode, with the master salt and the label as the first counter block. */
function deriveKey({ key, salt }: MasterKeys, label: number, bytes: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  salt.copy(block);
  block[LABEL_OFFSET] = (block[LABEL_OFFSET] as number) ^ label;
  const cipher = createCipheriv(`aes-${key.length * 8}-ctr`, key, block);
  const derived = cipher.update(Buffer.alloc(bytes));
  // Frees OpenSSL's copy of the key at once, instead of with the next garbage collection.
  cipher.final();
  block.fill(0);
  return derived;
}
