/**
 * ForbidRTCStreams: ends up to 20 streams, and forbids to publish them (FORB; reference zego 2.5).
 *
 * @module
 */

import { CODES, Refusal } from '../codes.ts';
import { defineAction, MEDIA_FAMILY } from './action.ts';
import { CONTROL, meantStreams, SEQUENCE, STREAM_LIST } from './media-stream.ts';

/** Forbids stream ids, in use or not, until they are resumed. */
export const forbidRtcStreams = defineAction({
  name: 'ForbidRTCStreams',
  family: MEDIA_FAMILY,
  rate: { production: 20, test: 5 },
  parameters: { streamIds: STREAM_LIST, sequence: SEQUENCE },
  refusals: {},
  codes: [CODES.sequenceStale],
  fault: CODES.forbidListFailed,
  describe: ({ streamIds }) => ({ targets: streamIds, reason: '' }),
  async run({ streamIds, sequence }, call) {
    const streams = meantStreams(call, streamIds);
    call.sequences.accept(CONTROL, call.world, streams, sequence);
    const isSet = await call.enforcement.forbid(call.world, streams, call.origin);
    if (!isSet) throw new Refusal(CODES.forbidListFailed, 'Too many streams are forbidden.');
    return undefined;
  },
});
