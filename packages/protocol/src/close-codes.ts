/**
 * WebSocket close codes of the signalling door. After 4000 to 4499 the client may reconnect; after 4500 to
 * 4999 it must not.
 *
 * @module
 */

import type { MemberCause } from './causes.ts';

/** Every close code that the server sends on its own initiative. */
export const CLOSE_CODES = {
  /** The server is stopping; the client connects again, to another node or when the server is back. */
  goingAway: 4000,
  /** The client read too slowly and its send buffer was full; it may resume. */
  slowConsumer: 4001,
  /** Another connection resumed this member. */
  superseded: 4003,
  /** The client sent nothing for the heartbeat time: the member was removed, and may log in again. */
  heartbeatTimeout: 4004,
  /** The client did not log in within `signalling.loginTimeoutMs`. */
  loginTimeout: 4005,
  /** Removed by an API call. */
  kicked: 4500,
  /** The room was closed by an API call. */
  roomClosed: 4501,
  /** The same user logged in elsewhere. */
  replaced: 4502,
  /** The token expired, and the App removes members whose token has expired. */
  tokenExpired: 4503,
  /** The client logged out. */
  loggedOut: 4504,
  /** A frame was too large, binary, malformed, or not of this protocol. */
  protocolError: 4505,
  /** The client was in the waiting room and was rejected. */
  refused: 4506,
} as const;

/**
 * The close code that the SDK sends if it may resume with its ticket. Close code 1000 or 1001, which a browser sends when
 * its page closes, means that the client does not resume (ROOM-8).
 */
export const CLIENT_CLOSE_CODE = 4010;

/** A close code that the server sends on its own initiative. */
export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];

/** Returns whether a client may connect again by itself after this close code. */
export function mayReconnect(code: number): boolean {
  return code < 4500 || code > 4999;
}

/** The close code for each cause of a member's exit. */
export const CLOSE_CODE_OF_CAUSE: Readonly<Record<MemberCause, CloseCode>> = {
  logout: CLOSE_CODES.loggedOut,
  'heartbeat-timeout': CLOSE_CODES.heartbeatTimeout,
  'connection-lost': CLOSE_CODES.heartbeatTimeout,
  kicked: CLOSE_CODES.kicked,
  'room-closed': CLOSE_CODES.roomClosed,
  replaced: CLOSE_CODES.replaced,
  'token-expired': CLOSE_CODES.tokenExpired,
};
