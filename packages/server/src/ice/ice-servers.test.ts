import type { AppId, UserId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { expect, it } from 'vitest';
import type { App, TurnServers } from '../apps/app.ts';
import { createTurnCredentials, IceServers } from './ice-servers.ts';

const SECRET = 'north-by-northwest';
const ANN = 'ann' as UserId;
const STUN = 'stun:stun.example.org';
const TURN = 'turn:turn.example.org:3478?transport=udp';

function createIceServers(settings: Partial<TurnServers>, appSettings?: TurnServers) {
  const clock = new FakeClock();
  const apps = { find: () => ({ ...(appSettings && { turn: appSettings }) }) as App };
  const ice = new IceServers({ clock, apps, settings: () => ({ urls: [], ttlSeconds: 600, ...settings }) });
  return { clock, ice };
}

it('makes the user name of the expiry and the user, and the password of its HMAC (ICE-1)', () => {
  // printf '1700000000:ann' | openssl dgst -sha1 -hmac north-by-northwest -binary | base64
  expect(createTurnCredentials(SECRET, 'ann', 1_700_000_000)).toEqual({
    username: '1700000000:ann',
    credential: '44oWeXBGb/X0rQRcYp3oJuYVF3M=',
  });
});

it('encodes what a TURN server does not accept in a user name', () => {
  const { username } = createTurnCredentials(SECRET, `o'neil "x" \\ ü`, 1);
  expect(username).toBe('1:o%27neil%20%22x%22%20%5C%20%C3%BC');
});

it('gives credentials of their own to each login, which expire after the configured time (ICE-1)', () => {
  const { clock, ice } = createIceServers({ urls: [STUN, TURN], secret: SECRET, ttlSeconds: 60 });
  const first = ice.issue(1 as AppId, ANN);
  const expiry = Math.floor(clock.now() / 1000) + 60;
  expect(first).toEqual({
    servers: [{ urls: [STUN] }, { urls: [TURN], ...createTurnCredentials(SECRET, 'ann', expiry) }],
    validForMs: 60_000,
  });
  expect(ice.issue(1 as AppId, 'bob' as UserId)?.servers[1]?.username).toBe(`${expiry}:bob`);
});

it('gives nothing where nothing is configured, and no credentials for STUN alone', () => {
  expect(createIceServers({}).ice.issue(1 as AppId, ANN)).toBeUndefined();
  expect(createIceServers({ urls: [STUN] }).ice.issue(1 as AppId, ANN)).toEqual({ servers: [{ urls: [STUN] }] });
});

it("an App's own servers replace those of the server", () => {
  const server = { urls: [TURN], secret: SECRET };
  const own = createIceServers(server, {
    urls: ['turn:own.example.org'],
    secret: 'another-secret-of-an-app',
    ttlSeconds: 90,
  });
  expect(own.ice.issue(1 as AppId, ANN)).toMatchObject({
    servers: [{ urls: ['turn:own.example.org'] }],
    validForMs: 90_000,
  });
  expect(createIceServers(server, { urls: [], ttlSeconds: 600 }).ice.issue(1 as AppId, ANN)).toBeUndefined();
});
