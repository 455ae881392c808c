import { expect, test } from 'vitest';
import { beginsH264Keyframe } from './h264.ts';

const begins = (bytes: number[], isFrameStart = true) =>
  beginsH264Keyframe(Buffer.from([9, ...bytes]), 1, bytes.length + 1, isFrameStart);

test.each([
  ['a sequence parameter set', [0x67, 1, 2]],
  ['an IDR slice', [0x65, 1, 2]],
  ['an aggregate that begins with parameter sets', [0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1]],
  ['an aggregate with a delimiter first', [0x78, 0, 1, 0x09, 0, 2, 0x67, 1]],
  ['the first fragment of an IDR slice', [0x7c, 0x85, 1]],
])('begins at %s', (_, bytes) => {
  expect(begins(bytes)).toBe(true);
});

test.each([
  ['an empty payload', []],
  ['a slice of another picture', [0x41, 1, 2]],
  ['a picture parameter set', [0x68, 1]],
  ['a later fragment', [0x7c, 0x05, 1]],
  ['a fragment without header', [0x7c]],
  ['an aggregate of other units', [0x78, 0, 2, 0x41, 1]],
  ['an aggregate whose length is cut', [0x78, 0]],
  ['an aggregate that names more than there is', [0x78, 0xff, 0xff, 0x41, 1]],
])('does not begin at %s', (_, bytes) => {
  expect(begins(bytes)).toBe(false);
});

test('an IDR slice after its parameter sets is not a beginning of its own', () => {
  expect(begins([0x65, 1], false)).toBe(false);
  expect(begins([0x67, 1], false)).toBe(true);
});
