import { expect, test } from 'vitest';
import { KeyedQueue } from './keyed-queue.ts';

test('tasks of one key are done in order, also after one that failed; other keys do not wait (SIG-1)', async () => {
  const queue = new KeyedQueue();
  const done: string[] = [];
  const first = Promise.withResolvers<void>();
  const results = [
    queue.run('a', () => first.promise.then(() => Promise.reject(new Error('failed')))),
    queue.run('a', async () => void done.push('a2')),
    queue.run('b', async () => void done.push('b1')),
    queue.run('a', async () => void done.push('a3')),
  ];
  await results[2];
  expect(done).toEqual(['b1']);
  first.resolve();
  await expect(results[0]).rejects.toThrow('failed');
  expect([queue.has('a'), queue.has('b')]).toEqual([true, false]);
  await queue.settled();
  expect(done).toEqual(['b1', 'a2', 'a3']);
  expect(queue.size).toBe(0);
});
