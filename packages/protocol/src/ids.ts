/**
 * Ids as branded strings, so that the compiler refuses a room id where a user id is expected.
 *
 * Limits and character sets are those of SPEC.md ROOM-6. `parseX` takes untrusted text.
 *
 * @module
 */

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Identifies an App (a tenant): an unsigned 32-bit integer, not 0. */
export type AppId = Brand<number, 'AppId'>;
/** Identifies a room within an App and environment: 1 to 128 bytes. */
export type RoomId = Brand<string, 'RoomId'>;
/** Identifies a user within an App: 1 to 64 bytes. */
export type UserId = Brand<string, 'UserId'>;
/** Identifies a stream within an App and environment: 1 to 256 characters of letters, digits, `-`, `_`. */
export type StreamId = Brand<string, 'StreamId'>;
/** Identifies one login of one user in one room; created by the server, never reused. */
export type MemberId = Brand<string, 'MemberId'>;
/** Identifies one publish of a stream; created by the server, never reused. */
export type PublishId = Brand<string, 'PublishId'>;
/** Identifies a poll; created by the server, never reused. */
export type PollId = Brand<string, 'PollId'>;
/**
 * Identifies one life of a room: an ascending uint64 as decimal digits without leading zeros (ROOM-3). It is text, so
 * that it is the same in memory, in JSON and in the store; `compareEpochs` orders epochs.
 */
export type Epoch = Brand<string, 'Epoch'>;

/** The two environments of an App; the rooms of one cannot be reached from the other. */
export type Environment = 'production' | 'test';

/** Identifies a room on a server. */
export interface RoomKey {
  readonly appId: AppId;
  readonly environment: Environment;
  readonly roomId: RoomId;
}

/** The key that was formatted last: one command formats its key a dozen times, and maps find the same text faster than an equal one. */
let lastFormatted: { readonly key: RoomKey; readonly text: string } | undefined;

/** Formats a room's key as one string, for maps and logs. */
export function roomKeyText(key: RoomKey): string {
  if (lastFormatted?.key !== key) {
    lastFormatted = { key, text: `${key.appId}/${key.environment === 'test' ? 'test' : 'live'}/${key.roomId}` };
  }
  return lastFormatted.text;
}

const EPOCH = /^(?:0|[1-9]\d{0,19})$/;

/** Parses an epoch; returns undefined if the text is not a decimal number of at most 20 digits without leading zeros. */
export function parseEpoch(text: string): Epoch | undefined {
  return EPOCH.test(text) ? (text as Epoch) : undefined;
}

/** Compares two epochs: negative if the first one is of an earlier life, 0 if they are equal. */
export function compareEpochs(one: Epoch, other: Epoch): number {
  if (one === other) return 0;
  // Without leading zeros, the longer number is the larger one.
  return one.length - other.length || (one < other ? -1 : 1);
}

/** Maximum length in bytes of UTF-8 of each text that a client may send (reference zego 4.7). */
export const MAX_BYTES = {
  roomId: 128,
  userId: 64,
  userName: 256,
  streamId: 256,
  extraInfo: 1024,
  message: 1024,
  customType: 64,
  /** As JSON. */
  customPayload: 8192,
  reason: 256,
  callbackData: 128,
  roomInfoKey: 128,
  roomInfoValue: 128,
} as const;

const encoder = new TextEncoder();

/** Maximum number of characters (Unicode code points) of the name of a member whose preset defines its name (NAME-1). */
export const MAX_NAME_CHARACTERS = 256;

/** Counts the characters (Unicode code points) of a text. */
export function countCharacters(text: string): number {
  return [...text].length;
}

/** Counts the bytes of a text in UTF-8 (ACC-8). */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** The most bytes of UTF-8 that one UTF-16 unit of a text can have. */
const MAX_UNIT_BYTES = 3;

/** Returns whether a text has more bytes in UTF-8 than a limit (ACC-8). Most texts are so short that they need not be encoded. */
export function isLongerThan(text: string, maxBytes: number): boolean {
  return text.length * MAX_UNIT_BYTES > maxBytes && byteLength(text) > maxBytes;
}

const ROOM_ID = /^[0-9A-Za-z~!@#$^&*()_+=\-,;'’.<>/]+$/;
const USER_ID = /^[0-9A-Za-z~!@#$^&*()_+=\-,;'’.]+$/;
const STREAM_ID = /^[0-9A-Za-z_-]+$/;

/** Why an id is invalid. */
export type IdFault = 'empty' | 'too-long' | 'bad-characters';

function findFault(text: string, pattern: RegExp, maxBytes: number): IdFault | undefined {
  if (text.length === 0) return 'empty';
  if (isLongerThan(text, maxBytes)) return 'too-long';
  return pattern.test(text) ? undefined : 'bad-characters';
}

/** Returns what is wrong with a room id, or undefined (ROOM-6). */
export const findRoomIdFault = (text: string): IdFault | undefined => findFault(text, ROOM_ID, MAX_BYTES.roomId);
/** Returns what is wrong with a user id, or undefined (ROOM-6). */
export const findUserIdFault = (text: string): IdFault | undefined => findFault(text, USER_ID, MAX_BYTES.userId);
/** Returns what is wrong with a stream id, or undefined. */
export const findStreamIdFault = (text: string): IdFault | undefined => findFault(text, STREAM_ID, MAX_BYTES.streamId);

/** Returns the text as a room id, or undefined if it is not a valid one (ROOM-6). */
export const parseRoomId = (text: string): RoomId | undefined => (findRoomIdFault(text) ? undefined : (text as RoomId));
/** Returns the text as a user id, or undefined if it is not a valid one (ROOM-6). */
export const parseUserId = (text: string): UserId | undefined => (findUserIdFault(text) ? undefined : (text as UserId));
/** Returns the text as a stream id, or undefined if it is not a valid one. */
export const parseStreamId = (text: string): StreamId | undefined =>
  findStreamIdFault(text) ? undefined : (text as StreamId);

/** Returns the number as an App id, or undefined if it is not an unsigned 32-bit integer above 0. */
export function parseAppId(value: number): AppId | undefined {
  return Number.isInteger(value) && value > 0 && value <= 0xffff_ffff ? (value as AppId) : undefined;
}
