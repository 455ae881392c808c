/**
 * HMAC-SHA1 over native memory: it authenticates STUN messages, and SRTP packets of one profile.
 *
 * @module
 */

import { allocatePermanent, copyCString, type NativeBuffer } from './memory.ts';
import { openSsl, packetCrypto, requireSuccess } from './openssl.ts';
import { createParameter, PARAMETER_TYPE } from './parameter.ts';

/** Bytes of a code. */
export const HMAC_SHA1_BYTES = 20;

/** Longer keys are refused; those of SRTP and ICE have 20 and 32 bytes. */
const MAX_KEY_BYTES = 256;
const key = allocatePermanent(MAX_KEY_BYTES);
const keyLengths = Array.from({ length: MAX_KEY_BYTES + 1 }, (_, length) => BigInt(length));
const code = allocatePermanent(HMAC_SHA1_BYTES);
const codeLength = allocatePermanent(8);
const DIGEST = 'SHA1';
const digest = createParameter('digest', PARAMETER_TYPE.utf8, copyCString(DIGEST), BigInt(DIGEST.length));
let algorithm: bigint | undefined;

/** Computes codes under one key at a time. */
export class HmacSha1 {
  readonly #context: bigint;
  /** Whether the context has begun with its key and computed nothing. */
  #isBegun = false;

  constructor() {
    algorithm ??= openSsl.EVP_MAC_fetch(0n, copyCString('HMAC'), 0n);
    this.#context = openSsl.EVP_MAC_CTX_new(algorithm);
    requireSuccess(this.#context !== 0n, 'EVP_MAC_CTX_new');
    requireSuccess(packetCrypto.EVP_MAC_CTX_set_params(this.#context, digest.pointer) === 1, 'EVP_MAC_CTX_set_params');
  }

  /**
   * Sets the key.
   *
   * @throws RangeError if it has more than 256 bytes
   */
  setKey(bytes: Uint8Array): void {
    key.bytes.set(bytes);
    const result = packetCrypto.EVP_MAC_init(this.#context, key.pointer, keyLengths[bytes.length] as bigint, 0n);
    key.bytes.fill(0, 0, bytes.length);
    requireSuccess(result === 1, 'EVP_MAC_init');
    this.#isBegun = true;
  }

  /**
   * Computes the code of the first bytes of a message, followed by a trailer if there is one.
   *
   * @returns memory that is valid until the next call of any instance
   */
  compute(message: NativeBuffer, length: number, trailer?: NativeBuffer): Buffer {
    const context = this.#context;
    const isBegun = this.#isBegun;
    this.#isBegun = false;
    const isDone =
      // Without a key, the context begins anew with its last one.
      (isBegun || packetCrypto.EVP_MAC_init(context, 0n, 0n, 0n) === 1) &&
      packetCrypto.EVP_MAC_update(context, message.pointer, BigInt(length)) === 1 &&
      (trailer === undefined ||
        packetCrypto.EVP_MAC_update(context, trailer.pointer, BigInt(trailer.bytes.length)) === 1) &&
      packetCrypto.EVP_MAC_final(context, code.pointer, codeLength.pointer, BigInt(HMAC_SHA1_BYTES)) === 1;
    requireSuccess(isDone, 'HMAC-SHA1');
    return code.bytes;
  }

  /** Frees the context, and wipes the key in it. It must not be used afterwards. */
  free(): void {
    openSsl.EVP_MAC_CTX_free(this.#context);
  }
}
