/**
 * CloseRoom: removes all users and destroys the room (CLOSE).
 *
 * @module
 */

import { MAX_BYTES } from '@gavel/protocol';
import { CODES } from '../codes.ts';
import { flag, optionalText, requiredText } from '../params.ts';
import { defineAction, ROOM_ID } from './action.ts';

/** Removes all users and destroys the room; the id is free when the call is answered (CLOSE-5). */
export const closeRoom = defineAction({
  name: 'CloseRoom',
  rate: { production: 1, test: 1 },
  parameters: {
    roomId: requiredText('RoomId', ROOM_ID),
    reason: optionalText('CustomReason', { maxBytes: MAX_BYTES.reason }),
    announce: flag('RoomCloseCallback'),
  },
  refusals: { 'room.not-found': CODES.roomGone5018 },
  fault: CODES.internal,
  describe: ({ roomId, reason }) => ({ room: roomId, targets: [], reason }),
  async run({ roomId, reason, announce }, call) {
    await call.bus.call({ key: call.keyOf(roomId), command: { type: 'close', reason, announce }, origin: call.origin });
    return undefined;
  },
});
