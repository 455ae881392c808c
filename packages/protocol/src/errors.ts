/**
 * The table of errors. Each door maps these codes to the codes of its dialect; clients read them unchanged.
 *
 * @module
 */

/** The meaning of an error, and whether the same request may succeed later. */
export interface ErrorEntry {
  /** HTTP status, for the dialects that answer with one. */
  readonly status: number;
  /** `never`: not without a change; `later`: the same request may succeed; `login`: after a new login. */
  readonly retry: 'never' | 'later' | 'login';
  readonly meaning: string;
}

/** Every error code, with its meaning. `docs/reference/errors.md` is checked against it. */
export const ERRORS = {
  'request.malformed': {
    status: 400,
    retry: 'never',
    meaning: 'The frame or body does not have the documented shape.',
  },
  'request.unknown-method': { status: 400, retry: 'never', meaning: 'The method does not exist.' },
  'request.out-of-order': {
    status: 409,
    retry: 'never',
    meaning: 'The method is not allowed in this state, for example before a login.',
  },
  'request.id-reused': {
    status: 409,
    retry: 'never',
    meaning: 'Another request was made with the same command id or idempotency key.',
  },
  'request.too-large': { status: 413, retry: 'never', meaning: 'The frame or body is larger than allowed.' },
  'login.bad-credential': {
    status: 401,
    retry: 'never',
    meaning: 'The token is missing, malformed, not signed by this App, or issued to another user.',
  },
  'login.token-expired': { status: 401, retry: 'never', meaning: 'The token has expired.' },
  'login.unknown-app': { status: 404, retry: 'never', meaning: 'The App does not exist.' },
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
  'login.bad-user-name': {
    status: 400,
    retry: 'never',
    meaning: 'The user name is longer than 256 bytes, or a participant’s name longer than 256 characters.',
  },
  'login.banned': {
    status: 403,
    // A client that retried by itself would do so until the ban ends.
    retry: 'never',
    meaning: 'The login is banned; details.untilMs is the end of the ban, and is absent if it has none.',
  },
  'login.room-full': {
    status: 403,
    retry: 'later',
    meaning: 'The room has reached its maximum number of members, which its first login sets.',
  },
  'login.rejected': {
    status: 403,
    retry: 'never',
    meaning: 'A host rejected this login in the waiting room.',
  },
  'login.duplicate-user': {
    status: 409,
    retry: 'later',
    meaning: 'The user is already in the room, and this login does not replace the earlier one.',
  },
  'resume.refused': {
    status: 410,
    retry: 'login',
    meaning:
      'The ticket is no longer valid. details.cause says how the member ended: after connection-lost and heartbeat-timeout the client may log in again by itself, after any other cause, and without one, it must not.',
  },
  'room.not-found': { status: 404, retry: 'never', meaning: 'The room does not exist.' },
  'room.member-not-found': { status: 404, retry: 'never', meaning: 'The user is not in the room.' },
  'member.not-allowed': {
    status: 403,
    retry: 'never',
    meaning: 'The member’s permissions do not allow this, or a host has disabled it.',
  },
  'stream.bad-id': {
    status: 400,
    retry: 'never',
    meaning: 'The stream id is empty, longer than 256 bytes, or has characters other than letters, digits, - and _.',
  },
  'stream.taken': { status: 409, retry: 'later', meaning: 'Another user publishes a stream with this id.' },
  'stream.not-found': { status: 404, retry: 'later', meaning: 'The room has no stream with this id.' },
  'stream.not-allowed': {
    status: 403,
    retry: 'never',
    meaning: 'The token or the preset does not allow this stream to be published.',
  },
  'stream.too-many': {
    status: 409,
    // A client does not retry by itself until another screen ends; its user tries again.
    retry: 'never',
    meaning:
      'The member, the App, or the room in the case of screens, already has the maximum number of streams or plays.',
  },
  'stream.banned': {
    status: 403,
    retry: 'never',
    meaning:
      'Publishing is banned, or the stream is forbidden; details.untilMs is the end of the ban where it has one.',
  },
  'policy.too-many-rules': {
    status: 409,
    retry: 'never',
    meaning: 'As many rules of this kind as are allowed are in force.',
  },
  'policy.range-too-wide': {
    status: 400,
    retry: 'never',
    meaning: 'The range of addresses is wider than the configuration allows; details.minPrefix is the shortest prefix.',
  },
  'policy.bad-rule': { status: 400, retry: 'never', meaning: 'The rule is not complete, or contradicts itself.' },
  'media.bad-offer': {
    status: 400,
    retry: 'never',
    meaning: 'The SDP offer cannot be parsed, or contains no media that can be accepted.',
  },
  'media.unavailable': { status: 503, retry: 'later', meaning: 'No media worker is available.' },
  'message.empty': { status: 400, retry: 'never', meaning: 'The message is empty.' },
  'message.too-long': { status: 400, retry: 'never', meaning: 'The message is longer than 1,024 bytes.' },
  'message.not-found': {
    status: 404,
    retry: 'never',
    meaning: 'The message does not exist, or is no longer kept.',
  },
  'message.too-many-pins': {
    status: 409,
    retry: 'never',
    meaning: 'A room can have at most 50 pinned messages.',
  },
  'file.bad-name': {
    status: 400,
    retry: 'never',
    meaning: 'The name of the file is empty, longer than 255 bytes, or contains control characters.',
  },
  'file.too-large': { status: 413, retry: 'never', meaning: 'The file is larger than the server allows.' },
  'file.no-space': {
    status: 507,
    retry: 'later',
    meaning: 'The room or the App already has the maximum number of bytes of files.',
  },
  'file.bad-offset': {
    status: 409,
    retry: 'later',
    meaning: 'The part does not continue the upload; details.offset is the number of bytes received.',
  },
  'file.not-image': {
    status: 415,
    retry: 'never',
    meaning: 'The file is not a PNG, JPEG, GIF, WebP, AVIF or BMP image.',
  },
  'file.not-found': {
    status: 404,
    retry: 'never',
    meaning: 'The file does not exist (any more), is not completely uploaded, or is not the caller’s to send.',
  },
  'text.too-long': { status: 400, retry: 'never', meaning: 'A text exceeds its maximum length.' },
  'room.info-full': {
    status: 409,
    retry: 'never',
    meaning: 'The room already has an info with another key; a room has one info.',
  },
  'poll.not-found': { status: 404, retry: 'never', meaning: 'The room has no poll with this id.' },
  'poll.bad-question': { status: 400, retry: 'never', meaning: 'The question is empty or longer than 512 bytes.' },
  'poll.bad-options': {
    status: 400,
    retry: 'never',
    meaning: 'The poll has no options, more than 20 options, or an option that is empty or longer than 256 bytes.',
  },
  'poll.bad-option': { status: 400, retry: 'never', meaning: 'The poll has no option with this number.' },
  'poll.voted': {
    status: 409,
    retry: 'never',
    meaning: 'The user has already voted for another option; a vote cannot be changed.',
  },
  'poll.too-many': { status: 409, retry: 'never', meaning: 'A room can have at most 50 polls.' },
  'store.bad-value': {
    status: 400,
    retry: 'never',
    meaning: 'The value is longer than 32,768 bytes of JSON, or has more than 100 levels.',
  },
  'store.full': {
    status: 409,
    retry: 'never',
    meaning: 'A room can have at most 100 stores and 1 MiB in them, a store at most 1,000 keys.',
  },
  'rate.limited': { status: 429, retry: 'later', meaning: 'The rate limit is exceeded.' },
  'server.internal': {
    status: 500,
    retry: 'later',
    meaning: 'An internal error occurred; the server log has the details under the request id.',
  },
  'server.store-unavailable': {
    status: 503,
    retry: 'later',
    meaning: 'The database could not be written in time.',
  },
  'server.stale-term': {
    status: 503,
    retry: 'later',
    meaning: 'Another server has become the owner; this one stores nothing more.',
  },
  'server.node-unavailable': {
    status: 503,
    retry: 'later',
    meaning: 'The node that has the room, or counts the limit, cannot be reached; another one takes over.',
  },
  'server.going-away': { status: 503, retry: 'later', meaning: 'The server is stopping.' },
} as const satisfies Record<string, ErrorEntry>;

/** An error code. */
export type ErrorCode = keyof typeof ERRORS;

/** Additional facts of an error: plain JSON values, never a secret. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/** The only error that is thrown on purpose. Any other error is a fault; the door logs it and answers `server.internal`. */
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

/** Returns whether a value is a GavelError; with `codes`, only one of these. */
export function isGavelError(value: unknown, ...codes: ErrorCode[]): value is GavelError {
  return value instanceof GavelError && (codes.length === 0 || codes.includes(value.code));
}
