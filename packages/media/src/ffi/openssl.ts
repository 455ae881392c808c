/**
 * The functions of OpenSSL that DTLS and SRTP call, and its queue of errors. Each function is declared here once.
 *
 * Node's binary contains OpenSSL and exports its symbols. A Node that is linked against the system's OpenSSL does not;
 * there the same symbols come from the loaded library, through the same handle.
 *
 * @module
 */

import { dlopen, toString as readCString } from 'node:ffi';
import { allocatePermanent } from './memory.ts';

/** OpenSSL's functions. Those that return an int return 1 for success, unless their documentation says otherwise. */
export const { lib: openSslLibrary, functions: openSsl } = dlopen(null, {
  OpenSSL_version_num: { arguments: [], return: 'uint64' },
  ERR_get_error: { arguments: [], return: 'uint64' },
  ERR_error_string_n: { arguments: ['uint64', 'pointer', 'uint64'], return: 'void' },
  ERR_clear_error: { arguments: [], return: 'void' },

  EVP_sha1: { arguments: [], return: 'pointer' },
  EVP_sha256: { arguments: [], return: 'pointer' },
  EVP_sha384: { arguments: [], return: 'pointer' },
  EVP_sha512: { arguments: [], return: 'pointer' },
  EVP_CIPHER_fetch: { arguments: ['pointer', 'pointer', 'pointer'], return: 'pointer' },
  EVP_CIPHER_CTX_new: { arguments: [], return: 'pointer' },
  EVP_CIPHER_CTX_free: { arguments: ['pointer'], return: 'void' },
  EVP_MAC_fetch: { arguments: ['pointer', 'pointer', 'pointer'], return: 'pointer' },
  EVP_MAC_CTX_new: { arguments: ['pointer'], return: 'pointer' },
  EVP_MAC_CTX_free: { arguments: ['pointer'], return: 'void' },

  BIO_s_dgram_mem: { arguments: [], return: 'pointer' },
  BIO_new: { arguments: ['pointer'], return: 'pointer' },
  BIO_read: { arguments: ['pointer', 'pointer', 'int32'], return: 'int32' },
  BIO_write: { arguments: ['pointer', 'pointer', 'int32'], return: 'int32' },

  X509_digest: { arguments: ['pointer', 'pointer', 'pointer', 'pointer'], return: 'int32' },
  X509_free: { arguments: ['pointer'], return: 'void' },

  DTLS_method: { arguments: [], return: 'pointer' },
  SSL_CTX_new: { arguments: ['pointer'], return: 'pointer' },
  SSL_CTX_free: { arguments: ['pointer'], return: 'void' },
  SSL_CTX_set_verify: { arguments: ['pointer', 'int32', 'pointer'], return: 'void' },
  SSL_CTX_use_certificate_ASN1: { arguments: ['pointer', 'int32', 'pointer'], return: 'int32' },
  SSL_CTX_use_PrivateKey_ASN1: { arguments: ['int32', 'pointer', 'pointer', 'int64'], return: 'int32' },
  SSL_CTX_check_private_key: { arguments: ['pointer'], return: 'int32' },
  SSL_CTX_set_tlsext_use_srtp: { arguments: ['pointer', 'pointer'], return: 'int32' },
  SSL_CTX_set_cipher_list: { arguments: ['pointer', 'pointer'], return: 'int32' },
  SSL_CTX_set_options: { arguments: ['pointer', 'uint64'], return: 'uint64' },
  SSL_CTX_ctrl: { arguments: ['pointer', 'int32', 'int64', 'pointer'], return: 'int64' },
  SSL_new: { arguments: ['pointer'], return: 'pointer' },
  SSL_free: { arguments: ['pointer'], return: 'void' },
  SSL_set_bio: { arguments: ['pointer', 'pointer', 'pointer'], return: 'void' },
  SSL_set_accept_state: { arguments: ['pointer'], return: 'void' },
  SSL_set_connect_state: { arguments: ['pointer'], return: 'void' },
  SSL_ctrl: { arguments: ['pointer', 'int32', 'int64', 'pointer'], return: 'int64' },
  SSL_do_handshake: { arguments: ['pointer'], return: 'int32' },
  SSL_read: { arguments: ['pointer', 'pointer', 'int32'], return: 'int32' },
  SSL_shutdown: { arguments: ['pointer'], return: 'int32' },
  SSL_get_error: { arguments: ['pointer', 'int32'], return: 'int32' },
  SSL_get1_peer_certificate: { arguments: ['pointer'], return: 'pointer' },
  SSL_get_selected_srtp_profile: { arguments: ['pointer'], return: 'pointer' },
  SSL_export_keying_material: {
    arguments: ['pointer', 'pointer', 'uint64', 'pointer', 'uint64', 'pointer', 'uint64', 'int32'],
    return: 'int32',
  },
  SSL_alert_desc_string_long: { arguments: ['int32'], return: 'pointer' },
  DTLS_set_timer_cb: { arguments: ['pointer', 'pointer'], return: 'void' },
});

/**
 * The functions that run for every packet. Node calls a function of up to three arguments directly. For one with more it
 * builds an argument list, unless an argument is declared as a function: then it passes all of them through a shared
 * buffer, which costs half as much.
 */
export const { functions: packetCrypto } = dlopen(null, {
  EVP_CipherInit_ex2: { arguments: ['function', 'pointer', 'pointer', 'pointer', 'int32', 'pointer'], return: 'int32' },
  EVP_Cipher: { arguments: ['function', 'pointer', 'pointer', 'uint32'], return: 'int32' },
  EVP_CipherFinal_ex: { arguments: ['pointer', 'pointer', 'pointer'], return: 'int32' },
  EVP_CIPHER_CTX_set_params: { arguments: ['pointer', 'pointer'], return: 'int32' },
  EVP_CIPHER_CTX_get_params: { arguments: ['pointer', 'pointer'], return: 'int32' },
  EVP_MAC_CTX_set_params: { arguments: ['pointer', 'pointer'], return: 'int32' },
  EVP_MAC_init: { arguments: ['function', 'pointer', 'uint64', 'pointer'], return: 'int32' },
  EVP_MAC_update: { arguments: ['pointer', 'pointer', 'uint64'], return: 'int32' },
  EVP_MAC_final: { arguments: ['function', 'pointer', 'pointer', 'uint64'], return: 'int32' },
});

const TEXT_BYTES = 256;
const errorText = allocatePermanent(TEXT_BYTES);

/**
 * Empties OpenSSL's queue of errors and returns its last entry as text. The queue belongs to the thread: an entry that
 * another caller left would be taken for the next caller's error.
 */
export function drainOpenSslErrors(): string {
  let last = 0n;
  for (let code = openSsl.ERR_get_error(); code !== 0n; code = openSsl.ERR_get_error()) last = code;
  if (last === 0n) return 'no error';
  openSsl.ERR_error_string_n(last, errorText.pointer, BigInt(TEXT_BYTES));
  return readCString(errorText.pointer) ?? '';
}

/** Throws an error with OpenSSL's text unless a call succeeded. */
export function requireSuccess(isSuccess: boolean, call: string): void {
  if (!isSuccess) throw new Error(`${call} failed: ${drainOpenSslErrors()}`);
}
