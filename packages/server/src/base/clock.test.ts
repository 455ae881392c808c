import { compareEpochs } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit';
import { expect, it, test } from 'vitest';
import { callAtWallTime, createIdSource } from './clock.ts';

it('gives tickets of 128 random bits, none of them twice', () => {
  const ids = createIdSource(new FakeClock());
  const tickets = Array.from({ length: 1000 }, () => ids.nextTicket());
  expect(new Set(tickets).size).toBe(tickets.length);
  // Of a pool that was not filled again, or given out after it was wiped, bytes would be 0 throughout.
  for (const ticket of tickets) expect(ticket).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(tickets.some((ticket) => ticket.startsWith('AAAAAAAA'))).toBe(false);
});

test('a wait for a wall-clock time ends with it, wherever the wall clock is set (ROOM-9)', () => {
  const clock = new FakeClock();
  const startMs = clock.now();
  const ended: number[] = [];
  const waitUntil = (delayMs: number) =>
    callAtWallTime(clock, startMs + delayMs, () => ended.push(clock.now() - startMs));
  waitUntil(1000);
  clock.advance(999);
  expect(ended).toEqual([]);
  clock.advance(1);
  expect(ended).toEqual([1000]);

  // Set back: it does not end early. Set forward: it ends within 10 s.
  waitUntil(20_000);
  clock.stepWall(-60_000);
  clock.advance(60_000);
  expect(ended).toEqual([1000]);
  clock.stepWall(60_000);
  clock.advance(10_000);
  expect(ended).toHaveLength(2);

  // Longer than timers take, and for good.
  waitUntil(30 * 86_400_000)();
  waitUntil(Number.POSITIVE_INFINITY);
  clock.advance(31 * 86_400_000);
  expect(ended).toHaveLength(2);
});

test('epochs ascend, and those of two nodes differ also in one millisecond (ROOM-3)', () => {
  const clock = new FakeClock();
  const sources = [createIdSource(clock, 0), createIdSource(clock, 1023)];
  const drawn = sources.map((ids) => Array.from({ length: 3000 }, () => ids.nextEpoch()));
  for (const epochs of drawn) expect(epochs).toEqual(epochs.toSorted(compareEpochs));
  expect(new Set(drawn.flat()).size).toBe(6000);
  clock.advance(10);
  for (const [index, ids] of sources.entries()) {
    expect(compareEpochs(ids.nextEpoch(), drawn[index]?.at(-1) ?? ids.nextEpoch())).toBe(1);
  }
});
