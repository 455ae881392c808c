import { expect, test } from 'vitest';
import { diffSequence, SequenceUnwrapper } from './sequence.ts';

test('distances are taken over the wrap', () => {
  expect(diffSequence(1, 65_535)).toBe(2);
  expect(diffSequence(65_535, 1)).toBe(-2);
  expect(diffSequence(7, 7)).toBe(0);
});

test('after numbers that were left out, the next one is ahead, by however much', () => {
  const unwrapper = new SequenceUnwrapper();
  unwrapper.continueAhead();
  const start = unwrapper.unwrap(10);
  expect(unwrapper.unwrap(9)).toBe(start - 1);
  unwrapper.continueAhead();
  expect(unwrapper.unwrap(40_000)).toBe(start + 39_990);
  unwrapper.continueAhead();
  expect(unwrapper.unwrap(40_000)).toBe(start + 39_990 + 0x10000);
  expect(unwrapper.unwrap(39_999)).toBe(start + 39_989 + 0x10000);
});

test('unwrapped numbers go on over the wrap, and late ones go back', () => {
  const unwrapper = new SequenceUnwrapper();
  const start = unwrapper.unwrap(65_534);
  expect(unwrapper.unwrap(0)).toBe(start + 2);
  expect(unwrapper.unwrap(65_535)).toBe(start + 1);
  expect(unwrapper.highest).toBe(start + 2);
});
