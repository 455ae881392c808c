/**
 * DescribeUsers: which of up to 10 users are in a room (reference zego 2.3).
 *
 * @module
 */

import { GavelError } from '@gavel/protocol';
import { CODES } from '../codes.ts';
import { requiredText, textList } from '../params.ts';
import { defineAction, ROOM_ID, USER_ID } from './action.ts';
import { AUDIENCE_ROLE } from './user-role.ts';

/** Reports whether users are in a room and since when, in the requested order. */
export const describeUsers = defineAction({
  name: 'DescribeUsers',
  rate: { production: 10, test: 10 },
  parameters: {
    roomId: requiredText('RoomId', ROOM_ID),
    userIds: textList('UserId', { ...USER_ID, maxCount: 10, tooMany: CODES.parameterTooLong }),
  },
  refusals: { 'room.not-found': CODES.roomNotFound50001 },
  fault: CODES.internal,
  async run({ roomId, userIds }, call) {
    const { room } = await call.bus.query(call.keyOf(roomId), { type: 'snapshot' });
    if (!room) throw new GavelError('room.not-found');
    const asked = new Set<string>(userIds);
    const loginTimes = new Map<string, number>();
    for (const { user, joinedAtMs } of room.members) {
      if (asked.has(user.id)) loginTimes.set(user.id, Math.min(joinedAtMs, loginTimes.get(user.id) ?? joinedAtMs));
    }
    const UserStatusList = userIds.map((UserId) => ({
      UserId,
      Status: loginTimes.has(UserId) ? 1 : 0,
      LoginTime: loginTimes.get(UserId) ?? 0,
      UserRole: AUDIENCE_ROLE,
    }));
    return { UserStatusList };
  },
});
