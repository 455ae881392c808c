import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createRandom } from '../../tests/random.ts';
import { waitFor } from '../../tests/synthetic-peer.ts';
import { OpenSslEndpoint } from './openssl-endpoint.ts';

test('20,000 random datagrams of every size and kind are counted and dropped', async () => {
  const errors: unknown[] = [];
  const endpoint = new OpenSslEndpoint(
    { portMin: 0, listenAddress: '127.0.0.1', announcedAddress: undefined },
    () => 0,
    (_where, error) => errors.push(error),
  );
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const random = createRandom(7);
  const kinds = [0, 1, 20, 22, 63, 64, 128, 144, 191, 255];
  const total = 20_000;
  for (let i = 0; i < total; i += 1) {
    const length = random() < 0.02 ? Math.floor(random() * 60_000) : Math.floor(random() * 1_400);
    const datagram = Buffer.alloc(length, Math.floor(random() * 256));
    if (length > 0) datagram[0] = kinds[Math.floor(random() * kinds.length)] ?? 0;
    socket.send(datagram, endpoint.socket.port, '127.0.0.1');
    // The kernel drops what does not fit into the receiver's buffer.
    if (i % 200 === 199) await waitFor(() => endpoint.socket.counters.received === i + 1);
  }
  expect(endpoint.socket.counters).toMatchObject({ received: total, sent: 0 });
  expect(endpoint.counters.unknown + endpoint.counters.forged).toBeGreaterThan(total * 0.9);
  expect(errors).toEqual([]);
  socket.close();
  endpoint.close();
});
