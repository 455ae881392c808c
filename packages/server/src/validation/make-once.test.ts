import { expect, test, vi } from 'vitest';
import { makeOnce } from './make-once.ts';

test('a value is made at the first call, and then the same', () => {
  const make = vi.fn(() => ({}));
  const readValue = makeOnce(make);
  expect(make).not.toHaveBeenCalled();
  const value = readValue();
  expect(readValue()).toBe(value);
  expect(make).toHaveBeenCalledTimes(1);
});
