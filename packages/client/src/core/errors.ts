/**
 * The error type that the core throws or rejects with.
 *
 * @module
 */

import { ERRORS, type ErrorCode, type ErrorDetails } from '@gavel/protocol/errors';

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

/** Returns whether the same request may succeed later. */
export function mayRetryLater(code: SessionErrorCode): boolean {
  switch (code) {
    case 'client.timeout':
    case 'client.disconnected':
    case 'client.not-joined':
      return true;
    case 'client.ended':
    case 'client.no-media':
    case 'client.no-web-socket':
      return false;
    default:
      // A newer server may send codes that this client does not know: retry rather than fail.
      return ERRORS[code]?.retry !== 'never';
  }
}
