import type { IncomingMessage } from 'node:http';
import { expect, it, test } from 'vitest';
import { createFindAddress } from './client-address.ts';

const request = (remoteAddress: string | undefined, forwardedFor?: string) =>
  ({
    headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor },
    socket: { remoteAddress },
  }) as unknown as IncomingMessage;

test('without trusted proxies the socket’s address is the client’s, whatever a header says (BAN-1)', () => {
  const findAddress = createFindAddress([]);
  expect(findAddress(request('203.0.113.7'))).toBe('203.0.113.7');
  expect(findAddress(request('::ffff:203.0.113.7', '198.51.100.1'))).toBe('203.0.113.7');
});

test('behind trusted proxies it is the nearest hop that is none of them', () => {
  const findAddress = createFindAddress(['10.0.0.0/8', '2001:db8::1']);
  expect(findAddress(request('10.1.2.3', '198.51.100.1'))).toBe('198.51.100.1');
  expect(findAddress(request('2001:db8::1', '198.51.100.1, 10.9.9.9'))).toBe('198.51.100.1');
  // What the client wrote itself stands further out, and is not looked at.
  expect(findAddress(request('10.1.2.3', '192.0.2.66, 198.51.100.1'))).toBe('198.51.100.1');
});

it.each([
  '203.0.113.7:4711',
  '::FFFF:203.0.113.7',
  '::ffff:cb00:7107',
  '[::ffff:203.0.113.7]:4711',
  '192.0.2.66, 203.0.113.7:4711',
  '203.0.113.7:4711, 10.9.9.9:80',
  '203.0.113.7:4711, [::FFFF:10.9.9.9]:80',
])('a trusted proxy that writes %s names the client 203.0.113.7 (ADDR-1)', (forwardedFor) => {
  for (const proxies of [['10.0.0.0/8'], ['::ffff:10.0.0.0/104'], ['2001:db8::/32', '10.1.2.3', '10.9.9.9']]) {
    expect(createFindAddress(proxies)(request('::ffff:10.1.2.3', forwardedFor)), proxies.join()).toBe('203.0.113.7');
  }
});

it.each(['unknown', '_hidden', '203.0.113', '203.0.113.7, unknown', 'nonsense, 10.9.9.9'])(
  'a trusted proxy that writes %s leaves the client unknown; it is not taken for the proxy (ADDR-1)',
  (forwardedFor) => {
    expect(createFindAddress(['10.0.0.0/8'])(request('10.1.2.3', forwardedFor))).toBe('unknown');
  },
);

test('a proxy is compared with the trusted ones in canonical form too (ADDR-1)', () => {
  const findAddress = createFindAddress(['2001:DB8:0:0::1', '::FFFF:10.0.0.1']);
  expect(findAddress(request('2001:db8::1', '203.0.113.7'))).toBe('203.0.113.7');
  expect(findAddress(request('10.0.0.1', '203.0.113.7'))).toBe('203.0.113.7');
  expect(findAddress(request('10.0.0.2', '203.0.113.7'))).toBe('10.0.0.2');
});

test('a proxy that names nobody is the client itself; of proxies alone the furthest is the client', () => {
  const findAddress = createFindAddress(['10.0.0.0/8']);
  expect(findAddress(request('10.1.2.3'))).toBe('10.1.2.3');
  expect(findAddress(request('10.1.2.3', ''))).toBe('10.1.2.3');
  expect(findAddress(request('10.1.2.3', '10.4.5.6'))).toBe('10.4.5.6');
});

test('a socket that is closed already has no address', () => {
  expect(createFindAddress(['10.0.0.0/8'])(request(undefined, '203.0.113.7'))).toBe('unknown');
});
