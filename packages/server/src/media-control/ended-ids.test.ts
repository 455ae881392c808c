import { FakeClock } from '@gavel/testkit/fake-clock';
import { expect, test } from 'vitest';
import { EndedIds } from './ended-ids.ts';

test('an ended id is remembered for a minute, and memory is bounded by the ids of that minute', async () => {
  const clock = new FakeClock();
  const ended = new EndedIds<string>(clock);
  expect(ended.has('a')).toBe(false);
  ended.add('a');
  await clock.advance(59_999);
  ended.add('b');
  expect([ended.has('a'), ended.has('b'), ended.size]).toEqual([true, true, 2]);
  await clock.advance(1);
  ended.add('c');
  expect([ended.has('a'), ended.has('b'), ended.size]).toEqual([false, true, 2]);
});
