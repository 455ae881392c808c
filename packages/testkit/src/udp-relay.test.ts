import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UdpRelay } from './udp-relay.ts';

let server: Socket;
let client: Socket;
let relay: UdpRelay;

async function bind(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** Waits for a datagram: its text, and the port that it came from. */
async function receive(socket: Socket): Promise<{ text: string; port: number }> {
  const [packet, { port }] = (await once(socket, 'message')) as [Buffer, { port: number }];
  return { text: packet.toString(), port };
}

/** An answer of two sections, of which only the first has candidates, as with BUNDLE. */
const answerOf = (port: number) =>
  [
    'v=0',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'a=mid:0',
    `a=candidate:1 1 UDP 2130706431 fd00::1 ${port} typ host`,
    `a=candidate:2 1 UDP 2130706175 127.0.0.1 ${port} typ host`,
    `a=candidate:3 1 TCP 1518280447 127.0.0.1 ${port} typ host tcptype passive`,
    'a=end-of-candidates',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'a=mid:1',
    '',
  ].join('\r\n');

async function relayedPort(): Promise<number> {
  const answer = await relay.rewrite(answerOf(server.address().port));
  return Number(/^a=candidate:1 1 udp \d+ 127\.0\.0\.1 (\d+) typ host\r$/m.exec(answer)?.[1]);
}

beforeEach(async () => {
  [server, client] = await Promise.all([bind(), bind()]);
  relay = new UdpRelay();
});
afterEach(async () => {
  await relay.close();
  server.close();
  client.close();
});

describe('a UDP relay', () => {
  test('replaces the candidates of a description by its own port, and changes nothing else', async () => {
    const answer = await relay.rewrite(answerOf(server.address().port));
    expect(answer.replace(/^a=candidate.*$/gm, 'a=candidate').split('\r\n')).toEqual([
      'v=0',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'a=mid:0',
      'a=candidate',
      'a=end-of-candidates',
      'm=video 9 UDP/TLS/RTP/SAVPF 96',
      'a=mid:1',
      '',
    ]);
    expect(await relayedPort()).not.toBe(server.address().port);
  });

  test('passes datagrams both ways', async () => {
    const port = await relayedPort();
    client.send('question', port, '127.0.0.1');
    const question = await receive(server);
    server.send('answer', question.port, '127.0.0.1');
    expect([question.text, await receive(client)]).toEqual(['question', { text: 'answer', port }]);
    expect(relay.counts).toEqual({
      up: { passed: 1, bytes: 8, lost: 0 },
      down: { passed: 1, bytes: 6, lost: 0 },
    });
  });

  test('blocks one direction only', async () => {
    const port = await relayedPort();
    relay.shape({ down: { isBlocked: true } });
    client.send('question', port, '127.0.0.1');
    const question = await receive(server);
    server.send('lost', question.port, '127.0.0.1');
    await expect.poll(() => relay.counts.down.lost).toBe(1);
    relay.shape({ down: {} });
    server.send('answer', question.port, '127.0.0.1');
    expect((await receive(client)).text).toBe('answer');
  });

  test('has a new port after it has moved, and the server sees a new address', async () => {
    const port = await relayedPort();
    client.send('before', port, '127.0.0.1');
    const before = await receive(server);
    await relay.move();
    const movedPort = await relayedPort();
    client.send('lost', port, '127.0.0.1');
    client.send('after', movedPort, '127.0.0.1');
    const after = await receive(server);
    expect(after.text).toBe('after');
    expect(after.port).not.toBe(before.port);
    expect(movedPort).not.toBe(port);
  });

  test('keeps its port when clients get new addresses', async () => {
    const port = await relayedPort();
    client.send('before', port, '127.0.0.1');
    const before = await receive(server);
    await relay.rebind();
    client.send('after', port, '127.0.0.1');
    const after = await receive(server);
    expect(after.text).toBe('after');
    expect(after.port).not.toBe(before.port);
    server.send('answer', after.port, '127.0.0.1');
    expect(await receive(client)).toEqual({ text: 'answer', port });
  });
});
