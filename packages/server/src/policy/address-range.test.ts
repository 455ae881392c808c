import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isInRange, networkOf, parseRange } from './address-range.ts';

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['203.0.113.7/24', '203.0.113.0/24'],
  ['203.0.113.7/32', '203.0.113.7'],
  ['255.255.255.255/1', '128.0.0.0/1'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['2001:db8:ffff::1/33', '2001:db8:8000::/33'],
  ['::ffff:10.1.2.3/8', '10.0.0.0/8'],
])('the range %s is %s in canonical form (BAN-10)', (text, expected) => expect(parseRange(text)).toBe(expected));

test.each(['', 'unknown', '10.0.0.1/0', '10.0.0.1/33', '10.0.0.1/8/8', '10.0.0.1/', '::1/129', '010.0.0.1/8', '10/8'])(
  '%s is no range',
  (text) => expect(parseRange(text)).toBeUndefined(),
);

test('an address is in the range of its network, of every length, and in no other of that length (BAN-10)', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 1, max: 32 }), (one, other, prefix) => {
      const bits = (text: string) =>
        text
          .split('.')
          .map((byte) => Number(byte).toString(2).padStart(8, '0'))
          .join('');
      const range = parseRange(`${one}/${prefix}`) ?? '';
      expect(isInRange(one, range)).toBe(true);
      expect(isInRange(other, range)).toBe(bits(one).slice(0, prefix) === bits(other).slice(0, prefix));
      expect(networkOf(networkOf(one, prefix), prefix)).toBe(networkOf(one, prefix));
    }),
  );
});

test('an address of the other family, or one that is not known, is in no range', () => {
  expect(isInRange('::a00:1', '10.0.0.0/8')).toBe(false);
  expect(isInRange('10.0.0.1', '::/1')).toBe(false);
  expect(isInRange('unknown', '10.0.0.0/8')).toBe(false);
});
