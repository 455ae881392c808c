/**
 * SetForbidStreamRule: blocks the audio, the video, or both of a stream (RULE; reference zego 2.5).
 *
 * @module
 */

import { CODES, Refusal } from '../codes.ts';
import { integer, requiredText } from '../params.ts';
import { defineAction, ROOM_ID, STREAM_ID } from './action.ts';

const MAX_SECONDS = 86_400;

/** Blocks media kinds of a stream for all players in a room, whether it is published now or later; the last call wins. */
export const setForbidStreamRule = defineAction({
  name: 'SetForbidStreamRule',
  rate: { production: 10, test: 10 },
  parameters: {
    roomId: requiredText('RoomId', ROOM_ID),
    streamId: requiredText('StreamId', STREAM_ID),
    audio: integer('DisableAudio', { min: 0, max: 1, fallback: 0 }),
    video: integer('DisableVideo', { min: 0, max: 1, fallback: 0 }),
    seconds: integer('EffectiveTime', { min: 1, max: MAX_SECONDS, fallback: 21_600, clamped: true }),
  },
  check({ audio, video }) {
    if (audio + video === 0) throw new Refusal(CODES.parameterWrong, 'DisableAudio or DisableVideo must be 1.');
  },
  refusals: { 'policy.too-many-rules': CODES.failed },
  fault: CODES.streamNotSet,
  describe: ({ roomId, streamId }) => ({ room: roomId, targets: [streamId], reason: '' }),
  async run({ roomId, streamId, audio, video, seconds }, call) {
    const blocked = { audio: audio === 1, video: video === 1 };
    const untilMs = call.clock.now() + seconds * 1000;
    const block = { kind: 'stream-block', roomId, streamId, blocked, untilMs, reason: '' } as const;
    await call.policy.execute(call.scope, { type: 'setRules', rules: [block] }, call.origin);
    return undefined;
  },
});
