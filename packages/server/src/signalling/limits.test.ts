import { get } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { login } from '../rooms/testing.ts';
import { startDoor } from './testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor({ maxRequestsPerSecond: 1000 });
});
afterEach(() => door.close());

type Client = Awaited<ReturnType<typeof door.join>>['client'];

/** How many of so many requests of each client in one moment are done; the others must be refused for their rate. */
async function countDone(clients: readonly Client[], each: number, method: string, params: object): Promise<number> {
  const requests = clients.flatMap((client) => Array.from({ length: each }, () => client.request(method, params)));
  const answers = await Promise.all(requests);
  for (const { error } of answers) if (error) expect(error.code).toBe('rate.limited');
  return answers.filter(({ error }) => !error).length;
}

async function joinAll(count: number, roomId = 'r'): Promise<Client[]> {
  const joined = Array.from({ length: count }, (_, index) => door.join(roomId, `${roomId}-u${index}`));
  return (await Promise.all(joined)).map(({ client }) => client);
}

test('a user broadcasts 2 times in a second, in whatever room, and a room has 10 broadcasts (LIM-2)', async () => {
  const clients = await joinAll(7);
  const message = { kind: 'broadcast', text: 'hi' };
  expect(await countDone(clients.slice(0, 1), 5, 'send', message)).toBe(2);
  expect(await countDone(clients.slice(1), 2, 'send', message)).toBe(8);
  expect(await countDone(await joinAll(1, 'other'), 2, 'send', message)).toBe(2);
  door.clock.advance(999);
  expect(await countDone(clients.slice(0, 1), 1, 'send', message)).toBe(0);
  door.clock.advance(1);
  expect(await countDone(clients, 2, 'send', message)).toBe(10);
});

test.each<[string, number, string, object]>([
  ['barrages', 20, 'send', { kind: 'barrage', text: 'hi' }],
  ['commands to one user', 200, 'send', { kind: 'command', text: 'hi', to: ['r-u0'] }],
  ['commands to several users', 10, 'send', { kind: 'command', text: 'hi', to: ['r-u0', 'r-u1'] }],
  ['commands to everybody', 10, 'send', { kind: 'command', text: 'hi' }],
  ['room infos', 10, 'setRoomInfo', { key: 'k', value: 'v' }],
])('%s in a room: %d in a second, exactly (LIM-2)', async (_name, limit, method, params) => {
  const clients = await joinAll(2);
  expect(await countDone(clients, limit, method, params)).toBe(limit);
  door.clock.advance(999);
  expect(await countDone(clients, 1, method, params)).toBe(0);
  door.clock.advance(1);
  expect(await countDone(clients, limit, method, params)).toBe(limit);
});

test('what is refused is told to nobody, and a refused message uses nothing up (LIM-2)', async () => {
  const [a, b] = await joinAll(2);
  for (let index = 0; index < 3; index += 1) {
    expect((await a?.request('send', { kind: 'broadcast', text: '' }))?.error?.code).toBe('message.empty');
  }
  expect(await countDone([a as Client], 5, 'send', { kind: 'broadcast', text: 'hi' })).toBe(2);
  await b?.request('heartbeat');
  expect(b?.events.filter(({ event }) => event === 'message')).toHaveLength(2);
});

test('what a server sends neither counts nor is refused (LIM-3)', async () => {
  const [a] = await joinAll(1);
  const from = { id: 'r-u0' as never, name: 'server' };
  const command = { type: 'send', kind: 'broadcast', from, text: 'hi' } as const;
  for (let index = 0; index < 30; index += 1) await door.rooms.execute(door.room('r'), command, door.origin);
  expect(await countDone([a as Client], 2, 'send', { kind: 'broadcast', text: 'hi' })).toBe(2);
  await door.rooms.execute(door.room('r'), command, door.origin);
});

test('a room whose state alone is larger than what may wait for a slow reader can be entered, and come back to (SIG-4)', async () => {
  await door.close();
  door = await startDoor({ maxBufferedBytes: 64 * 1024 });
  const name = 'x'.repeat(256);
  for (let count = 0; count < 600; count += 1) {
    if (count % 200 === 0) door.clock.advance(1000);
    const command = login(`user-${count}`, { user: { id: `user-${count}` as never, name } });
    await door.rooms.execute(door.room('r'), command, door.origin);
  }
  door.clock.advance(1000);
  const { client, login: entered } = await door.join('r', 'ann');
  expect(JSON.stringify(entered).length).toBeGreaterThan(128 * 1024);
  expect(await client.request('heartbeat')).toMatchObject({ result: { memberCount: 601 } });
  client.cut();
  await client.closed;
  const again = await door.connect();
  const resumed = await again.request('resume', { ticket: entered.ticket, lastSeq: 0 });
  expect((resumed.result as { room: { memberCount: number } }).room.memberCount).toBe(601);
  expect((await again.request('snapshot')).error).toBeUndefined();
});

test('an address has so many connections that have not logged in, and a login or an end makes room (LIM-4)', async () => {
  await door.close();
  door = await startDoor({ maxPendingPerAddress: 3 });
  const inside = await joinAll(5);
  const pending = await Promise.all(Array.from({ length: 3 }, () => door.connect()));
  await expect(door.connect()).rejects.toThrow('refused');
  // Who is in is not touched by it, and who is pending may log in.
  expect(await countDone(inside, 1, 'heartbeat', {})).toBe(5);
  await pending[0]?.login(1, 'r', 'late');
  pending.push(await door.connect());
  await expect(door.connect()).rejects.toThrow('refused');
  pending[1]?.cut();
  await pending[1]?.closed;
  await expect.poll(() => door.connect().then(() => 'taken')).toBe('taken');
});

test('a handshake that fails does not count on (LIM-4)', async () => {
  await door.close();
  door = await startDoor({ maxPendingPerAddress: 1 });
  const headers = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Protocol': 'gavel.v1' };
  const status = await new Promise((resolve) => {
    get(`${door.baseUrl}/signalling`, { headers }, (response) => resolve(response.statusCode));
  });
  expect(status).toBe(400);
  await expect.poll(() => door.connect().then(() => 'taken')).toBe('taken');
});
