import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { UserId } from '@gavel/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { login } from '../rooms/testing.ts';
import { startDoor } from './testing.ts';

const MAX_BUFFERED_BYTES = 64 * 1024;

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor({ maxBufferedBytes: MAX_BUFFERED_BYTES, maxRequestsPerSecond: 100_000 });
});
afterEach(() => door.close());

/** A frame of a client, masked with zeros. */
function frameOf(request: object): Buffer {
  const text = JSON.stringify(request);
  return Buffer.concat([Buffer.from([0x81, 0xfe, text.length >> 8, text.length & 255, 0, 0, 0, 0]), Buffer.from(text)]);
}

/** A client that logs in, and then reads nothing any more. */
async function openUnread(roomId: string, userId: string): Promise<Socket> {
  const { hostname, port } = new URL(door.baseUrl);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.write(
    `GET /signalling HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: gavel.v1\r\n\r\n`,
  );
  await new Promise((resolve) => socket.once('data', resolve));
  const params = { credential: { scheme: 'app-token', appId: 1 }, clientId: 'c', roomId, userId, members: true };
  socket.write(frameOf({ id: 1, method: 'login', params }));
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  return socket;
}

const say = (text: string) =>
  door.rooms.execute(
    door.room('lobby'),
    { type: 'send', kind: 'broadcast', from: { id: 'server' as never, name: '' }, text },
    door.origin,
  );
/** Puts members with long names into the room, so that its state is longer than what may wait. */
async function fill(): Promise<void> {
  for (let index = 0; index < 150; index += 1) {
    const user = { id: `user-${index}` as UserId, name: 'x'.repeat(500) };
    await door.rooms.execute(door.room('lobby'), login(user.id, { user }), door.origin);
  }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test('a client that does not read is dropped at its buffer limit, and others hear every word (ROOM-5)', async () => {
  const { client } = await door.join('lobby', 'alice');
  const unread = await openUnread('lobby', 'mute');
  const gone = new Promise((resolve) => unread.once('close', resolve));
  let said = 0;
  for (; said < 20_000 && door.fanOut.connectionCount === 2; said += 1) {
    await say(`${said} ${'x'.repeat(1000)}`);
    if (said % 200 === 0) await nextTurn();
  }
  expect(door.fanOut.connectionCount).toBe(1);
  unread.resume();
  await gone;
  // It may come back for as long as its member is kept.
  expect((await door.rooms.summary(door.room('lobby')))?.memberCount).toBe(2);
  await client.request('heartbeat');
  const heard = client.events.flatMap((event) => (event.event === 'message' ? Number.parseInt(event.text, 10) : []));
  expect(heard).toEqual(Array.from({ length: said }, (_, index) => index));
});

test('the state of a big room arrives, although it is longer than what may wait', async () => {
  await fill();
  const { client, login: answer } = await door.join('lobby', 'late');
  expect(JSON.stringify(answer).length).toBeGreaterThan(MAX_BUFFERED_BYTES);
  await say('hello');
  expect(await client.event('message')).toMatchObject({ text: 'hello' });
});

test('a member can ask for the state of a room that has grown above what may wait (SIG-4)', async () => {
  const { client } = await door.join('lobby', 'ann');
  await fill();
  const { result } = await client.request('snapshot');
  expect(JSON.stringify(result).length).toBeGreaterThan(MAX_BUFFERED_BYTES);
  await say('hello');
  expect(await client.event('message')).toMatchObject({ text: 'hello' });
});

test('a client that asks for the state again and again and reads none of it is dropped', async () => {
  await fill();
  const unread = await openUnread('lobby', 'mute');
  for (let asked = 0; asked < 20_000 && door.fanOut.connectionCount === 1; asked += 1) {
    unread.write(frameOf({ id: asked + 2, method: 'snapshot', params: {} }));
    if (asked % 100 === 0) await nextTurn();
  }
  expect(door.fanOut.connectionCount).toBe(0);
  unread.destroy();
});
