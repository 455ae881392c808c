/**
 * The transport of one peer on our own ICE, DTLS-SRTP and UDP.
 *
 * @module
 */

import type { DtlsRole } from '../dtls/dtls-context.ts';
import { DtlsSession } from '../dtls/dtls-session.ts';
import { parseFingerprint } from '../dtls/fingerprint.ts';
import { MediaError } from '../engine.ts';
import type { NativeBuffer } from '../ffi/memory.ts';
import { createIceCredentials, type IceCredentials } from '../ice/credentials.ts';
import { type BindingRequest, isAuthentic } from '../ice/stun.ts';
import { isRtcp } from '../rtp/rtp-packet.ts';
import type { LocalTransport } from '../sdp/answer.ts';
import type { OfferTransport } from '../sdp/offer.ts';
import { type SrtpKeys, SrtpSession } from '../srtp/srtp-session.ts';
import type { AddressKey } from '../udp/socket-address.ts';
import type { OpenSslEndpoint } from './openssl-endpoint.ts';
import type { PeerPath } from './peer-path.ts';
import { CONNECT_TIMEOUT_MS, guard, MAX_PACKET_BYTES, type Transport, type TransportHandlers } from './transport.ts';

/** How long an address may be sent to without a new request from it (RFC 7675), in milliseconds. */
export const CONSENT_TIMEOUT_MS = 30_000;
/**
 * How long after a request from it an address cannot become another peer's, in milliseconds. Clients repeat requests
 * after 6 s at most (RFC 7675, 5.1).
 */
export const ADDRESS_USE_MS = 6_500;
/**
 * After how long without a request on the selected path a request on another one selects that, in milliseconds. Clients repeat
 * requests on the path that they use, Chromium every 2.5 s. Those that nominate it only once do not notice that a NAT has
 * given it a new address.
 */
export const MAX_PATH_SILENCE_MS = 3_000;
/** How long a handshake may take, in milliseconds. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Requests with a wrong password that are checked per second and peer: each costs an HMAC. */
const MAX_FORGED_PER_SECOND = 200;
/** Paths that one peer may use at once: its networks, its NAT's new ports, UDP and TCP. */
const MAX_PATHS = 16;

/** A peer's connection. The endpoint passes it the packets of its paths. */
export class OpenSslTransport implements Transport {
  readonly #endpoint: OpenSslEndpoint;
  readonly #handlers: TransportHandlers;
  readonly #dtls: DtlsSession;
  #connectBeforeMs: number;
  #credentials = createIceCredentials();
  /** Those of an ICE restart, until the client's first request under them. */
  #nextCredentials: IceCredentials | undefined;
  /** In the order of their last change; the selected one is never removed. */
  readonly #paths = new Map<AddressKey, PeerPath>();
  #selected: PeerPath | undefined;
  #consentAtMs = 0;
  #forgedInSecond = 0;
  #handshakeBeforeMs = Number.POSITIVE_INFINITY;
  #srtp: SrtpSession | undefined;
  #state: 'connecting' | 'open' | 'closed' = 'connecting';

  /** @throws MediaError `bad-offer` when the offer's fingerprint uses an unsupported hash function */
  constructor(offer: OfferTransport, endpoint: OpenSslEndpoint, handlers: TransportHandlers) {
    const fingerprint = parseFingerprint(offer.fingerprint);
    if (fingerprint === undefined) {
      throw new MediaError('bad-offer', 'The fingerprint must use sha-256, sha-384 or sha-512');
    }
    this.#endpoint = endpoint;
    this.#handlers = handlers;
    // A client that leaves the choice to the server begins the handshake: then the server listens before it begins.
    const role: DtlsRole = offer.setup === 'passive' ? 'client' : 'server';
    this.#dtls = new DtlsSession(endpoint.context, role, fingerprint, {
      sendDatagram: (datagram) => this.#sendDatagram(datagram),
      handleKeys: (keys) => this.#open(keys),
      handleEnd: () => this.lose(),
    });
    this.#connectBeforeMs = endpoint.now() + CONNECT_TIMEOUT_MS;
    endpoint.accept(this.#credentials, this);
  }

  async describe(): Promise<LocalTransport> {
    if (this.#state === 'closed') throw new Error('The transport was closed before it was described');
    return {
      isIceLite: true,
      ...(this.#nextCredentials ?? this.#credentials),
      fingerprint: this.#endpoint.context.certificate.fingerprint,
      setup: this.#dtls.role === 'client' ? 'active' : 'passive',
      candidates: this.#endpoint.candidates,
    };
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Under which the client makes its requests. Those of an ICE restart count from its first request under them. */
  get credentials(): IceCredentials {
    return this.#credentials;
  }

  /** Whether its DTLS timers must run. */
  get isInHandshake(): boolean {
    return this.#dtls.isInHandshake;
  }

  send(packet: Buffer, isRepetition = false): boolean {
    const srtp = this.#srtp;
    const path = this.#selected;
    const { length } = packet;
    if (srtp === undefined || path === undefined || length > MAX_PACKET_BYTES) return false;
    const slot = path.nextSlot();
    slot.bytes.set(packet);
    const protectedBytes = isRtcp(packet)
      ? srtp.protectRtcp(slot, length)
      : srtp.protectRtp(slot, length, isRepetition);
    if (protectedBytes === 0) {
      this.#endpoint.counters.unsent += 1;
      return false;
    }
    return path.queue(protectedBytes);
  }

  restartIce(): IceCredentials | undefined {
    if (this.#state === 'closed') return undefined;
    if (this.#nextCredentials !== undefined) this.#endpoint.revoke(this.#nextCredentials);
    this.#nextCredentials = createIceCredentials();
    this.#endpoint.accept(this.#nextCredentials, this);
    this.#connectBeforeMs = this.#endpoint.now() + CONNECT_TIMEOUT_MS;
    return this.#nextCredentials;
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#endpoint.revoke(this.#credentials);
    if (this.#nextCredentials !== undefined) this.#endpoint.revoke(this.#nextCredentials);
    this.#endpoint.remove(this, this.#paths.keys());
    this.#dtls.close();
    // What is queued for this peer was sent before the close, and must leave before it (KICK-4).
    for (const path of this.#paths.values()) path.close();
    this.#srtp?.free();
    this.#srtp = undefined;
  }

  /** Closes the transport and reports its loss. */
  lose(): void {
    if (this.#state === 'closed') return;
    this.close();
    guard(this.#handlers, () => this.#handlers.handleLost())();
  }

  /** Whether a request is authentic. After too many forged ones none is until the next second, so that they cost little. */
  verifyRequest(request: BindingRequest, { icePwd }: IceCredentials): boolean {
    if (this.#forgedInSecond >= MAX_FORGED_PER_SECOND) return false;
    const isGenuine = isAuthentic(request, icePwd);
    if (!isGenuine) this.#forgedInSecond += 1;
    return isGenuine;
  }

  /** Whether media is sent to an address, and a request has come from it lately. */
  isUsing(key: AddressKey): boolean {
    return this.#selected?.key === key && this.#endpoint.now() - this.#consentAtMs <= ADDRESS_USE_MS;
  }

  /** Returns its path to an address; undefined before the first authentic request from there. */
  findPath(key: AddressKey): PeerPath | undefined {
    return this.#paths.get(key);
  }

  /** Handles an authentic request: its path belongs to this peer from now on. */
  handleRequest({ isNominating }: BindingRequest, path: PeerPath, credentials: IceCredentials): void {
    if (credentials === this.#nextCredentials) this.#finishRestart(credentials);
    const { key } = path;
    if (this.#paths.size !== 1 || !this.#paths.has(key)) {
      // The last one stays longest.
      this.#paths.delete(key);
      this.#paths.set(key, path);
    }
    this.#endpoint.assign(key, this);
    const isSilent = this.#endpoint.now() - this.#consentAtMs > MAX_PATH_SILENCE_MS;
    if (isNominating || isSilent || !this.#selected?.isOpen) this.#selected = path;
    if (this.#selected.key === key) this.#consentAtMs = this.#endpoint.now();
    if (this.#paths.size > MAX_PATHS) this.#forgetOldestPath();
    if (this.#handshakeBeforeMs === Number.POSITIVE_INFINITY) {
      this.#handshakeBeforeMs = this.#endpoint.now() + HANDSHAKE_TIMEOUT_MS;
      this.#endpoint.watchHandshake(this);
      this.#dtls.start();
    } else if (isNominating) {
      // The client begins to listen when it has the response to this request, which was queued before.
      this.#dtls.repeatFirstFlight();
    }
  }

  /**
   * Forgets a path. When it is the selected one, the peer's next request on another path replaces it; its consent does
   * not outlive the usual time.
   */
  forgetPath(key: AddressKey): void {
    this.#paths.delete(key);
    this.#endpoint.release(key, this);
  }

  /** Handles a DTLS datagram from one of its paths. */
  handleDtls(packet: NativeBuffer, length: number): void {
    this.#dtls.receive(packet, length);
  }

  /** Handles an SRTP or SRTCP packet from one of its paths. */
  handleMedia(packet: NativeBuffer, length: number): void {
    if (this.#srtp === undefined || length < 4) return;
    const isControl = isRtcp(packet.bytes);
    const plainBytes = isControl ? this.#srtp.unprotectRtcp(packet, length) : this.#srtp.unprotectRtp(packet, length);
    if (plainBytes === 0) {
      this.#endpoint.counters.refused += 1;
      return;
    }
    try {
      this.#handlers.handlePacket(packet.bytes.subarray(0, plainBytes));
    } catch (error) {
      this.#handlers.handleError(error);
    }
  }

  /** Repeats lost flights of the handshake. */
  tickHandshake(): void {
    this.#dtls.tick();
  }

  /** Ends the transport if it has not connected in time, or if its peer is gone. Called once per second. */
  checkTimeouts(nowMs: number): void {
    this.#forgedInSecond = 0;
    const isLate = this.#state === 'connecting' && nowMs > Math.min(this.#connectBeforeMs, this.#handshakeBeforeMs);
    const hasConsent = this.#selected !== undefined && nowMs - this.#consentAtMs <= CONSENT_TIMEOUT_MS;
    // A client that restarts ICE has often lost its path. It gets the time of a new client to find another one.
    const isRestarting = this.#nextCredentials !== undefined && nowMs <= this.#connectBeforeMs;
    if (isLate || (this.#state === 'open' && !hasConsent && !isRestarting)) this.lose();
    else if (!hasConsent) this.#selected = undefined;
  }

  #finishRestart(credentials: IceCredentials): void {
    this.#endpoint.revoke(this.#credentials);
    this.#credentials = credentials;
    this.#nextCredentials = undefined;
  }

  #open(keys: SrtpKeys): void {
    this.#srtp = new SrtpSession(keys);
    this.#state = 'open';
    guard(this.#handlers, () => this.#handlers.handleOpen())();
  }

  #sendDatagram(datagram: Buffer): void {
    if (this.#selected === undefined) return;
    this.#selected.nextSlot().bytes.set(datagram);
    this.#selected.queue(datagram.length);
  }

  #forgetOldestPath(): void {
    for (const [key, path] of this.#paths) {
      if (key === this.#selected?.key) continue;
      this.forgetPath(key);
      path.close();
      return;
    }
  }
}
