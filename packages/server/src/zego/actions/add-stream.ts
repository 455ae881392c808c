/**
 * AddStream: announces a stream in a room; media comes by other means (reference zego 2.5).
 *
 * @module
 */

import { MAX_BYTES } from '@gavel/protocol';
import { CODES } from '../codes.ts';
import { integer, optionalText, requiredText } from '../params.ts';
import { defineAction, ROOM_ID, STREAM_ID, USER_ID } from './action.ts';

/** Announces a stream in an existing room; for a stream of the same user it updates the title and the extra info (STRM-6). */
export const addStream = defineAction({
  name: 'AddStream',
  rate: { production: 10, test: 1 },
  parameters: {
    roomId: requiredText('RoomId', ROOM_ID),
    userId: requiredText('UserId', USER_ID),
    userName: optionalText('UserName', { maxBytes: MAX_BYTES.userName }),
    streamId: requiredText('StreamId', STREAM_ID),
    title: optionalText('StreamTitle', { maxBytes: 127 }),
    extraInfo: optionalText('ExtraInfo', { maxBytes: MAX_BYTES.extraInfo }),
    // Whether the stream may be moderated. It is validated so that callers find mistakes, but has no effect.
    censorFlag: integer('CensorFlag', { min: 0, max: 1, fallback: 0 }),
  },
  refusals: {
    'room.not-found': CODES.roomNotFound104,
    'stream.taken': CODES.streamTaken,
    // The id is forbidden (FORB-2).
    'stream.banned': CODES.streamNotSet,
    // The user or the App has reached its limit of streams (LIM-7).
    'stream.too-many': CODES.streamNotSet,
  },
  fault: CODES.streamNotSet,
  describe: ({ roomId, userId, streamId }) => ({ room: roomId, targets: [streamId], reason: '', actor: userId }),
  async run({ roomId, userId, userName, streamId, title, extraInfo }, call) {
    const user = { id: userId, name: userName || userId };
    await call.bus.call({
      key: call.keyOf(roomId),
      command: { type: 'addStream', user, streamId, title, extraInfo },
      origin: call.origin,
    });
    return undefined;
  },
});
