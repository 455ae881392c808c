import type { LoginResult, WaitingResult, WireIce } from '@gavel/protocol';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kick } from '../rooms/testing.ts';
import { startDoor, TURN_SERVERS } from './testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
const written: string[] = [];
beforeEach(async () => {
  const log = pino({ base: null, level: 'trace' }, { write: (line: string) => void written.push(line) });
  door = await startDoor({ log });
});
afterEach(() => door.close());

const credentialOf = (ice: WireIce | undefined) => ice?.servers[1]?.credential;

test('a login gets ICE servers with credentials of its own, which no log line contains (ICE-1)', async () => {
  const ann = await door.join('r', 'ann');
  const bob = await door.join('r', 'bob');
  const expiry = Math.floor(door.clock.now() / 1000) + 600;
  expect(ann.login.ice).toEqual({
    servers: [
      { urls: ['stun:turn.test'] },
      { urls: ['turn:turn.test:3478?transport=udp'], username: `${expiry}:ann`, credential: expect.any(String) },
    ],
    validForMs: 600_000,
  });
  expect(credentialOf(bob.login.ice)).not.toBe(credentialOf(ann.login.ice));
  const text = written.join('');
  expect(text).toContain('logged in');
  for (const secret of [TURN_SERVERS.secret, credentialOf(ann.login.ice) ?? '']) expect(text).not.toContain(secret);
});

test('a resume and the request `iceServers` give new credentials (ICE-1)', async () => {
  const { client, login } = await door.join('r', 'ann');
  await door.clock.advance(60_000);
  const renewed = (await client.request('iceServers')).result as { ice: WireIce };
  expect(renewed.ice.servers[1]?.username).not.toBe(login.ice?.servers[1]?.username);
  client.cut();
  await client.closed;
  await door.clock.advance(10_000);
  const again = await door.connect();
  const resumed = (await again.request('resume', { ticket: login.ticket, lastSeq: 0 })).result as { ice: WireIce };
  expect(resumed.ice.validForMs).toBe(600_000);
  expect(credentialOf(resumed.ice)).not.toBe(credentialOf(renewed.ice));
});

test('who is refused, waits or was kicked gets no credentials (ICE-1)', async () => {
  const params = { clientId: 'c', roomId: 'r' };
  const app = { scheme: 'app-token', appId: 1 };
  const refused = await (await door.connect()).request('login', {
    ...params,
    userId: 'x',
    credential: { ...app, token: 'bad' },
  });
  expect(JSON.stringify(refused)).not.toContain('turn.test');
  const guest = await door.connect();
  const waiting = await guest.request('login', { ...params, userId: 'guest-1', credential: app });
  expect(waiting.result).toMatchObject({ waiting: {} });
  expect(JSON.stringify(waiting)).not.toContain('turn.test');
  expect((await guest.request('iceServers')).error?.code).toBe('request.out-of-order');

  const { client, login } = await door.join('r', 'ann');
  await door.rooms.execute(door.room('r'), kick('ann'), door.origin);
  await client.closed;
  const again = await door.connect();
  const resumed = await again.request('resume', { ticket: (login satisfies LoginResult).ticket, lastSeq: 0 });
  expect(resumed.error?.code).toBe('resume.refused');
  expect(JSON.stringify(resumed)).not.toContain('turn.test');
  expect((await again.request('iceServers')).error?.code).toBe('request.out-of-order');
});

test('who is let in after a wait gets credentials with its admission (ICE-1)', async () => {
  const guest = await door.connect();
  const credential = { scheme: 'app-token', appId: 1 };
  const params = { clientId: 'c', roomId: 'r', userId: 'guest-1', credential };
  const { result } = await guest.request('login', params);
  const { memberId } = (result as WaitingResult).waiting;
  const doorman = await door.join('r', 'doorman');
  await doorman.client.request('moderate', { action: 'accept', memberIds: [memberId] });
  const { login } = await guest.event('admitted');
  expect(login.ice?.servers[1]?.username).toMatch(/^\d+:guest-1$/);
});
