import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAddressRange, parseAddress } from './address.ts';

describe('the canonical form of an address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:4711', '203.0.113.7'],
    ['[203.0.113.7]:4711', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['0:0:0:0:0:FFFF:203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7:4711', '203.0.113.7'],
    ['[::FFFF:203.0.113.7]:4711', '203.0.113.7'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:DB8::1]:4711', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
  ])('%s is %s (ADDR-1)', (written, canonical) => {
    expect(parseAddress(written)).toBe(canonical);
  });

  it.each([
    '',
    'unknown',
    '_hidden',
    '1.2.3',
    '010.0.0.1',
    '0x7f.0.0.1',
    '1.2.3.4:',
    '1.2.3.4:port',
    '[2001:db8::1',
    '2001:db8::1::',
    'localhost:80',
  ])('%j cannot be read (ADDR-1)', (written) => {
    expect(parseAddress(written)).toBeUndefined();
  });

  it('is the same for every spelling of an IPv6 address, and itself canonical (ADDR-1)', () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const expanded = groups.map((value) => value.toString(16).padStart(4, '0')).join(':');
        const canonical = parseAddress(expanded);
        expect(canonical).toBeDefined();
        expect(parseAddress(expanded.toUpperCase())).toBe(canonical);
        expect(parseAddress(`[${groups.map((value) => value.toString(16)).join(':')}]:443`)).toBe(canonical);
        expect(parseAddress(canonical ?? '')).toBe(canonical);
      }),
    );
  });
});

it('an address range is an address, or one with a prefix of at least 1 that fits its family', () => {
  for (const text of ['10.0.0.1', '10.0.0.0/8', '::1', '2001:db8::/32', '::ffff:10.0.0.0/104']) {
    expect(isAddressRange(text), text).toBe(true);
  }
  for (const text of ['', '10.0.0.0/0', '10.0.0.0/33', '::/129', '10.0.0.0/8/8', '10.0.0.0/', 'aa:bb', '10.0.0']) {
    expect(isAddressRange(text), text).toBe(false);
  }
});
