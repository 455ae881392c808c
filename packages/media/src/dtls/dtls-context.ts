/**
 * What all DTLS sessions of a worker share: the certificate, the protocol's settings, and memory for one call.
 *
 * @module
 */

import { allocatePermanent, copyCString, copyPermanent } from '../ffi/memory.ts';
import { openSsl, openSslLibrary, requireSuccess } from '../ffi/openssl.ts';
import { SRTP_PROFILES } from '../srtp/profiles.ts';
import { type Certificate, createCertificate } from './certificate.ts';

/** Bytes of a DTLS datagram: less than any network's limit, so that none is fragmented. */
export const DTLS_MTU = 1_200;

const EVP_PKEY_EC = 408;
const VERIFY_PEER = 0x01;
const FAIL_IF_NO_PEER_CERT = 0x02;
const CTRL = { mode: 33, sessionCache: 44, maxCertificates: 51, minProtocol: 123 } as const;
/** Bytes of a client's certificates at most: OpenSSL keeps so much memory for each message that arrives in fragments. */
const MAX_CERTIFICATES_BYTES = 16_384n;
const SSL_MODE_RELEASE_BUFFERS = 0x10n;
const DTLS_1_2 = 0xfefdn;
const SSL_OP_NO_QUERY_MTU = 1n << 12n;
const SSL_OP_NO_TICKET = 1n << 14n;
const SSL_OP_NO_RENEGOTIATION = 1n << 30n;
/** What every WebRTC client must have (RFC 8827, 6.5). `records.ts` relies on AES-GCM. */
const CIPHERS = 'ECDHE+AESGCM:!PSK';

/**
 * How long a session waits before it repeats a flight for the first time; each further wait is twice as long. OpenSSL's own
 * second is too long on a path of some milliseconds. OpenSSL takes the last 15 ms of a wait for over, so that with shorter
 * waits it would send a flight several times at once.
 */
const FIRST_TIMEOUT_US = 50_000;
const MAX_TIMEOUT_US = 4_000_000;

/** Who begins the handshake. */
export type DtlsRole = 'client' | 'server';

/** The shared part of DTLS sessions. One per worker; it lives as long as the process. */
export class DtlsContext {
  readonly certificate: Certificate;
  /** The `SSL_CTX`. */
  readonly pointer: bigint;
  /** The callback that computes how long a session waits before it repeats its last flight. */
  readonly timerCallback: bigint;

  constructor(certificate: Certificate = createCertificate()) {
    this.certificate = certificate;
    this.pointer = openSsl.SSL_CTX_new(openSsl.DTLS_method());
    requireSuccess(this.pointer !== 0n, 'SSL_CTX_new');
    const bytes = copyPermanent(certificate.certificate);
    const key = copyPermanent(certificate.privateKey);
    const { pointer } = this;
    requireSuccess(
      openSsl.SSL_CTX_use_certificate_ASN1(pointer, certificate.certificate.length, bytes.pointer) === 1,
      'SSL_CTX_use_certificate_ASN1',
    );
    requireSuccess(
      openSsl.SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_EC, pointer, key.pointer, BigInt(key.bytes.length)) === 1,
      'SSL_CTX_use_PrivateKey_ASN1',
    );
    key.bytes.fill(0);
    requireSuccess(openSsl.SSL_CTX_check_private_key(pointer) === 1, 'SSL_CTX_check_private_key');
    const profiles = copyCString(SRTP_PROFILES.map(({ name }) => name).join(':'));
    // This function returns 0 for success.
    requireSuccess(openSsl.SSL_CTX_set_tlsext_use_srtp(pointer, profiles) === 0, 'SSL_CTX_set_tlsext_use_srtp');
    requireSuccess(openSsl.SSL_CTX_set_cipher_list(pointer, copyCString(CIPHERS)) === 1, 'SSL_CTX_set_cipher_list');
    requireSuccess(openSsl.SSL_CTX_ctrl(pointer, CTRL.minProtocol, DTLS_1_2, 0n) === 1n, 'DTLS 1.2');
    openSsl.SSL_CTX_ctrl(pointer, CTRL.mode, SSL_MODE_RELEASE_BUFFERS, 0n);
    openSsl.SSL_CTX_ctrl(pointer, CTRL.sessionCache, 0n, 0n);
    openSsl.SSL_CTX_ctrl(pointer, CTRL.maxCertificates, MAX_CERTIFICATES_BYTES, 0n);
    openSsl.SSL_CTX_set_options(pointer, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    // Nobody vouches for a client's certificate. The session compares its fingerprint with that of the offer.
    const acceptAny = openSslLibrary.registerCallback({ arguments: ['int32', 'pointer'], return: 'int32' }, () => 1);
    openSsl.SSL_CTX_set_verify(pointer, VERIFY_PEER | FAIL_IF_NO_PEER_CERT, acceptAny);
    // OpenSSL passes the last wait, and 0 for the first.
    this.timerCallback = openSslLibrary.registerCallback(
      { arguments: ['pointer', 'uint32'], return: 'uint32' },
      (_session, lastUs) => (lastUs === 0 ? FIRST_TIMEOUT_US : Math.min(MAX_TIMEOUT_US, lastUs * 2)),
    );
  }
}

/** Memory for one call of OpenSSL: nothing in it outlives the call. */
export const scratch = {
  /** A datagram, or application data. */
  datagram: allocatePermanent(1 << 16),
  /** Key material, wiped after use. */
  secret: allocatePermanent(128),
  digest: allocatePermanent(64),
  /** A `struct timeval`. */
  time: allocatePermanent(16),
};
