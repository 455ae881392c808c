/**
 * DeleteStream: removes a stream while its owner stays in the room (STRM).
 *
 * @module
 */

import { MAX_BYTES, parseUserId } from '@gavel/protocol';
import { CODES } from '../codes.ts';
import { anyText, optionalText, requiredText } from '../params.ts';
import { defineAction, ROOM_ID, STREAM_ID } from './action.ts';

/** Removes a stream and ends its media; its owner stays (STRM-1, STRM-3). */
export const deleteStream = defineAction({
  name: 'DeleteStream',
  rate: { production: 10, test: 1 },
  parameters: {
    roomId: requiredText('RoomId', ROOM_ID),
    // The caller need not be a user of any room (STRM-4), so any characters are allowed.
    actor: requiredText('UserId', { maxBytes: MAX_BYTES.userId, parse: anyText }),
    actorName: optionalText('UserName', { maxBytes: MAX_BYTES.userName }),
    streamId: requiredText('StreamId', STREAM_ID),
  },
  refusals: {
    'room.not-found': CODES.roomNotFound104,
    'stream.not-found': CODES.streamNotFound,
  },
  fault: CODES.streamNotDeleted,
  describe: ({ roomId, actor, streamId }) => ({ room: roomId, targets: [streamId], reason: '', actor }),
  async run({ roomId, actor, streamId }, call) {
    const actorUserId = parseUserId(actor);
    const command = { type: 'deleteStream', streamId, ...(actorUserId && { actorUserId }) } as const;
    await call.bus.call({ key: call.keyOf(roomId), command, origin: call.origin });
    return undefined;
  },
});
