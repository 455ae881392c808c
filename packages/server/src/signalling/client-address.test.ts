import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createFindAddress } from './client-address.ts';

const request = (remoteAddress: string, forwardedFor?: string) => ({
  headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor },
  socket: { remoteAddress } as Socket,
});

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

test('a proxy that says nothing, or only names proxies, is taken for the client', () => {
  const findAddress = createFindAddress(['10.0.0.0/8']);
  expect(findAddress(request('10.1.2.3'))).toBe('10.1.2.3');
  expect(findAddress(request('10.1.2.3', '10.4.5.6'))).toBe('10.1.2.3');
  expect(findAddress(request('10.1.2.3', ''))).toBe('10.1.2.3');
  expect(findAddress(request('10.1.2.3', 'unknown'))).toBe('10.1.2.3');
});
