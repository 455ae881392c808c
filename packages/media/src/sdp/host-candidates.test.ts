import { expect, test } from 'vitest';
import { listHostCandidates } from './host-candidates.ts';

const interfaces = [
  { address: '127.0.0.1', family: 'IPv4', internal: true },
  { address: 'fd00::2', family: 'IPv6', internal: false },
  { address: 'fe80::1', family: 'IPv6', internal: false },
  { address: '192.0.2.2', family: 'IPv4', internal: false },
];

test('all reachable addresses are listed, IPv4 first and the loopback address last', () => {
  expect(listHostCandidates(5_000, {}, interfaces)).toEqual([
    '1 1 UDP 2130706431 192.0.2.2 5000 typ host',
    '2 1 UDP 2130706175 fd00::2 5000 typ host',
    '3 1 UDP 2130705919 127.0.0.1 5000 typ host',
  ]);
  expect(listHostCandidates(5_000, {}, [])).toEqual(['1 1 UDP 2130706431 127.0.0.1 5000 typ host']);
});

test('an announced address replaces all others, and so does the only address that is listened on', () => {
  const listenAddress = '192.0.2.2';
  expect(listHostCandidates(5_000, { listenAddress }, interfaces)).toEqual([
    '1 1 UDP 2130706431 192.0.2.2 5000 typ host',
  ]);
  expect(listHostCandidates(5_000, { listenAddress, announcedAddress: '203.0.113.7' }, interfaces)).toEqual([
    '1 1 UDP 2130706431 203.0.113.7 5000 typ host',
  ]);
});
