/**
 * A DTLS client whose every step a test decides, on the same OpenSSL: it writes application data, renegotiates, closes.
 *
 * @module
 */

import { dlopen } from 'node:ffi';
import { DtlsContext } from '../src/dtls/dtls-context.ts';
import { allocatePermanent } from '../src/ffi/memory.ts';
import { openSsl } from '../src/ffi/openssl.ts';

const { functions: clientSsl } = dlopen(null, {
  SSL_write: { arguments: ['pointer', 'pointer', 'int32'], return: 'int32' },
  SSL_renegotiate: { arguments: ['pointer'], return: 'int32' },
  SSL_clear_options: { arguments: ['pointer', 'uint64'], return: 'uint64' },
  SSL_version: { arguments: ['pointer'], return: 'int32' },
});

const SSL_OP_NO_RENEGOTIATION = 1n << 30n;
const CTRL_MTU = 17;
const MTU = 1_200n;
const context = new DtlsContext();
const memory = allocatePermanent(4_096);

/** The fingerprint of these clients' certificate. */
export const RAW_CLIENT_FINGERPRINT = context.certificate.fingerprint;

/** A client whose datagrams a test carries. */
export class RawDtlsClient {
  readonly #session = openSsl.SSL_new(context.pointer);
  readonly #incoming = openSsl.BIO_new(openSsl.BIO_s_dgram_mem());
  readonly #outgoing = openSsl.BIO_new(openSsl.BIO_s_dgram_mem());

  constructor() {
    openSsl.SSL_set_bio(this.#session, this.#incoming, this.#outgoing);
    openSsl.SSL_ctrl(this.#session, CTRL_MTU, MTU, 0n);
    clientSsl.SSL_clear_options(this.#session, SSL_OP_NO_RENEGOTIATION);
    openSsl.SSL_set_connect_state(this.#session);
  }

  /** The negotiated version as in a record: 0xfefd for DTLS 1.2. */
  get version(): number {
    return clientSsl.SSL_version(this.#session);
  }

  /** Continues the handshake; returns the datagrams to send. */
  handshake(): Buffer[] {
    openSsl.ERR_clear_error();
    openSsl.SSL_do_handshake(this.#session);
    return this.#drain();
  }

  /** Begins a new handshake within the session; returns the datagrams to send. */
  renegotiate(): Buffer[] {
    openSsl.ERR_clear_error();
    clientSsl.SSL_renegotiate(this.#session);
    return this.handshake();
  }

  /** Encrypts application data; returns the datagrams to send. */
  write(data: string): Buffer[] {
    openSsl.ERR_clear_error();
    const length = memory.bytes.write(data);
    clientSsl.SSL_write(this.#session, memory.pointer, length);
    return this.#drain();
  }

  /** Closes the session; returns the datagrams to send. */
  shutdown(): Buffer[] {
    openSsl.ERR_clear_error();
    openSsl.SSL_shutdown(this.#session);
    return this.#drain();
  }

  /** Receives a datagram. `handshake` handles it. */
  receive(datagram: Buffer): void {
    memory.bytes.set(datagram);
    openSsl.BIO_write(this.#incoming, memory.pointer, datagram.length);
  }

  free(): void {
    openSsl.SSL_free(this.#session);
  }

  #drain(): Buffer[] {
    const datagrams: Buffer[] = [];
    for (;;) {
      const length = openSsl.BIO_read(this.#outgoing, memory.pointer, memory.bytes.length);
      if (length <= 0) return datagrams;
      datagrams.push(Buffer.from(memory.bytes.subarray(0, length)));
    }
  }
}
