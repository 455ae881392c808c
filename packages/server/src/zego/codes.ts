/**
 * The return codes of the ZEGO Server API: the public ones and those of the room family (reference zego 1.7, 1.8).
 *
 * This table has all codes, so that each has one name and one meaning; `docs/reference/zego-return-codes.md` is printed from
 * this table and says which of them Gavel answers.
 *
 * @module
 */

/** A return code and its meaning. */
export interface ReturnCode {
  readonly code: number;
  /** The default Message of a response with this code. */
  readonly meaning: string;
}

/** The public codes: answered before an Action is resolved, or for server errors (reference zego 1.7). */
export const PUBLIC_CODES = {
  success: { code: 0, meaning: 'success' },
  hostWrong: { code: 100000000, meaning: 'The Host header is wrong.' },
  appIdMalformed: { code: 100000001, meaning: 'AppId is missing or is not an unsigned 32-bit integer.' },
  timestampEmpty: { code: 100000002, meaning: 'Timestamp is missing or empty.' },
  timestampMalformed: { code: 100000003, meaning: 'Timestamp is not a whole number of seconds.' },
  signatureExpired: { code: 100000004, meaning: 'Timestamp differs from the server time by more than 600 seconds.' },
  signatureWrong: { code: 100000005, meaning: 'Signature is wrong.' },
  actionEmpty: { code: 100000006, meaning: 'Action is missing or empty.' },
  actionNotSupported: { code: 100000007, meaning: 'The Action does not exist.' },
  nonceEmpty: { code: 100000008, meaning: 'SignatureNonce is missing or empty.' },
  signatureEmpty: { code: 100000009, meaning: 'Signature is missing or empty.' },
  serverSecretNotFound: { code: 100000010, meaning: 'The AppId has no ServerSecret on this server.' },
  appConfigNotFound: { code: 100000011, meaning: 'The AppId has no configuration on this server.' },
  bodyUnreadable: { code: 100000012, meaning: 'The request body cannot be read.' },
  signatureVersionEmpty: { code: 100000013, meaning: 'SignatureVersion is missing or empty.' },
  signatureVersionNotSupported: { code: 100000014, meaning: 'SignatureVersion is not 2.0.' },
  internal: { code: 100000015, meaning: 'An internal error occurred.' },
  noProductionEnvironment: { code: 100000016, meaning: 'The App has no production environment.' },
  serviceNotEnabled: { code: 100000017, meaning: 'The App has not enabled this service.' },
} as const satisfies Record<string, ReturnCode>;

/** The codes of the room family. If several codes have the same meaning, their names end in the number (reference zego 1.8). */
export const ROOM_CODES = {
  failed: { code: 1, meaning: 'The request failed.' },
  parameterWrong: { code: 2, meaning: 'A parameter is missing or malformed.' },
  parameterTooLong: { code: 3, meaning: 'A parameter is too long.' },
  decodingFailed: { code: 8, meaning: 'Decoding failed.' },
  apiNotEnabled: { code: 9, meaning: 'The App has not enabled this API.' },
  roomNotFound104: { code: 104, meaning: 'The room does not exist.' },
  userNotFound105: { code: 105, meaning: 'The user does not exist.' },
  broadcastNotSaved: { code: 121, meaning: 'The broadcast message could not be saved.' },
  messageIdNotMade: { code: 122, meaning: 'The message id could not be created.' },
  streamNotSet: { code: 123, meaning: 'The stream could not be set.' },
  streamNotDeleted: { code: 124, meaning: 'The stream could not be deleted.' },
  streamNotFound: { code: 138, meaning: 'The stream does not exist in the room.' },
  broadcastNotPushed: { code: 151, meaning: 'The broadcast message could not be pushed.' },
  listFailed: { code: 154, meaning: 'The list could not be read.' },
  appRateExceeded: { code: 206, meaning: 'The App exceeds the rate limit of this Action; try again later.' },
  roomRateExceeded: { code: 207, meaning: 'The room exceeds the rate limit of this Action; try again later.' },
  messageEmpty: { code: 1008, meaning: 'MessageContent is empty.' },
  streamTaken: { code: 1012, meaning: 'Another user publishes a stream with this id.' },
  roomGone5018: { code: 5018, meaning: 'The room has been destroyed or does not exist.' },
  roomNotFound5024: { code: 5024, meaning: 'The room does not exist.' },
  broadcastNotEncoded: { code: 5201, meaning: 'The broadcast message could not be encoded.' },
  broadcastIdNotMade: { code: 5202, meaning: 'The id of the broadcast message could not be created.' },
  roomNotFound50001: { code: 50001, meaning: 'The room does not exist.' },
  userNotFound50002: { code: 50002, meaning: 'None of the users is in the room.' },
  userNotOnline: { code: 50003, meaning: 'The user is not online, or its state could not be read.' },
  userInfoFailed: { code: 50004, meaning: 'The user information could not be read.' },
  moderationRequestFailed50006: { code: 50006, meaning: 'The request to the moderation service failed.' },
  moderationRequestFailed50007: { code: 50007, meaning: 'The request to the moderation service failed.' },
  moderationFailed: { code: 50009, meaning: 'Moderation failed.' },
  tooManyUsers: { code: 50011, meaning: 'The list of users is too long.' },
  messageTooLong: { code: 50012, meaning: 'The text is too long.' },
  messageNotSent: { code: 50013, meaning: 'The custom message could not be sent.' },
  moderationNotEnabled: { code: 50117, meaning: 'The moderation provider has not been enabled.' },
  tooManyBans: { code: 50123, meaning: 'Too many bans are in force.' },
  banNotFound: { code: 50124, meaning: 'The ban does not exist.' },
} as const satisfies Record<string, ReturnCode>;

/** The codes of the media-service family that Gavel answers; 1 and 2 mean the same as in the room family (reference zego 1.9). */
export const MEDIA_CODES = {
  sequenceStale: { code: 5005, meaning: 'Sequence is not greater than every Sequence of the last 10 seconds.' },
  mediaRateExceeded: { code: 30002, meaning: 'The App exceeds the rate limit of this Action; try again later.' },
  mediaFailed: { code: 30003, meaning: 'An internal error occurred.' },
  streamIdsWrong: {
    code: 30006,
    meaning: 'The list of stream ids is missing, too long, or contains an invalid stream id.',
  },
  streamIdWrong: { code: 30009, meaning: 'StreamId is missing, too long, or not a valid stream id.' },
  streamUnknown: { code: 41004, meaning: 'The stream does not exist.' },
  streamClosed: { code: 41006, meaning: 'The stream has ended.' },
  forbidFailed: { code: 42001, meaning: 'The stream could not be forbidden.' },
  resumeFailed: { code: 42002, meaning: 'The stream could not be allowed again.' },
  forbidListFailed: { code: 42003, meaning: 'The streams could not be forbidden.' },
  resumeListFailed: { code: 42004, meaning: 'The streams could not be allowed again.' },
} as const satisfies Record<string, ReturnCode>;

/** Every code by name. */
export const CODES = { ...PUBLIC_CODES, ...ROOM_CODES, ...MEDIA_CODES } as const;

/** Refuses a call with a return code. Used only inside this door. The message is for the caller and contains no secret. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly returnCode: ReturnCode;
  /** The Data of the refusal, if the Action has any. */
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(returnCode: ReturnCode, message: string = returnCode.meaning, data?: Readonly<Record<string, unknown>>) {
    super(message);
    this.returnCode = returnCode;
    this.data = data;
  }
}
