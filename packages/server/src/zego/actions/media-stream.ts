/**
 * What the Actions about streams of the App share (FORB; reference zego 2.5).
 *
 * @module
 */

import { parseStreamId, type StreamId } from '@gavel/protocol';
import { CODES } from '../codes.ts';
import { requiredText, textList } from '../params.ts';
import { type Call, STREAM_ID } from './action.ts';

const wrong = { tooLong: CODES.streamIdWrong, malformed: CODES.streamIdWrong, missing: CODES.streamIdWrong };
const wrongList = { tooLong: CODES.streamIdsWrong, malformed: CODES.streamIdsWrong, missing: CODES.streamIdsWrong };

/** How the one stream of a call is read. */
export const ONE_STREAM = requiredText('StreamId', { ...STREAM_ID, ...wrong });
/** How up to 20 streams are read. */
export const STREAM_LIST = textList('StreamId', {
  ...STREAM_ID,
  ...wrongList,
  maxCount: 20,
  tooMany: CODES.streamIdsWrong,
});

/** How the number is read that puts calls about a stream in order. */
export const SEQUENCE = requiredText('Sequence', {
  maxBytes: 19,
  tooLong: CODES.parameterWrong,
  parse: (text) => (/^\d+$/.test(text) ? BigInt(text) : undefined),
});

/** Returns the streams that a call means: in the test environment the vendor's prefix before an id is not part of it. */
export function meantStreams(call: Call, streamIds: readonly StreamId[]): readonly StreamId[] {
  const { appId, environment } = call.world;
  const prefix = `zegotest-${appId}-`;
  if (environment !== 'test') return streamIds;
  return streamIds.map((id) => (id.startsWith(prefix) ? (parseStreamId(id.slice(prefix.length)) ?? id) : id));
}

/** What the numbers of calls that forbid and allow are for. */
export const CONTROL = 'control';
