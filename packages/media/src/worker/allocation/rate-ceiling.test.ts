import { expect, test } from 'vitest';
import { MIN_CEILING_BPS, RateCeiling } from './rate-ceiling.ts';

test('BWE-4: a publisher is limited to a bit less than what its only viewer can take, if it sends about so much', () => {
  const ceiling = new RateCeiling();
  ceiling.update(5_000_000, 1_500_000, 0);
  expect(ceiling.bps).toBeUndefined();
  ceiling.update(500_000, 1_500_000, 500);
  expect(ceiling.bps).toBe(450_000);
  ceiling.update(20_000, 1_500_000, 1_000);
  expect(ceiling.bps).toBe(MIN_CEILING_BPS);
});

test('the limit follows downwards at once, upwards in steps, and ends when the publisher needs no more', () => {
  const ceiling = new RateCeiling();
  ceiling.update(1_000_000, 1_500_000, 0);
  ceiling.update(980_000, 1_500_000, 500);
  expect(ceiling.bps).toBe(900_000);
  ceiling.update(800_000, 1_500_000, 1_000);
  expect(ceiling.bps).toBe(720_000);
  ceiling.update(1_000_000, 720_000, 2_500);
  expect(ceiling.bps).toBeUndefined();
  ceiling.update(1_000_000, 900_000, 3_000);
  ceiling.update(1_150_000, 900_000, 4_500);
  expect(ceiling.bps).toBe(900_000);
  ceiling.update(1_160_000, 900_000, 5_000);
  expect(ceiling.bps).toBe(1_044_000);
});

test('a publisher that sends more all the same is not limited for a minute', () => {
  const ceiling = new RateCeiling();
  for (let nowMs = 0; nowMs <= 5_000; nowMs += 500) ceiling.update(500_000, 1_500_000, nowMs);
  expect([ceiling.bps, ceiling.isUsable(5_000)]).toEqual([450_000, true]);
  ceiling.update(500_000, 1_500_000, 5_500);
  expect([ceiling.bps, ceiling.isUsable(5_500), ceiling.isUsable(65_500)]).toEqual([undefined, false, true]);
});
