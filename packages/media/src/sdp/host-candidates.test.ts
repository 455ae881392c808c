import { expect, test } from 'vitest';
import { HostAddresses, MAX_ADDRESSES_AGE_MS, writeHostCandidates } from './host-candidates.ts';

const interfaces = [
  { address: '127.0.0.1', family: 'IPv4', internal: true },
  { address: 'fd00::2', family: 'IPv6', internal: false },
  { address: 'fe80::1', family: 'IPv6', internal: false },
  { address: '192.0.2.2', family: 'IPv4', internal: false },
];

test('all reachable addresses are listed, IPv4 first and the loopback address last', () => {
  const list = (found: typeof interfaces) =>
    new HostAddresses(
      {},
      () => 0,
      () => found,
    ).list();
  expect(list(interfaces)).toEqual(['192.0.2.2', 'fd00::2', '127.0.0.1']);
  expect(list([])).toEqual(['127.0.0.1']);
});

test('an announced address replaces all others, and so does the only address that is listened on', () => {
  const list = (policy: ConstructorParameters<typeof HostAddresses>[0]) => new HostAddresses(policy, () => 0).list();
  expect(list({ listenAddress: '192.0.2.2' })).toEqual(['192.0.2.2']);
  expect(list({ listenAddress: '192.0.2.2', announcedAddress: '203.0.113.7' })).toEqual(['203.0.113.7']);
});

test('the system is asked for its interfaces once per age, and a change is seen', () => {
  let nowMs = 0;
  let readings = 0;
  let found = interfaces;
  const addresses = new HostAddresses(
    {},
    () => nowMs,
    () => {
      readings += 1;
      return found;
    },
  );
  addresses.list();
  found = [];
  nowMs += MAX_ADDRESSES_AGE_MS - 1;
  expect(addresses.list()).toHaveLength(3);
  expect(readings).toBe(1);
  nowMs += 1;
  expect(addresses.list()).toEqual(['127.0.0.1']);
  expect(readings).toBe(2);
});

test('candidates over UDP are preferred to those over TCP, in the order of the addresses (RFC 8445, RFC 6544)', () => {
  expect(writeHostCandidates(['192.0.2.2', 'fd00::2'], 5_000)).toEqual([
    '1 1 UDP 2130706431 192.0.2.2 5000 typ host',
    '2 1 UDP 2130706175 fd00::2 5000 typ host',
  ]);
  expect(writeHostCandidates(['192.0.2.2', 'fd00::2'], 5_000, 5_001)).toEqual([
    '1 1 UDP 2130706431 192.0.2.2 5000 typ host',
    '2 1 UDP 2130706175 fd00::2 5000 typ host',
    '3 1 TCP 1520435199 192.0.2.2 5001 typ host tcptype passive',
    '4 1 TCP 1520434943 fd00::2 5001 typ host tcptype passive',
  ]);
});
