/**
 * Errors in this dialect (reference realtimekit 8.5).
 *
 * @module
 */

import { type SessionError, type SessionErrorCode, toSessionError } from '../core/errors.ts';
import { isCaptureError } from '../core/media/capture.ts';

/**
 * The error of every failed call; `code` is the dialect's. `cause` is the core's `SessionError`: its `code` tells apart what
 * has one code here, such as `client.turn-refused`, and its `details.name` is the name of the browser's error.
 */
export class RealtimeKitError extends Error {
  override readonly name = 'RealtimeKitError';
  /** Such as `0004`, invalid auth token. */
  readonly code: RealtimeKitErrorCode;

  constructor(code: RealtimeKitErrorCode, message: string, cause?: unknown) {
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
  noRecording: '1000',
  recordingNotPermitted: '1001',
  selfNotPermitted: '1101',
  badElement: '1100',
  emptyName: '1103',
  noDevice: '1104',
  selfNotJoined: '1105',
  badKinds: '1200',
  notPermitted: '1201',
  badPage: '1202',
  badParticipantCount: '1203',
  participantNotFound: '1204',
  participantsNotJoined: '1205',
  notManual: '1206',
  badViewMode: '1207',
  badBroadcast: '1209',
  noMicrophone: '1601',
  noCamera: '1602',
  unknownDevice: '1603',
  deviceNotChanged: '1604',
  noAudioInput: '1606',
  noVideoInput: '1607',
  noDeviceList: '1609',
  noTrack: '1610',
  noScreen: '1612',
  notDecoded: '1702',
  noLivestream: '1900',
  livestreamNotPermitted: '1901',
  livestreamNotStarted: '1902',
} as const;

/** A code of an error. */
export type RealtimeKitErrorCode = (typeof CODES)[keyof typeof CODES];

type CodeTable = Readonly<Partial<Record<SessionErrorCode, RealtimeKitErrorCode>>>;

const SPECIAL: CodeTable = {
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

/** The codes of calls about the own user. */
const OF_SELF: CodeTable = {
  'stream.not-allowed': CODES.selfNotPermitted,
  'stream.too-many': CODES.selfNotPermitted,
  'member.not-allowed': CODES.selfNotPermitted,
  'client.not-joined': CODES.selfNotJoined,
  'client.ended': CODES.selfNotJoined,
};

/** The codes of calls about other participants. */
const OF_PARTICIPANTS: CodeTable = {
  'client.not-joined': CODES.participantsNotJoined,
  'client.ended': CODES.participantsNotJoined,
};

/** Converts any thrown value to this dialect's error; errors without their own code become `0002`, could not join. */
export function toRealtimeKitError(error: unknown, codes: CodeTable = {}): RealtimeKitError {
  if (error instanceof RealtimeKitError) return error;
  const cause = toSessionError(error);
  const { code } = cause;
  return new RealtimeKitError(codes[code] ?? SPECIAL[code] ?? CODES.couldNotJoin, describeCause(cause), cause);
}

/** Returns the message of an error: with the name of the browser's error, or with the end of a ban (BAN-9). */
function describeCause(cause: SessionError): string {
  const { code, message, details } = cause;
  if (isCaptureError(cause) && typeof details.name === 'string') return `${details.name}: ${message}`;
  if (code === 'login.banned' && typeof details.untilMs === 'number') {
    return `The login is banned until ${new Date(details.untilMs).toISOString()}.`;
  }
  return message;
}

/** Converts the error of a call about the own user. */
export const toSelfError = (error: unknown): RealtimeKitError => toRealtimeKitError(error, OF_SELF);

/** Converts the error of a call about other participants. */
export const toParticipantsError = (error: unknown): RealtimeKitError => toRealtimeKitError(error, OF_PARTICIPANTS);

/**
 * Converts any thrown value of `init` or `join`: the vendor's UI kit knows a lost network only by the code of the call.
 *
 * @param code the code of the call: `0001` or `0002`
 */
export function toEntryError(error: unknown, code: RealtimeKitErrorCode): RealtimeKitError {
  const converted = toRealtimeKitError(error);
  const isSpecific = converted.code !== CODES.network && converted.code !== CODES.couldNotJoin;
  return isSpecific ? converted : new RealtimeKitError(code, converted.message, converted.cause);
}

/** @throws RealtimeKitError `1204` for anything but a list of texts */
export function requireIds(ids: readonly string[]): void {
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return;
  throw new RealtimeKitError(CODES.participantNotFound, 'a list of ids is required');
}

/** Tells the page of a failed `init` or `join`, as the vendor does: the UI kit hears of a failed `init` in no other way. */
export function announceError(error: RealtimeKitError): void {
  const target = globalThis as Partial<Pick<Window, 'dispatchEvent'>>;
  target.dispatchEvent?.(new CustomEvent('ClientError', { detail: error }));
}
