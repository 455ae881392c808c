import { expect, test } from 'vitest';
import { rewriteCandidates } from './local-transport.ts';

const candidates = [
  '2 1 UDP 2116026111 fd00::2 5000 typ host',
  '1 1 UDP 2114977791 192.0.2.2 5000 typ host',
  '3 1 UDP 1000 198.51.100.1 6000 typ relay raddr 0.0.0.0 rport 0',
];

test('an announced address stands in the place of all host addresses, once per port', () => {
  expect(rewriteCandidates(candidates, { announcedAddress: '203.0.113.7' })).toEqual([
    '2 1 UDP 2116026111 203.0.113.7 5000 typ host',
    '3 1 UDP 1000 198.51.100.1 6000 typ relay raddr 0.0.0.0 rport 0',
  ]);
});

test('the loopback address is told behind the others when all addresses are bound', () => {
  expect(rewriteCandidates(candidates, {})).toEqual([...candidates, '127 1 UDP 1 127.0.0.1 5000 typ host']);
  expect(rewriteCandidates(candidates, { listenAddress: '192.0.2.2' })).toEqual(candidates);
});
