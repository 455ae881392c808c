import { expect, test } from 'vitest';
import { ClosedRing, MAX_CLOSED_RECORDS } from './closed-ring.ts';
import { createCounters } from './counters.ts';

test('the last thousand records are remembered, oldest first', () => {
  const ring = new ClosedRing();
  for (let i = 0; i <= MAX_CLOSED_RECORDS; i += 1) {
    ring.add({
      kind: 'publisher',
      stream: String(i),
      peer: 'p',
      closedAtMs: i,
      counters: createCounters(),
      packetsAfterClose: 0,
      arrivedAfterClose: 0,
    });
  }
  expect(ring.list().length).toBe(MAX_CLOSED_RECORDS);
  expect(ring.list()[0]?.stream).toBe('1');
});
