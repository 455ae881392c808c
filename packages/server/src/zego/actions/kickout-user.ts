/**
 * KickoutUser: removes 1 to 5 users from a room (KICK).
 *
 * @module
 */

import { MAX_BYTES } from '@gavel/protocol';
import { CODES } from '../codes.ts';
import { optionalText, requiredText, textList } from '../params.ts';
import { defineAction, ROOM_ID, USER_ID } from './action.ts';

/** Removes 1 to 5 users from a room, with all their logins there. Succeeds if at least one of them was in the room (KICK-3). */
export const kickoutUser = defineAction({
  name: 'KickoutUser',
  rate: { production: 50, test: 50 },
  parameters: {
    roomId: requiredText('RoomId', ROOM_ID),
    userIds: textList('UserId', { ...USER_ID, maxCount: 5, tooMany: CODES.tooManyUsers }),
    reason: optionalText('CustomReason', { maxBytes: MAX_BYTES.reason, tooLong: CODES.messageTooLong }),
  },
  refusals: {
    'room.not-found': CODES.roomNotFound50001,
    'room.member-not-found': CODES.userNotFound50002,
  },
  fault: CODES.internal,
  describe: ({ roomId, userIds, reason }) => ({ room: roomId, targets: userIds, reason }),
  async run({ roomId, userIds, reason }, call) {
    const targets = userIds.map((userId) => ({ label: userId, userIds: [userId] }));
    await call.bus.call({
      key: call.keyOf(roomId),
      command: { type: 'kick', targets, require: 'any', reason },
      origin: call.origin,
    });
    return undefined;
  },
});
