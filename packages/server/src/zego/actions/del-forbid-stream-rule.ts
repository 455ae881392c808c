/**
 * DelForbidStreamRule: unblocks the media of a stream (RULE; reference zego 2.5).
 *
 * @module
 */

import { CODES } from '../codes.ts';
import { requiredText } from '../params.ts';
import { defineAction, ROOM_ID, STREAM_ID } from './action.ts';

/** Ends the rule for a stream; also succeeds if there is none. */
export const delForbidStreamRule = defineAction({
  name: 'DelForbidStreamRule',
  rate: { production: 10, test: 10 },
  parameters: { roomId: requiredText('RoomId', ROOM_ID), streamId: requiredText('StreamId', STREAM_ID) },
  refusals: {},
  fault: CODES.failed,
  describe: ({ roomId, streamId }) => ({ room: roomId, targets: [streamId], reason: '' }),
  async run({ roomId, streamId }, call) {
    const blocked = { audio: true, video: true };
    const like = { kind: 'stream-block', roomId, streamId, blocked, reason: '' } as const;
    await call.policy.execute(call.scope, { type: 'liftRules', rules: [{ like }], reason: '' }, call.origin);
    return undefined;
  },
});
