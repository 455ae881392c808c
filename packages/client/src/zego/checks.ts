/**
 * Checks of the application's arguments before anything is sent (reference zego 4.6, 4.7).
 *
 * @module
 */

import {
  byteLength,
  findRoomIdFault,
  findStreamIdFault,
  findUserIdFault,
  type IdFault,
  MAX_BYTES,
} from '@gavel/protocol/ids';
import { CODES } from './errors.ts';
import type { ZegoUser } from './types.ts';

const ROOM_ID: Readonly<Record<IdFault, number>> = {
  empty: CODES.roomIdEmpty,
  'too-long': CODES.roomIdTooLong,
  'bad-characters': CODES.roomIdIllegal,
};
const USER_ID: Readonly<Record<IdFault, number>> = {
  empty: CODES.userIdEmpty,
  'too-long': CODES.userIdTooLong,
  'bad-characters': CODES.userIdIllegal,
};
const STREAM_ID: Readonly<Record<IdFault, number>> = {
  empty: CODES.streamIdEmpty,
  'too-long': CODES.streamIdTooLong,
  'bad-characters': CODES.streamIdIllegal,
};

/** Returns whether a value is text, or is left out. Calls from JavaScript may pass anything. */
export function isOptionalText(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string';
}

/** Returns the error code for invalid login arguments, or 0 (ROOM-6). */
export function checkLogin(roomId: string, user: ZegoUser): number {
  const hasTypes = typeof roomId === 'string' && typeof user?.userID === 'string' && isOptionalText(user.userName);
  if (!hasTypes) return CODES.badParameter;
  const roomFault = findRoomIdFault(roomId);
  if (roomFault) return ROOM_ID[roomFault];
  const userFault = findUserIdFault(user.userID);
  if (userFault) return USER_ID[userFault];
  return byteLength(user.userName ?? '') > MAX_BYTES.userName ? CODES.userNameTooLong : CODES.ok;
}

/** Returns the error code for an invalid stream id, or 0. */
export function checkStreamId(streamId: string): number {
  const fault = findStreamIdFault(streamId);
  return fault ? STREAM_ID[fault] : CODES.ok;
}

/** Returns the error code for a message that is empty or longer than 1,024 bytes, or 0. */
export function checkMessage(message: string): number {
  if (typeof message !== 'string') return CODES.badParameter;
  if (message.length === 0) return CODES.messageEmpty;
  return byteLength(message) > MAX_BYTES.message ? CODES.messageTooLong : CODES.ok;
}

/** Returns the error code for a room info whose key is empty, or whose key or value exceeds 128 bytes, or 0. */
export function checkRoomInfo(key: string, value: string): number {
  if (typeof key !== 'string' || typeof value !== 'string') return CODES.badParameter;
  if (key.length === 0 || byteLength(key) > MAX_BYTES.roomInfoKey) return CODES.roomInfoKeyTooLong;
  return byteLength(value) > MAX_BYTES.roomInfoValue ? CODES.roomInfoValueTooLong : CODES.ok;
}

/** Returns the error code for an extra info longer than 1,024 bytes, or 0. */
export function checkExtraInfo(extraInfo: string): number {
  return byteLength(extraInfo) > MAX_BYTES.extraInfo ? CODES.extraInfoTooLong : CODES.ok;
}
