import type { StreamId } from '@gavel/protocol';
import { expect, test } from 'vitest';
import { KEY } from '../rooms/testing.ts';
import { StreamHistory } from './stream-history.ts';

test('as many ended streams are remembered as fit, the oldest is forgotten first (FORB-6)', () => {
  const history = new StreamHistory(2);
  const end = (streamId: string, atMs: number) =>
    history.follow(KEY, [{ type: 'streamRemoved', stream: { streamId, createdAtMs: 1 }, atMs } as never]);
  for (const [index, streamId] of ['a', 'b', 'a', 'c'].entries()) end(streamId, index);
  expect(['a', 'b', 'c'].map((id) => history.find(KEY, id as StreamId)?.closedAtMs)).toEqual([2, undefined, 3]);
  expect(history.find({ ...KEY, environment: 'test' }, 'a' as StreamId)).toBeUndefined();
});
