/**
 * DescribeForbidStreamRules: which media kinds of up to 10 streams of a room are blocked (RULE; reference zego 2.5).
 *
 * @module
 */

import { CODES } from '../codes.ts';
import { requiredText, textList } from '../params.ts';
import { defineAction, ROOM_ID, STREAM_ID } from './action.ts';

/** Returns the blocked kinds of each stream, in the requested order; zeros if there is no rule. */
export const describeForbidStreamRules = defineAction({
  name: 'DescribeForbidStreamRules',
  rate: { production: 10, test: 10 },
  parameters: {
    roomId: requiredText('RoomId', ROOM_ID),
    streamIds: textList('StreamId', { ...STREAM_ID, maxCount: 10, tooMany: CODES.parameterTooLong }),
  },
  refusals: {},
  fault: CODES.failed,
  async run({ roomId, streamIds }, call) {
    const ForbidStreamRuleList = streamIds.map((StreamId) => {
      const rule = call.policy.policies.findBlock(call.keyOf(roomId), StreamId);
      return {
        StreamId,
        DisableAudio: rule?.blocked.audio ? 1 : 0,
        DisableVideo: rule?.blocked.video ? 1 : 0,
        CreateTime: rule ? Math.floor(rule.createdAtMs / 1000) : 0,
        EffectiveTime: rule?.untilMs === undefined ? 0 : Math.round((rule.untilMs - rule.createdAtMs) / 1000),
      };
    });
    return { RoomId: roomId, ForbidStreamRuleList };
  },
});
