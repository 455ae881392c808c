/**
 * Error codes of this dialect, in rejections and in states.
 *
 * @module
 */

import { isPathProblem, type SessionErrorCode, toSessionError } from '../core/errors.ts';
import { isCaptureError } from '../core/media/capture.ts';
import type { MediaEnd } from '../core/media/media-context.ts';
import type { SessionEnd } from '../core/session-state.ts';
import { PLAYER_CODE_OF_CAUSE, PUBLISHER_CODE_OF_CAUSE, ROOM_END_OF_CAUSE } from './causes.ts';
import * as CODES from './codes.ts';
import type { ZegoServerResponse } from './types.ts';

export { CODES };

/** The number for each error code of the core (reference zego 4.6). */
export const CODE_OF_ERROR: Readonly<Record<SessionErrorCode, number>> = {
  'request.malformed': CODES.badParameter,
  'request.unknown-method': CODES.badParameter,
  'request.out-of-order': CODES.notLoggedIn,
  'request.id-reused': CODES.badParameter,
  'request.too-large': CODES.badParameter,
  'login.bad-credential': 1002033,
  'login.token-expired': 1102018,
  'login.unknown-app': 1001004,
  'login.not-allowed': 1102020,
  'login.rejected': 1102020,
  'login.bad-room-id': CODES.roomIdIllegal,
  'login.bad-user-id': CODES.userIdIllegal,
  'login.bad-user-name': CODES.userNameTooLong,
  'login.banned': 1002066,
  'login.room-full': 1002034,
  'login.duplicate-user': 1002086,
  'resume.refused': 1002099,
  'room.not-found': 1002002,
  'room.member-not-found': CODES.notLoggedIn,
  'member.not-allowed': 1102020,
  'stream.bad-id': CODES.streamIdIllegal,
  'stream.taken': 1003028,
  'stream.not-found': 1004002,
  'stream.not-allowed': 1002082,
  'stream.too-many': 1002082,
  'stream.banned': 1003025,
  // Only backends set rules.
  'policy.too-many-rules': CODES.badParameter,
  'policy.range-too-wide': CODES.badParameter,
  'policy.bad-rule': CODES.badParameter,
  'media.bad-offer': 1103030,
  'media.unavailable': CODES.mediaServerFailed,
  'message.empty': CODES.messageEmpty,
  'message.too-long': CODES.messageTooLong,
  // Messages cannot be changed in this dialect.
  'message.not-found': CODES.badParameter,
  'message.too-many-pins': CODES.badParameter,
  // There are no files in this dialect.
  'file.bad-name': CODES.badParameter,
  'file.too-large': CODES.badParameter,
  'file.no-space': CODES.badParameter,
  'file.bad-offset': CODES.badParameter,
  'file.not-image': CODES.badParameter,
  'file.not-found': CODES.badParameter,
  'text.too-long': CODES.extraInfoTooLong,
  'room.info-full': CODES.roomInfoFull,
  // There are no polls in this dialect.
  'poll.not-found': CODES.badParameter,
  'poll.bad-question': CODES.badParameter,
  'poll.bad-options': CODES.badParameter,
  'poll.bad-option': CODES.badParameter,
  'poll.voted': CODES.badParameter,
  'poll.too-many': CODES.badParameter,
  'store.bad-value': CODES.badParameter,
  'store.full': CODES.badParameter,
  'rate.limited': CODES.tooOften,
  'server.internal': 1002099,
  'server.store-unavailable': 1002099,
  'server.stale-term': 1002099,
  'server.node-unavailable': 1002099,
  'server.going-away': 1002052,
  'client.timeout': 1100002,
  'client.disconnected': 1100003,
  'client.not-joined': CODES.roomNotLoggedIn,
  'client.ended': CODES.notLoggedIn,
  // The reference names no code for a camera or a browser that refuses.
  'client.no-media': 1100999,
  'client.no-media-path': CODES.publishRetryTimeout,
  'client.turn-refused': CODES.mediaServerFailed,
  'client.turn-unreachable': CODES.mediaServerFailed,
  'client.device-denied': CODES.deviceNotAllowed,
  'client.device-not-found': CODES.captureFailed,
  'client.device-in-use': CODES.deviceNotReadable,
  'client.autoplay-refused': 1100999,
  'client.insecure-server': 1100003,
  'client.no-web-socket': 1100999,
};

/** Converts any thrown value to the rejection value of this dialect's calls. */
export function toZegoError(error: unknown, role?: 'publisher' | 'player'): ZegoServerResponse {
  const { code, message, details } = toSessionError(error);
  // The browser's error name tells more than the code.
  if (isCaptureError(toSessionError(error)) && typeof details.name === 'string') {
    return { errorCode: CODE_OF_ERROR[code], extendedData: `${details.name}: ${message}` };
  }
  // A banned user receives the end of the ban, in Unix seconds as in the server API (BAN-1).
  if (code === 'login.banned' && typeof details.untilMs === 'number') {
    const expireTime = Math.ceil(details.untilMs / 1000);
    return { errorCode: CODE_OF_ERROR[code], extendedData: JSON.stringify({ message, expire_time: expireTime }) };
  }
  // Playing a forbidden stream has a separate code (FORB-4).
  if (code === 'stream.banned' && role === 'player') {
    return { errorCode: PLAYER_CODE_OF_CAUSE.forbidden, extendedData: message };
  }
  if ((code === 'client.timeout' || code === 'client.no-media-path') && role === 'player') {
    return { errorCode: CODES.playRetryTimeout, extendedData: message };
  }
  // The table's code is for publishing.
  if (code === 'stream.too-many' && role === 'player') return { errorCode: 1100999, extendedData: message };
  // A newer server may send codes that this table does not have.
  return { errorCode: CODE_OF_ERROR[code] ?? 1100999, extendedData: message };
}

/** Returns the `extendedData` of a session's end: the details of a ban, otherwise empty. */
export function extendedDataOfSessionEnd(end: SessionEnd): string {
  return end.kind === 'refused' && end.error.code === 'login.banned' ? (toZegoError(end.error).extendedData ?? '') : '';
}

/** Creates what a call of this dialect is rejected with, or returns on failure. */
export function refusal(errorCode: number, extendedData = ''): ZegoServerResponse {
  return { errorCode, extendedData };
}

/** Runs a call whose failure is an answer; resolves with its code, 0 for success. */
export async function answer(call: () => unknown): Promise<ZegoServerResponse> {
  try {
    await call();
    return { errorCode: CODES.ok };
  } catch (error) {
    return toCaptureError(error);
  }
}

const isZegoResponse = (error: unknown): error is ZegoServerResponse =>
  typeof error === 'object' && error !== null && 'errorCode' in error;

/** The codes that depend on the browser's error name more than on the code of the core. */
const CODE_OF_CAPTURE_ERROR: Readonly<Record<string, number>> = {
  InsecureContext: CODES.httpsRequired,
  OverconstrainedError: CODES.deviceOverconstrained,
};
const CODE_OF_SCREEN_ERROR: Readonly<Record<string, number>> = {
  ...CODE_OF_CAPTURE_ERROR,
  NotAllowedError: CODES.screenRefused,
  // The browser has no `getDisplayMedia`.
  TypeError: CODES.screenNotSupported,
};

/** Returns a failed capture as calls of this dialect report it; `extendedData` begins with the browser's error name. */
export function toCaptureError(error: unknown, isScreen = false): ZegoServerResponse {
  if (isZegoResponse(error)) return error;
  const failure = toSessionError(error);
  const { errorCode, extendedData = '' } = toZegoError(failure);
  if (!isCaptureError(failure)) return { errorCode, extendedData };
  const codes = isScreen ? CODE_OF_SCREEN_ERROR : CODE_OF_CAPTURE_ERROR;
  const other = failure.code === 'client.no-media' ? CODES.captureFailed : errorCode;
  return { errorCode: codes[String(failure.details.name)] ?? other, extendedData };
}

/** Returns the code of a session's end. */
export function codeOfSessionEnd(end: SessionEnd): number {
  switch (end.kind) {
    case 'left':
      return CODES.ok;
    case 'removed':
      return ROOM_END_OF_CAUSE[end.cause].errorCode;
    case 'gave-up':
      return CODES.gaveUp;
    case 'refused':
      return toZegoError(end.error).errorCode;
  }
}

/** Returns the code of NO_PUBLISH or NO_PLAY. */
export function codeOfMediaEnd(end: MediaEnd | undefined, role: 'publisher' | 'player'): number {
  switch (end?.kind) {
    case undefined:
    case 'stopped':
      return CODES.ok;
    case 'closed': {
      const table = role === 'publisher' ? PUBLISHER_CODE_OF_CAUSE : PLAYER_CODE_OF_CAUSE;
      return table[end.cause ?? 'deleted'];
    }
    case 'session':
      return codeOfSessionEnd(end.end);
    case 'failed':
      if (end.error.code === 'client.timeout' || end.error.code === 'client.no-media-path') {
        return role === 'publisher' ? CODES.publishRetryTimeout : CODES.playRetryTimeout;
      }
      return toZegoError(end.error, role).errorCode;
  }
}

/** Returns the `extendedData` of NO_PUBLISH and NO_PLAY: JSON with the reason if media did not get through (CONN-4). */
export function extendedDataOfMediaEnd(end: MediaEnd | undefined): string {
  if (end?.kind !== 'failed' || !isPathProblem(end.error)) return '';
  const { code, message, details } = end.error;
  return JSON.stringify({ reason: code.replace('client.', ''), message, ...details });
}
