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

test('the steady rate smooths over seconds with packets, and stays in silence', () => {
  const meter = new RateMeter();
  const fill = (startMs: number, bytes: number): void => {
    for (let atMs = startMs; atMs < startMs + 1_000; atMs += 10) meter.add(bytes, atMs);
  };
  fill(0, 125);
  expect(meter.readSteady(1_000)).toBe(100_000);
  fill(1_000, 250);
  expect(meter.readSteady(2_000)).toBe(140_000);
  expect(meter.readSteady(60_000)).toBe(140_000);
});
