/**
 * DescribeUserNum: how many users are in each of up to 10 rooms (reference zego 2.3).
 *
 * @module
 */

import { CODES } from '../codes.ts';
import { textList } from '../params.ts';
import { defineAction, ROOM_ID } from './action.ts';

/** Counts the users of rooms, in the requested order; a room that does not exist has 0. */
export const describeUserNum = defineAction({
  name: 'DescribeUserNum',
  rate: { production: 10, test: 1 },
  parameters: { roomIds: textList('RoomId', { ...ROOM_ID, maxCount: 10, tooMany: CODES.parameterTooLong }) },
  refusals: {},
  fault: CODES.listFailed,
  async run({ roomIds }, call) {
    const answers = await Promise.all(roomIds.map((roomId) => call.bus.query(call.keyOf(roomId), { type: 'summary' })));
    const UserCountList = roomIds.map((RoomId, index) => ({
      RoomId,
      UserCount: answers[index]?.room?.memberCount ?? 0,
      // Robots that record or moderate; Gavel has none.
      AdminUserCount: 0,
    }));
    return { UserCountList };
  },
});
