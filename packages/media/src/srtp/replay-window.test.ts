import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReplayWindow } from './replay-window.ts';

test('the index of a sequence number is the one nearest to the highest', () => {
  const window = new ReplayWindow(1_024);
  expect(window.estimateIndex(65_535)).toBe(65_535);
  window.record(65_535);
  expect(window.estimateIndex(0)).toBe(65_536);
  expect(window.estimateIndex(65_500)).toBe(65_500);
  window.record(65_536 * 3 + 10);
  expect(window.estimateIndex(65_530)).toBe(65_536 * 2 + 65_530);
  expect(window.estimateIndex(11)).toBe(65_536 * 3 + 11);
});

test('before the first rollover, a sequence number from before it has no index', () => {
  const window = new ReplayWindow(64);
  window.record(3);
  expect(window.estimateIndex(65_530)).toBeLessThan(0);
  expect(window.isNew(window.estimateIndex(65_530))).toBe(false);
});

test('an index is new once, and only within the window', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 300 }), (indices) => {
      const window = new ReplayWindow(64);
      const seen = new Set<number>();
      let highest = -1;
      for (const index of indices) {
        const isNew = window.isNew(index);
        expect(isNew).toBe(!seen.has(index) && index > highest - 64);
        if (!isNew) continue;
        window.record(index);
        seen.add(index);
        highest = Math.max(highest, index);
      }
      expect(window.highest).toBe(highest);
    }),
  );
});

test('a jump over the whole window forgets what was before', () => {
  const window = new ReplayWindow(1_024);
  window.record(5);
  window.record(5 + 1_024 * 7);
  expect(window.isNew(5 + 1_024 * 6)).toBe(false);
  expect(window.isNew(6 + 1_024 * 6)).toBe(true);
});
