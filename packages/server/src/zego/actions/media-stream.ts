/**
 * Shared parts of the Actions for streams of the App (FORB; reference zego 2.5).
 *
 * @module
 */

import { parseStreamId, type StreamId } from '@gavel/protocol';
import type { NewForbiddenStream } from '../../policy/rule.ts';
import { CODES } from '../codes.ts';
import { requiredText, textList } from '../params.ts';
import { type Call, STREAM_ID } from './action.ts';

const wrong = { tooLong: CODES.streamIdWrong, malformed: CODES.streamIdWrong, missing: CODES.streamIdWrong };
const wrongList = { tooLong: CODES.streamIdsWrong, malformed: CODES.streamIdsWrong, missing: CODES.streamIdsWrong };

/** Validation of a single stream id. */
export const ONE_STREAM = requiredText('StreamId', { ...STREAM_ID, ...wrong });
/** Validation of up to 20 stream ids. */
export const STREAM_LIST = textList('StreamId', {
  ...STREAM_ID,
  ...wrongList,
  maxCount: 20,
  tooMany: CODES.streamIdsWrong,
});

/** Validation of Sequence, the number that orders calls about a stream. */
export const SEQUENCE = requiredText('Sequence', {
  maxBytes: 19,
  tooLong: CODES.parameterWrong,
  parse: (text) => (/^\d+$/.test(text) ? BigInt(text) : undefined),
});

/** Returns the stream ids of a call. In the test environment the vendor's prefix is removed. */
export function meantStreams(call: Call, streamIds: readonly StreamId[]): readonly StreamId[] {
  const { appId, environment } = call.scope;
  const prefix = `zegotest-${appId}-`;
  if (environment !== 'test') return streamIds;
  return streamIds.map((id) => (id.startsWith(prefix) ? (parseStreamId(id.slice(prefix.length)) ?? id) : id));
}

/** Returns the rule that forbids a stream id. */
export const forbiddenStream = (streamId: StreamId): NewForbiddenStream => ({
  kind: 'forbidden-stream',
  streamId,
  reason: '',
});

/** The purpose of the sequence numbers of calls that forbid and allow streams. */
export const CONTROL = 'control';
