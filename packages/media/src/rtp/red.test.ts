import { expect, test } from 'vitest';
import { findPrimaryBlock } from './red.ts';

const find = (bytes: number[]) => findPrimaryBlock(Buffer.from([9, 9, ...bytes]), 2, bytes.length + 2);

test('finds a lone primary block', () => {
  expect(find([0x6f, 1, 2, 3])).toBe(3);
});

test('finds the primary block behind two redundant ones', () => {
  // Two blocks of 2 and 1 bytes with timestamp offsets, then the primary of 3 bytes.
  expect(find([0xef, 0x0f, 0x00, 0x02, 0xef, 0x07, 0x80, 0x01, 0x6f, 1, 1, 2, 3, 3, 3])).toBe(2 + 9 + 3);
});

test.each([[[]], [[0xef]], [[0xef, 0, 0]], [[0xef, 0, 0, 1]], [[0xef, 0, 0, 9, 0x6f, 1]]])(
  'refuses the malformed payload %j',
  (bytes) => {
    expect(find(bytes)).toBe(-1);
  },
);
