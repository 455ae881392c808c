/**
 * Messages and the room's info. Nothing here throws: a refusal is returned as the answer.
 *
 * @module
 */

import type { RoomMessage } from '../core/room-view.ts';
import { checkMessage, checkRoomInfo } from './checks.ts';
import { CODES, toZegoError } from './errors.ts';
import type { ZegoRoom } from './room.ts';
import type { ZegoServerResponse } from './types.ts';

async function answer(
  room: ZegoRoom | undefined,
  fault: number,
  send: (room: ZegoRoom) => Promise<unknown>,
  tooOften: number = CODES.tooOften,
): Promise<ZegoServerResponse> {
  if (!room) return { errorCode: CODES.notLoggedIn };
  if (fault !== CODES.ok) return { errorCode: fault };
  try {
    await send(room);
    return { errorCode: CODES.ok };
  } catch (error) {
    const refusal = toZegoError(error);
    return refusal.errorCode === CODES.tooOften ? { ...refusal, errorCode: tooOften } : refusal;
  }
}

/** Sends a message of 1 to 1,024 bytes. */
export function sendMessage(
  room: ZegoRoom | undefined,
  kind: RoomMessage['kind'],
  text: string,
  to?: readonly string[],
): Promise<ZegoServerResponse> {
  const tooOften = kind === 'broadcast' ? CODES.broadcastTooOften : CODES.tooOften;
  return answer(room, checkMessage(text), ({ session }) => session.send(kind, text, to), tooOften);
}

/** Sends a command of 1 to 1,024 bytes to users, or to everyone if the list is empty. */
export function sendCommand(
  room: ZegoRoom | undefined,
  command: string,
  toUserIDs: readonly string[],
): Promise<ZegoServerResponse> {
  const isList = Array.isArray(toUserIDs) && toUserIDs.every((id) => typeof id === 'string');
  if (!isList) return answer(room, CODES.badParameter, () => Promise.resolve());
  return sendMessage(room, 'command', command, toUserIDs.length > 0 ? toUserIDs : undefined);
}

/** Sets the room's info. */
export function setRoomInfo(room: ZegoRoom | undefined, key: string, value: string): Promise<ZegoServerResponse> {
  return answer(room, checkRoomInfo(key, value), ({ session }) => session.request('setRoomInfo', { key, value }));
}
