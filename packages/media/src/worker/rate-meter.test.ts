import { expect, test } from 'vitest';
import { RateMeter } from './rate-meter.ts';

test('the rate of the last complete second, and 0 after silence', () => {
  const meter = new RateMeter();
  for (let atMs = 0; atMs < 1_000; atMs += 10) meter.add(125, atMs);
  expect(meter.read(999)).toBe(0);
  expect(meter.read(1_000)).toBe(100_000);
  expect(meter.read(1_999)).toBe(100_000);
  expect(meter.read(2_000)).toBe(0);
  meter.add(125, 60_000);
  expect(meter.read(60_500)).toBe(0);
  expect(meter.read(61_000)).toBe(1_000);
});
