/**
 * SendCustomCommand: a signal to named users of a room, or to all of them (reference zego 2.4).
 *
 * @module
 */

import { CODES, Refusal } from '../codes.ts';
import { optionalTextList, requiredText } from '../params.ts';
import { defineAction, ROOM_ID, USER_ID } from './action.ts';
import { CONTENT, sendMessage } from './message.ts';

/** Sends the command to the named users, or to all users; users who are not in the room are listed as failed. */
export const sendCustomCommand = defineAction({
  name: 'SendCustomCommand',
  rate: { production: 100, test: 10 },
  parameters: {
    roomId: requiredText('RoomId', ROOM_ID),
    userId: requiredText('FromUserId', USER_ID),
    to: optionalTextList('ToUserId', { ...USER_ID, maxCount: 10, tooMany: CODES.tooManyUsers }),
    text: requiredText('MessageContent', CONTENT),
  },
  refusals: { 'room.not-found': CODES.roomNotFound50001 },
  codes: [CODES.userNotOnline],
  fault: CODES.messageNotSent,
  describe: ({ roomId, userId, to }) => ({ room: roomId, targets: to ?? [], reason: '', actor: userId }),
  async run({ roomId, userId, to, text }, call) {
    const users = to && [...new Set(to)];
    const { absent } = await sendMessage('command', { roomId, userId, userName: '', text }, call, users);
    const data = { FailUsers: absent.map((Uid) => ({ Uid, Code: CODES.userNotOnline.code })) };
    // The call succeeds if at least one user received the command.
    if (users && absent.length === users.length) throw new Refusal(CODES.userNotOnline, undefined, data);
    return data;
  },
});
