/**
 * The one table of errors. Doors map these codes to their dialect's own; clients read them as they are.
 *
 * @module
 */

/** What an error means: whether, and when, the same request may succeed. */
export interface ErrorEntry {
  /** HTTP status where the dialect has one. */
  readonly status: number;
  /** `never`: not without a change; `later`: the same request may succeed; `login`: after a new login. */
  readonly retry: 'never' | 'later' | 'login';
  readonly meaning: string;
}

/** Every error code, with its meaning. `docs/reference/errors.md` is checked against it. */
export const ERRORS = {
  'request.malformed': { status: 400, retry: 'never', meaning: 'The frame or body is not of the documented shape.' },
  'request.unknown-method': { status: 400, retry: 'never', meaning: 'There is no such method.' },
  'request.out-of-order': {
    status: 409,
    retry: 'never',
    meaning: 'The method is not allowed in this state, such as before a login.',
  },
  'request.too-large': { status: 413, retry: 'never', meaning: 'The frame or body is larger than allowed.' },
  'login.bad-credential': {
    status: 401,
    retry: 'never',
    meaning: 'The token is missing, malformed, not signed by this App, or made for somebody else.',
  },
  'login.token-expired': { status: 401, retry: 'never', meaning: 'The token has expired.' },
  'login.unknown-app': { status: 404, retry: 'never', meaning: 'There is no such App.' },
  'login.not-allowed': {
    status: 403,
    retry: 'never',
    meaning: 'The token, the preset or the meeting does not allow this login.',
  },
  'login.bad-room-id': {
    status: 400,
    retry: 'never',
    meaning: 'The room id is empty, longer than 128 bytes, or has characters that are not allowed.',
  },
  'login.bad-user-id': {
    status: 400,
    retry: 'never',
    meaning: 'The user id is empty, longer than 64 bytes, or has characters that are not allowed.',
  },
  'login.bad-user-name': { status: 400, retry: 'never', meaning: 'The user name is longer than 256 bytes.' },
  'login.banned': {
    status: 403,
    // A client that asks again by itself would do so for as long as the ban holds.
    retry: 'never',
    meaning: 'A ban refuses this login; details tell until when (untilMs).',
  },
  'login.room-full': {
    status: 403,
    retry: 'later',
    meaning: 'The room has as many members as its first login allowed.',
  },
  'login.rejected': {
    status: 403,
    retry: 'never',
    meaning: 'A member who may let others in has turned this login away.',
  },
  'login.duplicate-user': {
    status: 409,
    retry: 'later',
    meaning: 'The user is in the room already, and this login does not replace the earlier one.',
  },
  'resume.refused': {
    status: 410,
    retry: 'login',
    meaning:
      'The ticket is not valid any more. Where the member was removed, details tell the cause; then it must not log in again by itself.',
  },
  'room.not-found': { status: 404, retry: 'never', meaning: 'There is no such room now.' },
  'room.member-not-found': { status: 404, retry: 'never', meaning: 'The user is not in the room.' },
  'member.not-allowed': {
    status: 403,
    retry: 'never',
    meaning: 'The member’s permissions do not allow this, or a host has forbidden it.',
  },
  'stream.bad-id': {
    status: 400,
    retry: 'never',
    meaning: 'The stream id is empty, longer than 256 bytes, or has other characters than letters, digits, - and _.',
  },
  'stream.taken': { status: 409, retry: 'later', meaning: 'Another user holds this stream id.' },
  'stream.not-found': { status: 404, retry: 'later', meaning: 'There is no such stream in the room.' },
  'stream.not-allowed': {
    status: 403,
    retry: 'never',
    meaning: 'The token or the preset does not allow publishing this.',
  },
  'stream.too-many': {
    status: 409,
    // Who waits for a screen to be free asks again when its user does, not by itself.
    retry: 'never',
    meaning: 'There are as many streams of this source as the preset allows: of the member, or of screens in the room.',
  },
  'stream.banned': {
    status: 403,
    retry: 'never',
    meaning: 'A ban refuses publishing, or the stream is forbidden; details may tell until when (untilMs).',
  },
  'media.bad-offer': {
    status: 400,
    retry: 'never',
    meaning: 'The SDP offer cannot be parsed, or has nothing that can be accepted.',
  },
  'media.unavailable': { status: 503, retry: 'later', meaning: 'No media worker could take the call.' },
  'message.empty': { status: 400, retry: 'never', meaning: 'The message is empty.' },
  'message.too-long': { status: 400, retry: 'never', meaning: 'The message is longer than 1,024 bytes.' },
  'message.not-found': {
    status: 404,
    retry: 'never',
    meaning: 'There is no such message, or it is not kept any more.',
  },
  'message.too-many-pins': {
    status: 409,
    retry: 'never',
    meaning: 'As many messages of the room are pinned as may be: 50.',
  },
  'text.too-long': { status: 400, retry: 'never', meaning: 'A text is longer than allowed.' },
  'room.info-full': {
    status: 409,
    retry: 'never',
    meaning: 'The room has another info already; its key must be that one.',
  },
  'poll.not-found': { status: 404, retry: 'never', meaning: 'There is no such poll in the room.' },
  'poll.bad-question': { status: 400, retry: 'never', meaning: 'The question is empty or longer than 512 bytes.' },
  'poll.bad-options': {
    status: 400,
    retry: 'never',
    meaning: 'There are no options, more than 20, or one that is empty or longer than 256 bytes.',
  },
  'poll.bad-option': { status: 400, retry: 'never', meaning: 'The poll has no such option.' },
  'poll.voted': { status: 409, retry: 'never', meaning: 'The user has voted for another option; a vote is final.' },
  'poll.too-many': { status: 409, retry: 'never', meaning: 'The room has as many polls as it may have: 50.' },
  'rate.limited': { status: 429, retry: 'later', meaning: 'Too many requests.' },
  'server.internal': {
    status: 500,
    retry: 'later',
    meaning: 'Something failed inside the server; its log has the details under the request id.',
  },
  'server.going-away': { status: 503, retry: 'later', meaning: 'The server is stopping.' },
} as const satisfies Record<string, ErrorEntry>;

/** An error code. */
export type ErrorCode = keyof typeof ERRORS;

/** What an error may tell beside its code: plain JSON values, never a secret. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/** The only error that is thrown on purpose. Everything else is a fault, wrapped once at the door. */
export class GavelError extends Error {
  override readonly name = 'GavelError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails | undefined;

  constructor(code: ErrorCode, message: string = ERRORS[code].meaning, details?: ErrorDetails) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** Tells whether a value is a GavelError, of one of the given codes when any are given. */
export function isGavelError(value: unknown, ...codes: ErrorCode[]): value is GavelError {
  return value instanceof GavelError && (codes.length === 0 || codes.includes(value.code));
}
