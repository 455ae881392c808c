import { get, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startDoor } from './testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor({ maxPendingPerAddress: 1 });
});
afterEach(() => door.close());

const HANDSHAKE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Protocol': 'gavel.v1',
};

function textOf(path: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n${lines.join('')}\r\n`;
}

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(door.baseUrl);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

async function answerTo(request: string): Promise<{ readonly socket: Socket; readonly status: string }> {
  const socket = await open();
  socket.write(request);
  const bytes = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  return { socket, status: bytes.toString().split('\r\n', 1)[0] ?? '' };
}

/** Every way in which an upgrade is refused: by the door, and by the library. */
const REFUSALS: readonly (readonly [string, string, string])[] = [
  ['no subprotocol', textOf('/signalling', { ...HANDSHAKE, 'Sec-WebSocket-Protocol': 'x' }), '400 Bad Request'],
  ['no key', textOf('/signalling', { ...HANDSHAKE, 'Sec-WebSocket-Key': 'x' }), '400 Bad Request'],
  ['an old version', textOf('/signalling', { ...HANDSHAKE, 'Sec-WebSocket-Version': '7' }), '400 Bad Request'],
  ['a wrong path', textOf('/x', HANDSHAKE), '404 Not Found'],
  ['another protocol', textOf('/x', { Connection: 'Upgrade', Upgrade: 'x' }), '404 Not Found'],
  ['too many', textOf('/signalling', HANDSHAKE), '429 Too Many Requests'],
];

/** Takes the one place of a connection that has not logged in, where the refusal is about that. */
const occupyFor = async (status: string) => (status.startsWith('429') ? [await door.connect()] : []);

describe('a refused upgrade', () => {
  test.each(REFUSALS)(
    '%s: reset after its answer, and after each byte of the request (SIG-5)',
    async (_, request, status) => {
      await occupyFor(status);
      const refused = await answerTo(request);
      expect(refused.status).toBe(`HTTP/1.1 ${status}`);
      refused.socket.resetAndDestroy();
      for (let length = 0; length <= request.length; length += 1) {
        const socket = await open();
        await new Promise((resolve) => socket.write(request.slice(0, length), resolve));
        socket.resetAndDestroy();
      }
      // The process is still there, and so is the door.
      expect((await answerTo(request)).status).toBe(`HTTP/1.1 ${status}`);
    },
  );

  test.each(REFUSALS.filter(([, , status]) => !status.startsWith('404')))(
    '%s: the socket of a client that stays is destroyed after 2 s (SIG-5)',
    async (_, request, status) => {
      await occupyFor(status);
      const { socket } = await answerTo(request);
      const gone = new Promise((resolve) => socket.once('close', resolve));
      door.clock.advance(2000);
      // A destroyed peer answers what the client still writes by a reset.
      const timer = setInterval(() => socket.write('x'), 5);
      await gone;
      clearInterval(timer);
    },
  );
});

test('a server that stops waits neither for refused clients nor for those that do not answer its close frame (SIG-5)', async () => {
  await answerTo(textOf('/signalling', { ...HANDSHAKE, 'Sec-WebSocket-Protocol': 'x' }));
  const { status } = await answerTo(textOf('/signalling', HANDSHAKE));
  expect(status).toBe('HTTP/1.1 101 Switching Protocols');
  const closed = door.close();
  door.clock.advance(1000);
  await closed;
  door = await startDoor();
});

test('only a WebSocket on the signalling path is an upgrade; all else is answered as if nothing had been asked (SIG-5)', async () => {
  const statusOf = (path: string, headers: IncomingHttpHeaders): Promise<number | undefined> =>
    new Promise((resolve) => {
      const request = get(`${door.baseUrl}${path}`, { headers }, (response) => resolve(response.statusCode));
      request.on('upgrade', (_response, socket) => {
        socket.destroy();
        resolve(101);
      });
    });
  expect(await statusOf('/signalling?a=b', { ...HANDSHAKE, Upgrade: 'WebSocket' } as never)).toBe(101);
  const h2c = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAoAAAAAIAAAAA' };
  expect(await statusOf('/signalling', h2c as never)).toBe(404);
  expect(await statusOf('/signalling/', HANDSHAKE as never)).toBe(404);
});
