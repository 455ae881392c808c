import { expect, test } from 'vitest';
import { ClosedRing, maxClosedPeers } from './closed-ring.ts';
import { createCounters } from './counters.ts';

test('the last thousand closed peers are remembered, oldest first', () => {
  const ring = new ClosedRing();
  for (let i = 0; i <= maxClosedPeers; i += 1) {
    ring.add({
      kind: 'publisher',
      stream: String(i),
      closedAtMs: i,
      counters: createCounters(),
      packetsAfterClose: 0,
      arrivedAfterClose: 0,
    });
  }
  expect(ring.list().length).toBe(maxClosedPeers);
  expect(ring.list()[0]?.stream).toBe('1');
});
