/**
 * ResumeRTCStream: lets a forbidden stream be published again (FORB; reference zego 2.5).
 *
 * @module
 */

import { CODES } from '../codes.ts';
import { defineAction, MEDIA_FAMILY } from './action.ts';
import { CONTROL, forbiddenStream, meantStreams, ONE_STREAM, SEQUENCE } from './media-stream.ts';

/** Allows a stream id again; also succeeds if it was not forbidden. */
export const resumeRtcStream = defineAction({
  name: 'ResumeRTCStream',
  family: MEDIA_FAMILY,
  rate: { production: 20, test: 5 },
  parameters: { streamId: ONE_STREAM, sequence: SEQUENCE },
  refusals: {},
  codes: [CODES.sequenceStale],
  fault: CODES.resumeFailed,
  describe: ({ streamId }) => ({ targets: [streamId], reason: '' }),
  async run({ streamId, sequence }, call) {
    const streams = meantStreams(call, [streamId]);
    call.sequences.accept(CONTROL, call.scope, streams, sequence);
    const rules = streams.map((streamId) => ({ like: forbiddenStream(streamId) }));
    await call.policy.execute(call.scope, { type: 'liftRules', rules, reason: '' }, call.origin);
    return undefined;
  },
});
