/**
 * Shared parts of the two chat Actions.
 *
 * @module
 */

import { MAX_BYTES, type RoomId, type UserId } from '@gavel/protocol';
import type { Replies } from '../../rooms/replies.ts';
import { CODES } from '../codes.ts';
import { anyText, optionalText, requiredInteger, requiredText, type TextRule } from '../params.ts';
import { type Call, ROOM_ID, USER_ID } from './action.ts';

/** Validation of the text of a message. */
export const CONTENT: TextRule<string> = {
  maxBytes: MAX_BYTES.message,
  parse: anyText,
  tooLong: CODES.messageTooLong,
};

/** Parameters of a message: sender, category and room. */
export const SENDER_PARAMETERS = {
  roomId: requiredText('RoomId', ROOM_ID),
  userId: requiredText('UserId', USER_ID),
  userName: optionalText('UserName', { maxBytes: MAX_BYTES.userName }),
  // 1 is a system message, 2 a user message; clients do not receive the category.
  category: requiredInteger('MessageCategory', { min: 1, max: 2 }),
} as const;

/** A message that may be sent. */
export interface MessageOrder {
  readonly roomId: RoomId;
  readonly userId: UserId;
  readonly userName: string;
  readonly text: string;
}

/** Sends a message and returns its id and its absent recipients. @throws GavelError `room.not-found` */
export async function sendMessage(
  kind: 'broadcast' | 'barrage' | 'command',
  { roomId, userId, userName, text }: MessageOrder,
  call: Call,
  to?: readonly UserId[],
): Promise<Replies['send']> {
  const from = { id: userId, name: userName || userId };
  const command = { type: 'send', kind, from, text, ...(to && { to }) } as const;
  return call.bus.call({ key: call.keyOf(roomId), command, origin: call.origin });
}
