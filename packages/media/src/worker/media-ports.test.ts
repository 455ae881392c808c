import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { probeUdpPort } from '../ports.ts';
import { MediaPorts } from './media-ports.ts';

/** Finds a range of free ports. */
function findRange(count: number): { portMin: number; portMax: number } {
  for (;;) {
    const portMin = probeUdpPort(0, undefined);
    const portMax = portMin + count - 1;
    try {
      for (let port = portMin; port <= portMax; port += 1) probeUdpPort(port, undefined);
      return { portMin, portMax };
    } catch {
      // One of them is taken: another try.
    }
  }
}

test('each port of a range is given out once; then there is none until one is released', () => {
  const range = findRange(4);
  const ports = new MediaPorts({ ...range, isMultiplexed: false, listenAddress: undefined }, () => 0);
  ports.open();
  const given = [ports.acquire(), ports.acquire(), ports.acquire(), ports.acquire()];
  expect(new Set(given).size).toBe(4);
  expect(() => ports.acquire()).toThrow(`All UDP ports from ${range.portMin} to ${range.portMax} are in use`);
  ports.release(given[2] ?? 0);
  expect(ports.acquire()).toBe(given[2]);
});

test('a port that another process uses is left out, and given out when it is free again', async () => {
  const range = findRange(2);
  let nowMs = 0;
  const ports = new MediaPorts({ ...range, isMultiplexed: false, listenAddress: undefined }, () => nowMs);
  const socket = createSocket('udp4');
  socket.bind(range.portMin, '127.0.0.1');
  await once(socket, 'listening');
  expect(ports.acquire()).toBe(range.portMax);
  expect(() => ports.acquire()).toThrow('are in use');
  socket.close();
  await once(socket, 'close');
  nowMs = 50;
  expect(ports.acquire()).toBe(range.portMin);
});

test('a range without a free port cannot be opened', async () => {
  const { portMin } = findRange(1);
  const socket = createSocket('udp4');
  socket.bind(portMin);
  await once(socket, 'listening');
  const config = { portMin, portMax: portMin, isMultiplexed: false, listenAddress: undefined };
  expect(() => new MediaPorts(config, () => 0).open()).toThrow('are in use');
  socket.close();
});
