/**
 * ForbidRTCStream: ends a stream, and forbids to publish it (FORB; reference zego 2.5).
 *
 * @module
 */

import { CODES } from '../codes.ts';
import { defineAction, MEDIA_FAMILY } from './action.ts';
import { CONTROL, forbiddenStream, meantStreams, ONE_STREAM, SEQUENCE } from './media-stream.ts';

/** Forbids a stream id, in use or not, until it is resumed. */
export const forbidRtcStream = defineAction({
  name: 'ForbidRTCStream',
  family: MEDIA_FAMILY,
  rate: { production: 20, test: 5 },
  parameters: { streamId: ONE_STREAM, sequence: SEQUENCE },
  refusals: { 'policy.too-many-rules': CODES.forbidFailed },
  codes: [CODES.sequenceStale],
  fault: CODES.forbidFailed,
  describe: ({ streamId }) => ({ targets: [streamId], reason: '' }),
  async run({ streamId, sequence }, call) {
    const streams = meantStreams(call, [streamId]);
    call.sequences.accept(CONTROL, call.scope, streams, sequence);
    await call.policy.execute(call.scope, { type: 'setRules', rules: streams.map(forbiddenStream) }, call.origin);
    return undefined;
  },
});
