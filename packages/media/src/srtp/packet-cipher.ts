/**
 * Encryption and authentication of single packets, in place in native memory.
 *
 * A cipher has the keys of one direction and one kind of packets. It never remembers what it has encrypted: the caller
 * must not use an index twice for two contents (RFC 7714, 8.1).
 *
 * @module
 */

import { HmacSha1 } from '../ffi/hmac-sha1.ts';
import { addOffset, allocatePermanent, copyCString, type NativeBuffer } from '../ffi/memory.ts';
import { openSsl, packetCrypto, requireSuccess } from '../ffi/openssl.ts';
import { createParameter, PARAMETER_DATA_WORD, PARAMETER_TYPE } from '../ffi/parameter.ts';
import type { SessionKeys, SrtpProfile } from './profiles.ts';

/** Whether a cipher encrypts or decrypts; one context of OpenSSL does one of them. */
export type CipherDirection = 'encrypt' | 'decrypt';

/** Encrypts or decrypts packets of one direction and kind. */
export interface PacketCipher {
  /**
   * Encrypts `length - clearBytes` bytes behind the clear ones and writes the tag behind them.
   *
   * @param packet has at least 16 bytes of memory behind `length`
   * @param ssrc signed or unsigned
   * @param trailer authenticated with the packet, but not part of it here; undefined for none
   */
  seal(packet: NativeBuffer, clearBytes: number, length: number, ssrc: number, index: number, trailer?: number): void;
  /**
   * Checks the tag that is behind `length` and decrypts what is before it.
   *
   * @returns `false` when the packet is not authentic; its bytes are then undefined
   */
  open(
    packet: NativeBuffer,
    clearBytes: number,
    length: number,
    ssrc: number,
    index: number,
    trailer?: number,
  ): boolean;
  /** Wipes the keys. The cipher must not be used afterwards. */
  free(): void;
}

/** Creates the cipher of a profile. */
export function createPacketCipher(profile: SrtpProfile, keys: SessionKeys, direction: CipherDirection): PacketCipher {
  return profile.cipher === 'AES-128-CTR'
    ? new CounterCipher(keys, direction)
    : new GcmCipher(profile, keys, direction);
}

const SEQUENCES = 0x1_0000;
const iv = allocatePermanent(16);
/** A view writes whole words without creating numbers on the heap for each packet, as a `Buffer`'s methods do. */
const ivView = viewBytes(iv.bytes);
const word = allocatePermanent(4);
const keyBuffer = allocatePermanent(64);
/** What the last call on a packet could write: with GCM, no more bytes and their number. */
const unused = allocatePermanent(16);

/** XORs the SSRC and the 48-bit index into the IV, from the given byte on: the layout of both RFCs. */
function mixIv(salt: DataView, offset: number, ssrc: number, index: number): void {
  const high = Math.floor(index / SEQUENCES);
  const low = index % SEQUENCES;
  for (let at = 0; at < offset; at += 2) ivView.setUint16(at, salt.getUint16(at));
  ivView.setUint32(offset, salt.getUint32(offset) ^ ssrc);
  ivView.setUint32(offset + 4, salt.getUint32(offset + 4) ^ high);
  ivView.setUint16(offset + 8, salt.getUint16(offset + 8) ^ low);
}

function viewBytes({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

/** Creates a cipher context with a key. The copy of the key is wiped. */
function createContext(cipher: bigint, key: Buffer, direction: CipherDirection): bigint {
  const context = openSsl.EVP_CIPHER_CTX_new();
  requireSuccess(context !== 0n, 'EVP_CIPHER_CTX_new');
  keyBuffer.bytes.set(key);
  const encrypts = direction === 'encrypt' ? 1 : 0;
  const result = packetCrypto.EVP_CipherInit_ex2(context, cipher, keyBuffer.pointer, 0n, encrypts, 0n);
  keyBuffer.bytes.fill(0);
  if (result !== 1) openSsl.EVP_CIPHER_CTX_free(context);
  requireSuccess(result === 1, 'EVP_CipherInit_ex2');
  return context;
}

/** Algorithms are fetched once: a fetch searches OpenSSL's providers. */
const algorithms = new Map<string, bigint>();
function fetchCipher(name: string): bigint {
  let algorithm = algorithms.get(name);
  if (algorithm === undefined) {
    algorithm = openSsl.EVP_CIPHER_fetch(0n, copyCString(name), 0n);
    requireSuccess(algorithm !== 0n, `EVP_CIPHER_fetch ${name}`);
    algorithms.set(name, algorithm);
  }
  return algorithm;
}

const GCM_TAG_BYTES = 16;
const GCM_SSRC_OFFSET = 2;
/**
 * Sets the whole IV: a fixed part of length -1 is all of it. It costs a third of initialising the context anew, which
 * looks up parameters by name.
 */
const gcmIv = createParameter('tlsivfixed', PARAMETER_TYPE.octets, iv.pointer, 0xffff_ffff_ffff_ffffn);
const gcmTag = createParameter('tag', PARAMETER_TYPE.octets, 0n, BigInt(GCM_TAG_BYTES));

/** AES in Galois/counter mode (RFC 7714). */
class GcmCipher implements PacketCipher {
  readonly #salt: Buffer;
  readonly #saltView: DataView;
  readonly #context: bigint;

  constructor({ cipher }: SrtpProfile, { cipherKey, salt }: SessionKeys, direction: CipherDirection) {
    this.#salt = salt;
    this.#saltView = viewBytes(salt);
    this.#context = createContext(fetchCipher(cipher), cipherKey, direction);
  }

  seal(packet: NativeBuffer, clearBytes: number, length: number, ssrc: number, index: number, trailer?: number): void {
    const context = this.#context;
    this.#begin(packet, clearBytes, ssrc, index, trailer);
    const body = addOffset(packet.pointer, clearBytes);
    packetCrypto.EVP_Cipher(context, body, body, length - clearBytes);
    const isSealed = packetCrypto.EVP_CipherFinal_ex(context, unused.pointer, unused.pointer) === 1;
    gcmTag.words[PARAMETER_DATA_WORD] = addOffset(packet.pointer, length);
    requireSuccess(isSealed && packetCrypto.EVP_CIPHER_CTX_get_params(context, gcmTag.pointer) === 1, 'AES-GCM');
  }

  open(
    packet: NativeBuffer,
    clearBytes: number,
    length: number,
    ssrc: number,
    index: number,
    trailer?: number,
  ): boolean {
    const context = this.#context;
    gcmTag.words[PARAMETER_DATA_WORD] = addOffset(packet.pointer, length);
    this.#begin(packet, clearBytes, ssrc, index, trailer);
    requireSuccess(packetCrypto.EVP_CIPHER_CTX_set_params(context, gcmTag.pointer) === 1, 'AES-GCM tag');
    const body = addOffset(packet.pointer, clearBytes);
    packetCrypto.EVP_Cipher(context, body, body, length - clearBytes);
    return packetCrypto.EVP_CipherFinal_ex(context, unused.pointer, unused.pointer) === 1;
  }

  free(): void {
    openSsl.EVP_CIPHER_CTX_free(this.#context);
    this.#salt.fill(0);
    iv.bytes.fill(0);
  }

  /** Sets the IV and passes the bytes that are authenticated only. */
  #begin(packet: NativeBuffer, clearBytes: number, ssrc: number, index: number, trailer: number | undefined): void {
    const context = this.#context;
    mixIv(this.#saltView, GCM_SSRC_OFFSET, ssrc, index);
    requireSuccess(packetCrypto.EVP_CIPHER_CTX_set_params(context, gcmIv.pointer) === 1, 'AES-GCM IV');
    packetCrypto.EVP_Cipher(context, 0n, packet.pointer, clearBytes);
    if (trailer === undefined) return;
    word.bytes.writeUInt32BE(trailer);
    packetCrypto.EVP_Cipher(context, 0n, word.pointer, 4);
  }
}

const CM_TAG_BYTES = 10;
const CM_SSRC_OFFSET = 4;
/** AES in counter mode, with HMAC-SHA1 of 80 bits (RFC 3711). */
class CounterCipher implements PacketCipher {
  readonly #salt: Buffer;
  readonly #saltView: DataView;
  readonly #context: bigint;
  readonly #hmac = new HmacSha1();

  constructor({ cipherKey, authenticationKey, salt }: SessionKeys, direction: CipherDirection) {
    this.#salt = salt;
    this.#saltView = viewBytes(salt);
    this.#context = createContext(fetchCipher('AES-128-CTR'), cipherKey, direction);
    this.#hmac.setKey(authenticationKey);
  }

  seal(packet: NativeBuffer, clearBytes: number, length: number, ssrc: number, index: number, trailer?: number): void {
    this.#crypt(packet, clearBytes, length, ssrc, index);
    this.#authenticate(packet, length, trailer ?? Math.floor(index / SEQUENCES)).copy(
      packet.bytes,
      length,
      0,
      CM_TAG_BYTES,
    );
  }

  open(
    packet: NativeBuffer,
    clearBytes: number,
    length: number,
    ssrc: number,
    index: number,
    trailer?: number,
  ): boolean {
    const tag = this.#authenticate(packet, length, trailer ?? Math.floor(index / SEQUENCES));
    let difference = 0;
    for (let i = 0; i < CM_TAG_BYTES; i += 1) {
      difference |= (tag[i] as number) ^ (packet.bytes[length + i] as number);
    }
    if (difference !== 0) return false;
    this.#crypt(packet, clearBytes, length, ssrc, index);
    return true;
  }

  free(): void {
    openSsl.EVP_CIPHER_CTX_free(this.#context);
    this.#hmac.free();
    this.#salt.fill(0);
    iv.bytes.fill(0);
  }

  #crypt(packet: NativeBuffer, clearBytes: number, length: number, ssrc: number, index: number): void {
    mixIv(this.#saltView, CM_SSRC_OFFSET, ssrc, index);
    iv.bytes.writeUInt16BE(0, 14);
    // Counter mode decrypts by encrypting; -1 keeps the direction that the context was created with.
    const isReady = packetCrypto.EVP_CipherInit_ex2(this.#context, 0n, 0n, iv.pointer, -1, 0n) === 1;
    requireSuccess(isReady, 'AES-CTR');
    const body = addOffset(packet.pointer, clearBytes);
    packetCrypto.EVP_Cipher(this.#context, body, body, length - clearBytes);
  }

  /** Computes the tag of the packet, followed by the trailer: the rollover counter of RTP, or the index of RTCP. */
  #authenticate(packet: NativeBuffer, length: number, trailer: number): Buffer {
    word.bytes.writeUInt32BE(trailer);
    return this.#hmac.compute(packet, length, word);
  }
}
