import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { RawClient } from '@gavel/testkit/raw-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDoor } from './testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor();
});
afterEach(() => door.close());

/** Whatever somebody sends, another client is served. */
async function expectServing(): Promise<void> {
  const { client } = await door.join('other', 'witness');
  expect((await client.request('heartbeat')).result).toMatchObject({ memberCount: 1 });
}

test('a frame over the limit closes its connection with 1009', async () => {
  const client = await door.connect();
  client.sendRaw(`{"id":1,"method":"heartbeat","params":"${'x'.repeat(200 * 1024)}"}`);
  expect((await client.closed).code).toBe(1009);
  await expectServing();
});

test('a binary frame closes its connection for good', async () => {
  const client = await door.connect();
  client.sendRaw(new Uint8Array([1, 2, 3]));
  expect(await client.closed).toEqual({ code: 4505, reason: 'frames must be text' });
  await expectServing();
});

test.each([
  ['no JSON', 'hello'],
  ['an array', '[]'],
  ['null', 'null'],
  ['no id', '{"method":"heartbeat"}'],
  ['a negative id', '{"id":-1,"method":"heartbeat"}'],
  ['a method that is no text', '{"id":1,"method":7}'],
  ['an unknown key', '{"id":1,"method":"heartbeat","extra":1}'],
])('a frame that is no request closes its connection for good: %s', async (_what, frame) => {
  const client = await door.connect();
  client.sendRaw(frame);
  expect((await client.closed).code).toBe(4505);
  await expectServing();
});

/** Opens a WebSocket as bare bytes. */
async function openBytes(): Promise<Socket> {
  const { hostname, port } = new URL(door.baseUrl);
  const socket = connect(Number(port), hostname);
  const key = randomBytes(16).toString('base64');
  socket.write(
    `GET /signalling HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: gavel.v1\r\n\r\n`,
  );
  await new Promise((resolve) => socket.once('data', resolve));
  return socket;
}

/** Gives the code of the close frame that comes next. */
async function closeCodeOf(socket: Socket): Promise<number> {
  const frame = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  return frame.readUInt16BE(2);
}

test('broken UTF-8 closes its connection with 1007', async () => {
  const socket = await openBytes();
  // A masked text frame (mask 0) of two bytes that are no UTF-8.
  socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]));
  expect(await closeCodeOf(socket)).toBe(1007);
  socket.destroy();
  await expectServing();
});

/** The header of a masked text frame of 100,000 bytes, which a member may send. */
const LONG_HEADER = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 1, 0x86, 0xa0, 0, 0, 0, 0]);

test.each([1000, 100])(
  'no more than 16 KiB of an unfinished frame is kept before a login, in pieces of %d bytes (LIM-5)',
  async (pieceBytes) => {
    const socket = await openBytes();
    const code = closeCodeOf(socket);
    const gone = new Promise((resolve) => socket.once('close', resolve));
    socket.write(LONG_HEADER);
    for (let sent = 0; sent <= 16 * 1024; sent += pieceBytes) {
      await new Promise((resolve) => socket.write(Buffer.alloc(pieceBytes), resolve));
    }
    expect(await code).toBe(1009);
    await gone;
    await expectServing();
  },
);

test('what counts before a login is the unfinished frame alone, and a member may send long ones (LIM-5)', async () => {
  const client = await door.connect();
  const credential = { scheme: 'app-token', appId: 1, token: 'x'.repeat(8000) } as const;
  for (let count = 0; count < 10; count += 1) {
    await expect(client.login(1, 'lob by', 'ann', { credential })).rejects.toThrow('login.bad-room-id');
  }
  await client.login(1, 'lobby', 'ann', { credential });
  const { error } = await client.media.negotiate({ offer: 'x'.repeat(256 * 1024) });
  expect(error?.code).toBe('media.bad-offer');
});

test('a client whose connection the server has closed cannot log in by it any more', async () => {
  const socket = await openBytes();
  const code = closeCodeOf(socket);
  door.clock.advance(10_000);
  expect(await code).toBe(4005);
  const params = { credential: { scheme: 'app-token', appId: 1 }, clientId: 'c', roomId: 'lobby', userId: 'late' };
  const text = JSON.stringify({ id: 1, method: 'login', params });
  socket.write(Buffer.concat([Buffer.from([0x81, 0xfe, 0, text.length, 0, 0, 0, 0]), Buffer.from(text)]));
  // The answer to the close frame, so that all before it has been read.
  socket.write(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x0f, 0xa5]));
  await new Promise((resolve) => socket.once('close', resolve));
  expect(await door.rooms.summary(door.room('lobby'))).toBeUndefined();
});

test('a wrong method, wrong parameters and a wrong order are answered, and the connection stays', async () => {
  const client = await door.connect();
  const codeOf = async (method: string, params?: unknown) => (await client.request(method, params)).error?.code;
  expect(await codeOf('nonsense')).toBe('request.unknown-method');
  expect(await codeOf('toString')).toBe('request.unknown-method');
  expect(await codeOf('heartbeat')).toBe('request.out-of-order');
  expect(await codeOf('login', { credential: { scheme: 'app-token' } })).toBe('request.malformed');
  expect(await codeOf('login', { credential: { scheme: 'app-token' }, clientId: 'c', rooom: 'x' })).toBe(
    'request.malformed',
  );
  const participant = { credential: { scheme: 'participant-token', token: 't' }, clientId: 'c' };
  expect(await codeOf('login', participant)).toBe('login.bad-credential');
  await client.login(1, 'lobby', 'alice');
  expect(await codeOf('negotiate', { publish: [{ streamId: 'x' }] })).toBe('request.malformed');
  expect(await codeOf('send', { kind: 'shout', text: 'x' })).toBe('request.malformed');
  expect(await codeOf('updateStream', { streamId: 'not-mine', extraInfo: 'x' })).toBe('stream.not-found');
  expect(await codeOf('unpublish', { streamId: 'not-mine' })).toBeUndefined();
});

test('a client that asks too often is refused until time has passed', async () => {
  const { client } = await door.join('lobby', 'alice');
  const answers = await Promise.all(Array.from({ length: 150 }, () => client.request('heartbeat')));
  expect(answers.filter(({ error }) => error?.code === 'rate.limited')).toHaveLength(51);
  door.clock.advance(1000);
  expect((await client.request('heartbeat')).error).toBeUndefined();
});

test('a WebSocket without the subprotocol, or at another path, is refused', async () => {
  await expect(RawClient.open(door.baseUrl, [])).rejects.toThrow('refused');
  await expect(RawClient.open(door.baseUrl, ['other.v1'])).rejects.toThrow('refused');
  await expect(RawClient.open(`${door.baseUrl}/elsewhere`)).rejects.toThrow('refused');
});
