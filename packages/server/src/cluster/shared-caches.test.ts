import { expect, test } from 'vitest';
import { readWhenUntold } from './shared-caches.ts';

test('a node reads again what is stored after a gap of its lease, and when another one has died (CLUS-7)', async () => {
  let nodes = ['a', 'b'];
  const errors: object[] = [];
  let reads = 0;
  let resume: () => Promise<unknown> = async () => expect.fail('it listens');
  let change: () => void = () => expect.fail('it listens');
  const fail = { isSet: false };
  readWhenUntold({
    peers: {
      nodes: () => nodes,
      onNodesChanged(listener) {
        change = listener;
        return () => {};
      },
    },
    lease: {
      beforeResume: (listener) => {
        resume = listener;
      },
    },
    async read() {
      reads += 1;
      if (fail.isSet) throw new Error('the database is gone');
    },
    log: { error: (fields) => void errors.push(fields) },
  });
  await resume();
  expect(reads).toBe(1);
  nodes = ['a', 'b', 'c'];
  change();
  expect(reads).toBe(1);
  nodes = ['a', 'c'];
  fail.isSet = true;
  change();
  expect(reads).toBe(2);
  await expect.poll(() => errors).toHaveLength(1);
});
