/**
 * The DTLS session of one peer: OpenSSL does the protocol, this code moves its datagrams and checks whom it talks to.
 *
 * @module
 */

import { getUint64 } from 'node:ffi';
import { copyCString, type NativeBuffer } from '../ffi/memory.ts';
import { drainOpenSslErrors, openSsl, requireSuccess } from '../ffi/openssl.ts';
import { SRTP_PROFILES } from '../srtp/profiles.ts';
import type { SrtpKeys } from '../srtp/srtp-session.ts';
import { DTLS_MTU, type DtlsContext, type DtlsRole, scratch } from './dtls-context.ts';
import { type Fingerprint, hasFingerprint } from './fingerprint.ts';
import { hasForgeableEnd } from './records.ts';

/** Callbacks of a session. They may close it. */
export interface DtlsHandlers {
  /** Sends one datagram; its memory is only valid during the call. */
  sendDatagram(datagram: Buffer): void;
  /** The handshake is done, and the client's certificate is the announced one. */
  handleKeys(keys: SrtpKeys): void;
  /** The session ended by a fault, an alert or the peer's close. Not called after `close`. */
  handleEnd(reason: string): void;
}

const CTRL = { setMtu: 17, getTimeout: 73, handleTimeout: 74 } as const;
const ERROR = { none: 0, wantRead: 2, wantWrite: 3, zeroReturn: 6 } as const;
/** `SRTP_PROTECTION_PROFILE` is a name and a number. */
const PROFILE_ID_OFFSET = 8;
/** The last repetition of a first flight by the session itself; OpenSSL's own follow. */
const MAX_FIRST_FLIGHT_WAIT_TICKS = 16;
const EXPORTER_LABEL = 'EXTRACTOR-dtls_srtp';
const exporterLabel = copyCString(EXPORTER_LABEL);

/** A DTLS session. It never throws: a fault ends it. */
export class DtlsSession {
  readonly role: DtlsRole;
  readonly #fingerprint: Fingerprint;
  readonly #handlers: DtlsHandlers;
  readonly #session: bigint;
  readonly #incoming: bigint;
  readonly #outgoing: bigint;
  /** The first flight of a session that begins, until the peer answers. */
  #firstFlight: Buffer | undefined;
  #isAnswered = false;
  #ticksUnanswered = 0;
  #state: 'new' | 'handshake' | 'open' | 'closed' = 'new';

  /** @param fingerprint the one that the client's certificate must have */
  constructor(context: DtlsContext, role: DtlsRole, fingerprint: Fingerprint, handlers: DtlsHandlers) {
    this.role = role;
    this.#fingerprint = fingerprint;
    this.#handlers = handlers;
    this.#session = openSsl.SSL_new(context.pointer);
    requireSuccess(this.#session !== 0n, 'SSL_new');
    // Each keeps the bounds of its datagrams. The session frees them with itself.
    this.#incoming = openSsl.BIO_new(openSsl.BIO_s_dgram_mem());
    this.#outgoing = openSsl.BIO_new(openSsl.BIO_s_dgram_mem());
    openSsl.SSL_set_bio(this.#session, this.#incoming, this.#outgoing);
    openSsl.SSL_ctrl(this.#session, CTRL.setMtu, BigInt(DTLS_MTU), 0n);
    openSsl.DTLS_set_timer_cb(this.#session, context.timerCallback);
    if (role === 'client') openSsl.SSL_set_connect_state(this.#session);
    else openSsl.SSL_set_accept_state(this.#session);
  }

  /** Whether the handshake is in progress: then `tick` must be called every few milliseconds. */
  get isInHandshake(): boolean {
    return this.#state === 'handshake';
  }

  /** Begins, when datagrams can be sent. Further calls do nothing. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'handshake';
    if (this.role === 'client') this.#advance();
  }

  /**
   * Sends the first flight again, if nothing has come back yet: the peer may not have listened when it was sent, because
   * both sides learn of the path at the same moment. Call it when the peer has probably begun to listen.
   */
  repeatFirstFlight(): void {
    if (this.#firstFlight === undefined) return;
    this.#ticksUnanswered = 0;
    this.#handlers.sendDatagram(this.#firstFlight);
  }

  /**
   * Handles a received datagram. One that could be forged to end the session is dropped: a peer that fails before
   * encryption begins is noticed by its silence.
   */
  receive({ bytes, pointer }: NativeBuffer, length: number): void {
    if (this.#state === 'new' || this.#state === 'closed') return;
    if (hasForgeableEnd(bytes, length)) return;
    this.#isAnswered = true;
    this.#firstFlight = undefined;
    openSsl.BIO_write(this.#incoming, pointer, length);
    this.#advance();
  }

  /** Repeats the last flight of the handshake if its time is over. Call it every millisecond. */
  tick(): void {
    if (this.#state !== 'handshake') return;
    this.#tickFirstFlight();
    const { bytes, pointer } = scratch.time;
    // The result is 1 when a timer runs; the time that remains is 0 when it is due.
    if (openSsl.SSL_ctrl(this.#session, CTRL.getTimeout, 0n, pointer) !== 1n) return;
    if (bytes.readBigInt64LE(0) > 0n || bytes.readBigInt64LE(8) > 0n) return;
    openSsl.ERR_clear_error();
    openSsl.SSL_ctrl(this.#session, CTRL.handleTimeout, 0n, 0n);
    this.#sendOutgoing();
  }

  /** Tells the peer that the session is closed, and frees it. */
  close(): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'open') this.#sendCloseNotify();
    this.#free();
  }

  /** Repeats the first flight after 1, 2, 4, 8 and 16 ms, before OpenSSL's first wait is over. */
  #tickFirstFlight(): void {
    if (this.#firstFlight === undefined) return;
    this.#ticksUnanswered += 1;
    const ticks = this.#ticksUnanswered;
    const isPowerOfTwo = (ticks & (ticks - 1)) === 0;
    if (isPowerOfTwo && ticks <= MAX_FIRST_FLIGHT_WAIT_TICKS) this.#handlers.sendDatagram(this.#firstFlight);
  }

  #advance(): void {
    // A datagram can contain several records, and each call reads one: what stayed unread would pile up.
    let hasMore = true;
    while (hasMore && this.#state !== 'closed') hasMore = this.#readRecord();
  }

  /** Continues the handshake, or reads and drops application data; returns whether there may be more to read. */
  #readRecord(): boolean {
    // The queue belongs to the thread: what another session left there would be taken for this one's error.
    openSsl.ERR_clear_error();
    const isOpen = this.#state === 'open';
    const { pointer } = scratch.datagram;
    const result = isOpen
      ? openSsl.SSL_read(this.#session, pointer, scratch.datagram.bytes.length)
      : openSsl.SSL_do_handshake(this.#session);
    const error = result > 0 ? ERROR.none : openSsl.SSL_get_error(this.#session, result);
    const detail = result > 0 || error === ERROR.wantRead ? '' : drainOpenSslErrors();
    this.#sendOutgoing();
    if (!isOpen && result === 1) this.#finishHandshake();
    else if (error === ERROR.zeroReturn) this.#end('closed by the peer');
    else if (error !== ERROR.none && error !== ERROR.wantRead && error !== ERROR.wantWrite) this.#end(detail);
    return result > 0;
  }

  #finishHandshake(): void {
    const certificate = openSsl.SSL_get1_peer_certificate(this.#session);
    const isExpected = certificate !== 0n && hasFingerprint(certificate, this.#fingerprint);
    if (certificate !== 0n) openSsl.X509_free(certificate);
    this.#state = 'open';
    const keys = isExpected ? this.#exportKeys() : undefined;
    if (keys !== undefined) {
      this.#handlers.handleKeys(keys);
      return;
    }
    // Without an alert the client would believe that it is connected.
    this.#sendCloseNotify();
    this.#end(isExpected ? 'no common SRTP profile' : 'the certificate does not have the announced fingerprint');
  }

  /** Returns the keys (RFC 5764, 4.2), or undefined when no profile was negotiated. */
  #exportKeys(): SrtpKeys | undefined {
    const selected = openSsl.SSL_get_selected_srtp_profile(this.#session);
    const id = selected === 0n ? -1 : Number(getUint64(selected, PROFILE_ID_OFFSET));
    const profile = SRTP_PROFILES.find((entry) => entry.id === id);
    if (profile === undefined) return undefined;
    const { keyBytes, saltBytes } = profile;
    const { bytes, pointer } = scratch.secret;
    const total = 2 * (keyBytes + saltBytes);
    const length = BigInt(EXPORTER_LABEL.length);
    if (
      openSsl.SSL_export_keying_material(this.#session, pointer, BigInt(total), exporterLabel, length, 0n, 0n, 0) !== 1
    ) {
      return undefined;
    }
    const copy = (from: number, count: number): Buffer => Buffer.from(bytes.subarray(from, from + count));
    const client = { key: copy(0, keyBytes), salt: copy(2 * keyBytes, saltBytes) };
    const server = { key: copy(keyBytes, keyBytes), salt: copy(2 * keyBytes + saltBytes, saltBytes) };
    bytes.fill(0);
    return this.role === 'client'
      ? { profile, local: client, remote: server }
      : { profile, local: server, remote: client };
  }

  #sendCloseNotify(): void {
    openSsl.ERR_clear_error();
    openSsl.SSL_shutdown(this.#session);
    this.#sendOutgoing();
  }

  /** Sends what OpenSSL has written: one datagram per read. */
  #sendOutgoing(): void {
    const { bytes, pointer } = scratch.datagram;
    while (this.#state !== 'closed') {
      const length = openSsl.BIO_read(this.#outgoing, pointer, bytes.length);
      if (length <= 0) return;
      if (this.role === 'client' && !this.#isAnswered) this.#firstFlight = Buffer.from(bytes.subarray(0, length));
      this.#handlers.sendDatagram(bytes.subarray(0, length));
    }
  }

  #end(reason: string): void {
    if (this.#state === 'closed') return;
    this.#free();
    this.#handlers.handleEnd(reason);
  }

  #free(): void {
    this.#state = 'closed';
    openSsl.SSL_free(this.#session);
    openSsl.ERR_clear_error();
  }
}
