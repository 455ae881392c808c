import { expect, it } from 'vitest';
import { signCallback } from './callback-signature.ts';

it('gives the vendor’s own example (CB-1, reference zego 3.2)', () => {
  expect(signCallback('secret', '1470820198', '123412')).toBe('5bd59fd62953a8059fb7eaba95720f66d19e4517');
});

it('sorts by bytes, wherever the secret stands', () => {
  expect(signCallback('0000', '1470820198', '123412')).not.toBe(signCallback('zzzz', '1470820198', '123412'));
  expect(signCallback('b', '2', '1')).toBe(signCallback('b', '1', '2'));
});
