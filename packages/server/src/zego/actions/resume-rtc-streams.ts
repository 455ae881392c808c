/**
 * ResumeRTCStreams: lets up to 20 forbidden streams be published again (FORB; reference zego 2.5).
 *
 * @module
 */

import { CODES } from '../codes.ts';
import { defineAction, MEDIA_FAMILY } from './action.ts';
import { CONTROL, forbiddenStream, meantStreams, SEQUENCE, STREAM_LIST } from './media-stream.ts';

/** Allows stream ids again; also succeeds for ids that were not forbidden. */
export const resumeRtcStreams = defineAction({
  name: 'ResumeRTCStreams',
  family: MEDIA_FAMILY,
  rate: { production: 20, test: 5 },
  parameters: { streamIds: STREAM_LIST, sequence: SEQUENCE },
  refusals: {},
  codes: [CODES.sequenceStale],
  fault: CODES.resumeListFailed,
  describe: ({ streamIds }) => ({ targets: streamIds, reason: '' }),
  async run({ streamIds, sequence }, call) {
    const streams = meantStreams(call, streamIds);
    call.sequences.accept(CONTROL, call.scope, streams, sequence);
    const rules = streams.map((streamId) => ({ like: forbiddenStream(streamId) }));
    await call.policy.execute(call.scope, { type: 'liftRules', rules, reason: '' }, call.origin);
    return undefined;
  },
});
