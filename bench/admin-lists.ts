/**
 * The response times of the admin API's lists with 10,000 rooms and 100,000 people.
 *
 *     node_modules/.bin/node bench/admin-lists.ts [samples=50]
 *
 * The server runs in this process, with a fake media engine, and is asked over HTTP, one call after another. Each row has
 * the time of the fastest and of the middle call, and the CPU time of the process for each call, the client's part included.
 *
 * @module
 */

import type { RoomId, RoomKey, UserId } from '@gavel/protocol';
import type { Command } from '@gavel/server';
import { startTestServer, TEST_API_TOKEN, TEST_APP } from '@gavel/testkit';

const SAMPLES = Number(process.argv[2] ?? 50);
const WARM_UP = 5;
const ROOMS = 10_000;
const PEOPLE_PER_ROOM = 10;

const gavel = await startTestServer();
const headers = { authorization: `Bearer ${TEST_API_TOKEN}` };
const origin = { channel: 'server', requestId: 'bench' } as const;

const keyOf = (room: number): RoomKey => ({
  appId: TEST_APP.appId as RoomKey['appId'],
  environment: 'production',
  roomId: `room-${room}` as RoomId,
});

function loginOf(userId: string): Command {
  return {
    type: 'login',
    user: { id: userId as UserId, name: `Name of ${userId}` },
    scheme: 'app-token',
    clientId: userId,
    connectionId: `connection-of-${userId}`,
    onDuplicate: 'allow',
    wantsMembers: false,
    permissions: { publishAudio: true, publishVideo: true },
    maxMemberCount: 0,
    address: '203.0.113.7',
    callbackData: '',
  };
}

async function call(path: string): Promise<string> {
  const response = await fetch(`${gavel.baseUrl}/admin/v1${path}`, { headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return text;
}

async function measure(what: string, path: string) {
  for (let index = 0; index < WARM_UP; index += 1) await call(path);
  const timesMs: number[] = [];
  const cpu = process.cpuUsage();
  for (let index = 0; index < SAMPLES; index += 1) {
    const beganAtMs = performance.now();
    await call(path);
    timesMs.push(performance.now() - beganAtMs);
  }
  const { user, system } = process.cpuUsage(cpu);
  timesMs.sort((a, b) => a - b);
  const at = (part: number): string => (timesMs[Math.floor(part * (SAMPLES - 1))] ?? 0).toFixed(1);
  console.log(
    `${what.padEnd(48)} best ${at(0)} ms, median ${at(0.5)} ms, CPU ${((user + system) / 1000 / SAMPLES).toFixed(1)} ms`,
  );
}

for (let room = 0; room < ROOMS; room += 1) {
  for (let person = 0; person < PEOPLE_PER_ROOM; person += 1) {
    await gavel.rooms.execute(keyOf(room), loginOf(`user-${room}-${person}`), origin);
  }
}
console.log(`${ROOMS} rooms, ${ROOMS * PEOPLE_PER_ROOM} people, ${SAMPLES} calls each`);

await measure('nothing: GET /me', '/me');
await measure('rooms, newest first', '/rooms');
await measure('rooms, most members first, 500', '/rooms?sort=members&limit=500');
await measure('rooms, by name, searched', '/rooms?sort=room&order=asc&search=99');
await measure('people', '/people');
await measure('people, searched, found at once', '/people?search=user-0');
await measure('people, searched, nobody: one page', '/people?search=nobody');
await measure('one room', `/rooms/${TEST_APP.appId}/production/room-5000`);
await measure('the people of one room', `/rooms/${TEST_APP.appId}/production/room-5000/people`);
await gavel.close();
