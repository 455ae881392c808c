import type { RoomKey } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { expect, test } from 'vitest';
import { KEY } from '../rooms/testing.ts';
import { DeliveryGate } from './delivery-gate.ts';

function openGate() {
  const clock = new FakeClock();
  const lease = {
    remainingMs: 3000,
    term: 1 as number | undefined,
    termOf: (_key: RoomKey) => (lease.remainingMs > 0 ? lease.term : undefined),
  };
  const gate = new DeliveryGate({ clock, lease });
  /** Decides something, and returns its verdict when the lease is over. */
  const decide = () => {
    const ask = gate.begin(KEY);
    lease.remainingMs = -1;
    let isOwner: boolean | undefined;
    void Promise.resolve(ask()).then((verdict) => {
      isOwner = verdict;
    });
    return () => isOwner;
  };
  const renew = async (term: number | undefined) => {
    clock.advance(1000);
    Object.assign(lease, { remainingMs: 3000, term });
    clock.advance(1000);
    await Promise.resolve();
  };
  return { gate, lease, decide, renew };
}

test('with a valid lease, events are delivered at once', () => {
  expect(openGate().gate.begin(KEY)()).toBe(true);
});

test.each([
  ['is delivered when the node has the lease again, and still the room', 1, true],
  ['is not delivered if another node has the room', undefined, false],
  ['is not delivered if the room was at another node meanwhile', 3, false],
])('what was decided before the lease was over %s (CLUS-2)', async (_name, term, expected) => {
  const { decide, renew } = openGate();
  const verdictOf = decide();
  await Promise.resolve();
  expect(verdictOf()).toBeUndefined();
  await renew(term);
  expect(verdictOf()).toBe(expected);
});
