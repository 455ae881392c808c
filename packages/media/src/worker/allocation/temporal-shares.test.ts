import { expect, test } from 'vitest';
import { TemporalShares } from './temporal-shares.ts';

test('the shares are those of the bytes, summed up from the lowest layer', () => {
  const shares = new TemporalShares();
  expect(shares.read()).toEqual([1]);
  for (const [layer, bytes] of [
    [0, 400],
    [2, 200],
    [1, 200],
    [2, 200],
  ] as const) {
    shares.add(layer, bytes);
  }
  expect(shares.read()).toEqual([0.4, 0.6, 1]);
});

test('a publisher that stops using temporal layers is followed', () => {
  const shares = new TemporalShares();
  for (let frame = 0; frame < 100; frame += 1) shares.add(frame % 2, 1_001);
  expect(shares.read()).toHaveLength(2);
  for (let frame = 0; frame < 20_000; frame += 1) shares.add(0, 1_001);
  expect(shares.read()).toEqual([1]);
});
