/**
 * The error type that the core throws or rejects with.
 *
 * @module
 */

import type { ERRORS, ErrorCode, ErrorDetails } from '@gavel/protocol/errors';

/** Errors that the client detects itself; all others come from the server's table of errors. */
export type ClientErrorCode =
  /** No answer came in time. */
  | 'client.timeout'
  /** The connection was lost or could not be opened before an answer came. */
  | 'client.disconnected'
  /** The method needs a joined session. */
  | 'client.not-joined'
  /** The session or the media ended before the call completed. */
  | 'client.ended'
  /** WebRTC is not available (such as in Node), or the browser refused a WebRTC operation. */
  | 'client.no-media'
  /** No path to the server's media port: UDP is blocked, or the announced address is wrong. Details: `addresses`. */
  | 'client.no-media-path'
  /** The TURN server refused the credentials or the allocation. Details: `turnCode` (such as 401), `url`, `addresses`. */
  | 'client.turn-refused'
  /** Only relayed media is allowed, and no TURN server can be reached. Details: `url`, `addresses`. */
  | 'client.turn-unreachable'
  /** The user, the page's policy or the system denied the camera, the microphone or the screen. Details: `name`. */
  | 'client.device-denied'
  /** There is no such camera or microphone. Details: `name`. */
  | 'client.device-not-found'
  /** Another program uses the camera or the microphone, or the system cannot open it. Details: `name`. */
  | 'client.device-in-use'
  /** The browser plays media only after a gesture of the user. Details: `name`. */
  | 'client.autoplay-refused'
  /** A page with https may not connect to a server without TLS (mixed content). */
  | 'client.insecure-server'
  /** The runtime has no WebSocket, and none was given (Node 20). */
  | 'client.no-web-socket';

/** Every code of a `SessionError`. */
export type SessionErrorCode = ErrorCode | ClientErrorCode;

/** The error of every failed call of the core; distinguish errors by `code`, never by the text. */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly code: SessionErrorCode;
  readonly details: ErrorDetails;

  constructor(code: SessionErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** Converts any thrown value to a `SessionError`; any other error came from the browser's WebRTC. */
export function toSessionError(error: unknown): SessionError {
  if (error instanceof SessionError) return error;
  return new SessionError('client.no-media', error instanceof Error ? error.message : String(error));
}

/** Returns whether an error says why media does not get through (CONN-4). */
export function isPathProblem({ code }: SessionError): boolean {
  return code === 'client.no-media-path' || code.startsWith('client.turn-');
}

/** The codes of the server after which the same request fails again. */
type FinalCode = { [C in ErrorCode]: (typeof ERRORS)[C]['retry'] extends 'never' ? C : never }[ErrorCode];

/** `FinalCode` as a table: the compiler checks it against the table of errors, whose texts a client does not need. */
const IS_FINAL: Readonly<Record<FinalCode, true>> = {
  'request.malformed': true,
  'request.unknown-method': true,
  'request.out-of-order': true,
  'request.id-reused': true,
  'request.too-large': true,
  'login.bad-credential': true,
  'login.token-expired': true,
  'login.unknown-app': true,
  'login.not-allowed': true,
  'login.bad-room-id': true,
  'login.bad-user-id': true,
  'login.bad-user-name': true,
  'login.banned': true,
  'login.rejected': true,
  'room.not-found': true,
  'room.member-not-found': true,
  'member.not-allowed': true,
  'stream.bad-id': true,
  'stream.not-allowed': true,
  'stream.too-many': true,
  'stream.banned': true,
  'policy.too-many-rules': true,
  'policy.range-too-wide': true,
  'policy.bad-rule': true,
  'media.bad-offer': true,
  'message.empty': true,
  'message.too-long': true,
  'message.not-found': true,
  'message.too-many-pins': true,
  'file.bad-name': true,
  'file.too-large': true,
  'file.not-image': true,
  'file.not-found': true,
  'text.too-long': true,
  'room.info-full': true,
  'poll.not-found': true,
  'poll.bad-question': true,
  'poll.bad-options': true,
  'poll.bad-option': true,
  'poll.voted': true,
  'poll.too-many': true,
  'store.bad-value': true,
  'store.full': true,
};

/** Returns whether the same request may succeed later. */
export function mayRetryLater(code: SessionErrorCode): boolean {
  switch (code) {
    case 'client.timeout':
    case 'client.disconnected':
    case 'client.not-joined':
    case 'client.no-media-path':
    case 'client.turn-refused':
    case 'client.turn-unreachable':
      return true;
    case 'client.ended':
    case 'client.no-media':
    case 'client.device-denied':
    case 'client.device-not-found':
    case 'client.device-in-use':
    case 'client.autoplay-refused':
    case 'client.insecure-server':
    case 'client.no-web-socket':
      return false;
    default:
      // A newer server may send codes that this client does not know: retry rather than fail.
      return !Object.hasOwn(IS_FINAL, code);
  }
}
