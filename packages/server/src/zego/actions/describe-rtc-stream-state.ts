/**
 * DescribeRTCStreamState: whether a stream is live (reference zego 2.5).
 *
 * @module
 */

import { CODES, Refusal } from '../codes.ts';
import { defineAction, MEDIA_FAMILY } from './action.ts';
import { meantStreams, ONE_STREAM, SEQUENCE } from './media-stream.ts';

const seconds = (ms: number) => String(Math.floor(ms / 1000));

/** Reports whether a stream is live, has ended, or is unknown; the last 10,000 ended streams are remembered. */
export const describeRtcStreamState = defineAction({
  name: 'DescribeRTCStreamState',
  family: MEDIA_FAMILY,
  rate: { production: 40, test: 10 },
  parameters: { streamId: ONE_STREAM, sequence: SEQUENCE },
  refusals: {},
  codes: [CODES.sequenceStale, CODES.streamUnknown, CODES.streamClosed],
  fault: CODES.mediaFailed,
  async run({ streamId, sequence }, call) {
    const [stream = streamId] = meantStreams(call, [streamId]);
    call.sequences.accept('state', call.scope, [stream], sequence);
    const state = await call.bus.query(call.scope, { type: 'streamState', streamId: stream });
    switch (state.state) {
      case 'live':
        return { create_time: seconds(state.createdAtMs), close_time: '0' };
      case 'closed':
        throw new Refusal(CODES.streamClosed, undefined, {
          create_time: seconds(state.createdAtMs),
          close_time: seconds(state.closedAtMs),
        });
      case 'unknown':
        throw new Refusal(CODES.streamUnknown);
    }
  },
});
