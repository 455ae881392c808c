/**
 * The connection of one peer: ICE, DTLS and SRTP over UDP, behind one interface with two implementations.
 *
 * @module
 */

import type { TransportDump, TransportKind } from '../engine.ts';
import type { IceCredentials } from '../ice/credentials.ts';
import type { LocalTransport } from '../sdp/answer.ts';
import type { OfferTransport } from '../sdp/offer.ts';

/** Callbacks of a transport to its owner. */
export interface TransportHandlers {
  /** RTP and RTCP can be sent from now on. */
  handleOpen(): void;
  /** One RTP or RTCP packet, decrypted. Its memory may be changed, and is valid during the call only: copy what is kept. */
  handlePacket(packet: Buffer): void;
  /** The transport was lost, not closed by `close`. Called once. */
  handleLost(): void;
  /** A callback threw; the packet or event that it handled is lost. */
  handleError(error: unknown): void;
}

/** One peer's connection. */
export interface Transport {
  /**
   * Resolves with the server's ICE and DTLS parameters; after `restartIce`, with the new ones.
   *
   * @throws Error when the transport was closed before
   */
  describe(): Promise<LocalTransport>;
  /** Whether packets can be sent. */
  readonly isOpen: boolean;
  /**
   * Encrypts and sends one RTP or RTCP packet; returns `false` if it was not sent. The packet is not kept.
   *
   * @param isRepetition the packet is sent again and has the same bytes: no other packet may have a sequence number that
   *   was sent before (RTX-1)
   */
  send(packet: Buffer, isRepetition?: boolean): boolean;
  /**
   * Restarts ICE with new credentials of the server (RFC 8445, 9), for an offer with new credentials of the client. DTLS,
   * SRTP and the selected path go on. The last credentials that a client has used stay valid until the first check under
   * the new ones. A transport that is restarted again before that check forgets the unused credentials.
   *
   * @returns the new credentials; undefined if the implementation cannot restart ICE or the transport is closed: then
   *   the client needs a new transport
   */
  restartIce(): IceCredentials | undefined;
  /** Closes the connection: after this returns, no packet is received or sent (KICK-4). */
  close(): void;
}

/** Creates the transports of a worker. */
export interface TransportFactory {
  readonly kind: TransportKind;
  /**
   * Creates a transport for an offer.
   *
   * @throws MediaError `unavailable` if there is no free UDP port
   * @throws Error if the offer's parameters cannot be used
   */
  create(offer: OfferTransport, handlers: TransportHandlers): Transport;
  dump(): TransportDump;
}

/** Maximum size of an RTP or RTCP packet that is sent, in bytes. Larger ones would not pass any network in one piece. */
export const MAX_PACKET_BYTES = 2_000;

/** Timeout for a transport to connect, in milliseconds. */
export const CONNECT_TIMEOUT_MS = 20_000;

/** Wraps a callback, so that an error in it reaches `handleError` and nothing else. */
export function guard<A extends unknown[]>(
  handlers: TransportHandlers,
  callback: (...args: A) => void,
): (...args: A) => void {
  return (...args) => {
    try {
      callback(...args);
    } catch (error) {
      handlers.handleError(error);
    }
  };
}
