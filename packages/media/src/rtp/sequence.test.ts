import { expect, test } from 'vitest';
import { diffSequence, SequenceUnwrapper } from './sequence.ts';

test('distances are taken over the wrap', () => {
  expect(diffSequence(1, 65_535)).toBe(2);
  expect(diffSequence(65_535, 1)).toBe(-2);
  expect(diffSequence(7, 7)).toBe(0);
});

test('unwrapped numbers go on over the wrap, and late ones go back', () => {
  const unwrapper = new SequenceUnwrapper();
  const start = unwrapper.unwrap(65_534);
  expect(unwrapper.unwrap(0)).toBe(start + 2);
  expect(unwrapper.unwrap(65_535)).toBe(start + 1);
  expect(unwrapper.highest).toBe(start + 2);
});
