/**
 * WebSocket close codes of the signalling door. 4000-4499: the client may come back; 4500-4999: it must not.
 *
 * @module
 */

import type { MemberCause } from './causes.ts';

/** Every close code the server sends by itself. */
export const CLOSE_CODES = {
  /** The server is stopping; connect again (to another node, or when it is back). */
  goingAway: 4000,
  /** The client read too slowly and its buffer was full; it may resume. */
  slowConsumer: 4001,
  /** Another connection resumed this member. */
  superseded: 4003,
  /** Nothing was heard for the heartbeat time: the member is out, and may log in again. */
  heartbeatTimeout: 4004,
  /** No login came within the time allowed. */
  loginTimeout: 4005,
  /** Removed by an API call. */
  kicked: 4500,
  /** The room was closed by an API call. */
  roomClosed: 4501,
  /** The same user logged in elsewhere. */
  replaced: 4502,
  /** The token ran out and the App removes such members. */
  tokenExpired: 4503,
  /** The client logged out. */
  loggedOut: 4504,
  /** A frame was too large, binary, malformed, or not of this protocol. */
  protocolError: 4505,
  /** The client waited to be let in, and was turned away. */
  refused: 4506,
} as const;

/** A close code the server sends by itself. */
export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];

/** Tells whether a client may connect again by itself after this close code. */
export function mayReconnect(code: number): boolean {
  return code < 4500 || code > 4999;
}

/** The close code that tells a client of its member's exit. */
export const CLOSE_CODE_OF_CAUSE: Readonly<Record<MemberCause, CloseCode>> = {
  logout: CLOSE_CODES.loggedOut,
  'heartbeat-timeout': CLOSE_CODES.heartbeatTimeout,
  'connection-lost': CLOSE_CODES.heartbeatTimeout,
  kicked: CLOSE_CODES.kicked,
  'room-closed': CLOSE_CODES.roomClosed,
  replaced: CLOSE_CODES.replaced,
  'token-expired': CLOSE_CODES.tokenExpired,
};
