import type { StreamId } from '@gavel/protocol';
import { expect, test } from 'vitest';
import { KEY } from '../rooms/testing.ts';
import { mergeAnswers } from './merge-answers.ts';

const streamId = 's' as StreamId;
const live = { state: 'live', createdAtMs: 3 } as const;
const closed = { state: 'closed', createdAtMs: 1, closedAtMs: 2 } as const;
const closedLater = { state: 'closed', createdAtMs: 2, closedAtMs: 3 } as const;
const unknown = { state: 'unknown' } as const;

test('the room of a stream is that of the owner that has it', () => {
  const query = { type: 'roomOfStream', streamId } as const;
  expect(mergeAnswers(query, [{}, { key: KEY }, {}])).toEqual({ key: KEY });
  expect(mergeAnswers(query, [{}, {}])).toEqual({});
});

test('a live stream is found before a closed one, and of closed ones the last', () => {
  const query = { type: 'streamState', streamId } as const;
  expect(mergeAnswers(query, [closed, live, unknown])).toEqual(live);
  expect(mergeAnswers(query, [live, closed])).toEqual(live);
  expect(mergeAnswers(query, [closed, unknown, closedLater])).toEqual(closedLater);
  expect(mergeAnswers(query, [closedLater, closed])).toEqual(closedLater);
  expect(mergeAnswers(query, [unknown, unknown])).toEqual(unknown);
});

test('people are those of all owners', () => {
  const [ann, ben] = [{ user: 'ann' }, { user: 'ben' }] as never[];
  expect(mergeAnswers({ type: 'people' }, [{ people: [ann as never] }, { people: [ben as never] }])).toEqual({
    people: [ann, ben],
  });
});
