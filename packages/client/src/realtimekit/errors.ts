/**
 * Errors in this dialect (reference realtimekit 8.5).
 *
 * @module
 */

import { type SessionErrorCode, toSessionError } from '../core/errors.ts';
import { isCaptureError } from '../core/media/capture.ts';

/**
 * The error of every failed call; `code` is the dialect's. `cause` is the core's `SessionError`: its `code` tells apart what
 * has one code here, such as `client.turn-refused`, and its `details.name` is the name of the browser's error.
 */
export class RealtimeKitError extends Error {
  override readonly name = 'RealtimeKitError';
  /** Such as `0004`, invalid auth token. */
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** The codes of reference realtimekit 8.5 that this client uses. */
export const CODES = {
  couldNotInitialize: '0001',
  couldNotJoin: '0002',
  invalidToken: '0004',
  browserNotSupported: '0010',
  network: '0011',
  rateLimited: '0013',
  noConnectedMeetings: '0100',
  noStores: '0100',
  noRecording: '1000',
  recordingNotPermitted: '1001',
  notPermitted: '1201',
  participantNotFound: '1202',
  noLivestream: '1900',
  livestreamNotPermitted: '1901',
  livestreamNotStarted: '1902',
} as const;

const SPECIAL: Readonly<Partial<Record<SessionErrorCode, string>>> = {
  'login.bad-credential': CODES.invalidToken,
  'login.token-expired': CODES.invalidToken,
  'login.unknown-app': CODES.invalidToken,
  'login.not-allowed': CODES.invalidToken,
  'stream.not-allowed': CODES.notPermitted,
  'stream.too-many': CODES.notPermitted,
  'member.not-allowed': CODES.notPermitted,
  'room.member-not-found': CODES.participantNotFound,
  'rate.limited': CODES.rateLimited,
  'client.timeout': CODES.network,
  'client.disconnected': CODES.network,
  'client.no-media-path': CODES.network,
  'client.turn-refused': CODES.network,
  'client.turn-unreachable': CODES.network,
  'client.insecure-server': CODES.network,
};

/** Converts any thrown value to this dialect's error; errors without their own code become `0002`, could not join. */
export function toRealtimeKitError(error: unknown): RealtimeKitError {
  if (error instanceof RealtimeKitError) return error;
  const cause = toSessionError(error);
  const { code, message, details } = cause;
  const name = isCaptureError(cause) && typeof details.name === 'string' ? `${details.name}: ` : '';
  return new RealtimeKitError(SPECIAL[code] ?? CODES.couldNotJoin, `${name}${message}`, cause);
}

/**
 * Converts any thrown value of `init` or `join`: the vendor's UI kit knows a lost network only by the code of the call.
 *
 * @param code the code of the call: `0001` or `0002`
 */
export function toEntryError(error: unknown, code: string): RealtimeKitError {
  const converted = toRealtimeKitError(error);
  const isSpecific = converted.code !== CODES.network && converted.code !== CODES.couldNotJoin;
  return isSpecific ? converted : new RealtimeKitError(code, converted.message, converted.cause);
}

/** Tells the page of a failed `init` or `join`, as the vendor does: the UI kit hears of a failed `init` in no other way. */
export function announceError(error: RealtimeKitError): void {
  const target = globalThis as Partial<Pick<Window, 'dispatchEvent'>>;
  target.dispatchEvent?.(new CustomEvent('ClientError', { detail: error }));
}
