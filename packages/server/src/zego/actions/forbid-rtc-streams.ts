/**
 * ForbidRTCStreams: ends up to 20 streams, and forbids to publish them (FORB; reference zego 2.5).
 *
 * @module
 */

import { CODES } from '../codes.ts';
import { defineAction, MEDIA_FAMILY } from './action.ts';
import { CONTROL, forbiddenStream, meantStreams, SEQUENCE, STREAM_LIST } from './media-stream.ts';

/** Forbids stream ids, in use or not, until they are resumed. */
export const forbidRtcStreams = defineAction({
  name: 'ForbidRTCStreams',
  family: MEDIA_FAMILY,
  rate: { production: 20, test: 5 },
  parameters: { streamIds: STREAM_LIST, sequence: SEQUENCE },
  refusals: { 'policy.too-many-rules': CODES.forbidListFailed },
  codes: [CODES.sequenceStale],
  fault: CODES.forbidListFailed,
  describe: ({ streamIds }) => ({ targets: streamIds, reason: '' }),
  async run({ streamIds, sequence }, call) {
    const streams = meantStreams(call, streamIds);
    call.sequences.accept(CONTROL, call.scope, streams, sequence);
    await call.policy.execute(call.scope, { type: 'setRules', rules: streams.map(forbiddenStream) }, call.origin);
    return undefined;
  },
});
