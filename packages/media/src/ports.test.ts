import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { afterEach, expect, test } from 'vitest';
import { MediaError } from './engine.ts';
import { probeUdpPort } from './ports.ts';

const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

async function occupy(address: string): Promise<number> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  sockets.push(socket);
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket.address().port;
}

test('a free port is found, and is free again when the call returns', () => {
  const port = probeUdpPort(0, undefined);
  expect(probeUdpPort(port, undefined)).toBe(port);
  expect(probeUdpPort(port, '127.0.0.1')).toBe(port);
});

test.each(['0.0.0.0', '127.0.0.1'])('a port that another socket has at %s cannot be bound', async (address) => {
  const port = await occupy(address);
  expect(() => probeUdpPort(port, undefined)).toThrow(`UDP port ${port} cannot be bound: another process uses it`);
  expect(() => probeUdpPort(port, '127.0.0.1')).toThrow(MediaError);
});

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));

test.skipIf(!hasIpv6)('an IPv6 address is probed as such', () => {
  const port = probeUdpPort(0, '::1');
  expect(port).toBeGreaterThan(0);
});

test('an address that this machine does not have cannot be bound', () => {
  expect(() => probeUdpPort(0, '203.0.113.7')).toThrow(MediaError);
});
