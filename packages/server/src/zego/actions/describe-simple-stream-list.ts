/**
 * DescribeSimpleStreamList: the streams of a room (reference zego 2.5).
 *
 * @module
 */

import { CODES } from '../codes.ts';
import { requiredText } from '../params.ts';
import { defineAction, ROOM_ID } from './action.ts';

/** Lists the streams of a room in the order in which they were added; a room that does not exist has none. */
export const describeSimpleStreamList = defineAction({
  name: 'DescribeSimpleStreamList',
  rate: { production: 50, test: 50 },
  roomRate: { calls: 1, windowMs: 10_000, roomOf: ({ roomId }) => roomId },
  parameters: { roomId: requiredText('RoomId', ROOM_ID) },
  refusals: {},
  fault: CODES.listFailed,
  async run({ roomId }, call) {
    const { room } = await call.bus.query(call.keyOf(roomId), { type: 'snapshot' });
    const StreamList = (room?.streams ?? []).map((stream) => ({
      StreamId: stream.streamId,
      UserId: stream.user.id,
      UserName: stream.user.name,
      CreateTime: stream.createdAtMs,
      StreamNumberId: stream.number,
    }));
    return { StreamList };
  },
});
