import { expect, test } from 'vitest';
import { loadConfig } from '../config.ts';
import { describeMediaAddress, type Interfaces } from './media-address.ts';

const INTERFACES: Interfaces = {
  lo: [{ address: '127.0.0.1', internal: true }],
  eth0: [
    { address: '192.168.1.5', internal: false },
    { address: '2001:db8::5', internal: false },
    { address: 'fe80::1', internal: false },
  ],
};
const describe = (env: Record<string, string>, interfaces = INTERFACES) =>
  describeMediaAddress(loadConfig({ argv: [], env }), [7701, 7702], interfaces);

test('without an announced address, clients send media to the addresses of the machine', () => {
  expect(describe({})).toEqual(['Media: clients send to 192.168.1.5, 2001:db8::5, UDP port 7701, 7702']);
  expect(describe({}, { lo: INTERFACES.lo })).toEqual([
    'Media: clients send to this machine only, UDP port 7701, 7702',
  ]);
  expect(describe({ GAVEL_MEDIA_LISTEN_ADDRESS: '192.168.1.5' })[0]).toContain('send to 192.168.1.5, UDP');
});

test('an announced address that the machine has is named, in whatever form it is written', () => {
  expect(describe({ GAVEL_ANNOUNCED_ADDRESS: '2001:DB8:0::5' })).toEqual([
    'Media: clients send to 2001:DB8:0::5, UDP port 7701, 7702',
  ]);
});

test('an announced address that the machine does not have is remarked upon, unless a proxy explains it (CONN-4)', () => {
  const lines = describe({ GAVEL_ANNOUNCED_ADDRESS: '203.0.113.7' });
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain('203.0.113.7 is not an address of this machine');
  const proxied = { GAVEL_ANNOUNCED_ADDRESS: '203.0.113.7', GAVEL_TRUSTED_PROXIES: '["10.0.0.1"]' };
  expect(describe(proxied)).toHaveLength(1);
});

test('the TCP ports are named, one per worker', () => {
  const env = { GAVEL_MEDIA_TCP_PORT: '7801', GAVEL_MEDIA_WORKERS: '2' };
  expect(describe(env)[0]).toMatch(/UDP port 7701, 7702, TCP port 7801, 7802$/);
  expect(describe({ GAVEL_MEDIA_TCP_PORT: '0' })[0]).toMatch(/, TCP port of the system's choice$/);
});

test('a range of ports is named as it is', () => {
  const env = { GAVEL_MEDIA_PORT_RANGE_MIN: '40000', GAVEL_MEDIA_PORT_RANGE_MAX: '40100' };
  expect(describe(env)[0]).toContain('UDP port 40000 to 40100');
});
