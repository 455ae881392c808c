import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareEpochs, type Epoch, parseEpoch } from './ids.ts';

test('epochs as text are in the order of their numbers (ROOM-3)', () => {
  const epochs = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(epochs, epochs, (one, other) => {
      const [first, second] = [String(one) as Epoch, String(other) as Epoch];
      expect(Math.sign(compareEpochs(first, second))).toBe(one === other ? 0 : one < other ? -1 : 1);
    }),
  );
});

test('a text with leading zeros, a sign, or more than 20 digits is not an epoch (ROOM-3)', () => {
  expect(['0', '7', '18446744073709551615'].map(parseEpoch)).toEqual(['0', '7', '18446744073709551615']);
  expect(['', '00', '07', '-1', '1.0', '0x1', '1'.repeat(21)].map(parseEpoch)).toEqual(Array(7).fill(undefined));
});
