/** Login tokens at the signalling door (AUTH-1, AUTH-3; reference zego 5). */

import { createToken04, type Token04Options } from '@gavel/server';
import { FakeClock, RawClient } from '@gavel/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Harness, start } from './harness.ts';

// Reference zego 5.6: for App 1234567890 and user alice, valid from 1700000000 to 1700003600.
const CBC =
  '04AAAAAGVT/xAAEGFiY2RlZmdoaWowMTIzNDUAcI/rGNjnWnzy4fWLZ5xeTH6c0FC7t+Gv1y3RHxzKL0CnhZu+U+0y8NtGmeAGJIVrEHhesnb83Pek6UF9VRcvqoWUkS0Yohqr/nNvHYJoviwDkgkSZDN9LO0uA2yq+RmhHNGGkRnIFlgvAZNPhRqXV3o=';
const GCM =
  '04AAAAAGVT/xAADAECAwQFBgcICQoLDAB8dcpwXlCjlNMhqwv/sD7EUbPeOYSTp3VHelaoYTNMhGllgiD/l8ZRRrEQliUwp23Mz750lDNZGWdgBHK3ikbeflqHWpP+EytMeRoR86cfAI0Dp6AkgNWvOu/tZpyAsfavhuKDRsgxflXUKDiOvwJgkKAmgMqKKDh9JTgxCAE=';

let harness: Harness;
beforeEach(async () => {
  harness = await start({ app: { allowNoToken: false }, clock: new FakeClock(1_700_000_000_000) });
});
afterEach(() => harness.close());

const tokenFor = (userId: string, changes: Partial<Token04Options> = {}) => {
  const { appId, serverSecret: secret } = harness.app;
  return createToken04({ appId, userId, secret, lifetimeSeconds: 60, nowMs: harness.clock.now(), ...changes });
};

/** Logs in, and returns the client with the error code of the refusal, if any. */
async function tryLogin(userId: string, token: string | undefined, roomId = 'r') {
  const client = await RawClient.open(harness.baseUrl);
  const credential = { scheme: 'app-token', appId: harness.app.appId, ...(token !== undefined && { token }) };
  const { error } = await client.request('login', { credential, clientId: `client-of-${userId}`, roomId, userId });
  return { client, code: error?.code };
}
const refusal = async (...args: Parameters<typeof tryLogin>) => (await tryLogin(...args)).code;

test.each([
  ['CBC', CBC],
  ['GCM', GCM],
])('the %s token of the reference opens the door to its user, until it expires (AUTH-1)', async (_variant, token) => {
  expect(await refusal('alice', token)).toBeUndefined();
  expect(await harness.usersOf('r')).toEqual(['alice']);
  expect(await refusal('bob', token)).toBe('login.bad-credential');
  harness.clock.advance(3_600_000);
  expect(await refusal('alice', token)).toBe('login.token-expired');
});

test('a token of another App opens nothing here (AUTH-1, ACC-6)', async () => {
  const { appId, serverSecret: secret } = harness.otherApp;
  expect(await refusal('alice', tokenFor('alice', { appId, secret }))).toBe('login.bad-credential');
  expect(await refusal('alice', tokenFor('alice', { secret }))).toBe('login.bad-credential');
});

test('a login without a token is refused unless the App admits it (AUTH-3)', async () => {
  expect(await refusal('alice', undefined)).toBe('login.bad-credential');
  const dev = await start({ app: { allowNoToken: true } });
  const client = await RawClient.open(dev.baseUrl);
  await client.login(dev.app.appId, 'r', 'alice');
  expect(await dev.usersOf('r')).toEqual(['alice']);
  await dev.close();
});

describe('privileges', () => {
  const payload = (value: unknown) => ({ payload: JSON.stringify(value) });
  const publishCode = async (client: RawClient, streamId: string) => (await client.media.publish(streamId)).error?.code;

  test('bind a token to a room (AUTH-1)', async () => {
    const token = tokenFor('alice', payload({ room_id: 'r', privilege: { 1: 1, 2: 1 }, stream_id_list: null }));
    expect(await refusal('alice', token, 'other')).toBe('login.not-allowed');
    expect(await refusal('alice', token, 'r')).toBeUndefined();
  });

  test('forbid the login (AUTH-1)', async () => {
    expect(await refusal('alice', tokenFor('alice', payload({ privilege: { 1: 0 } })))).toBe('login.not-allowed');
  });

  test('forbid publishing (AUTH-1)', async () => {
    const { client } = await tryLogin('alice', tokenFor('alice', payload({ privilege: { 1: 1, 2: 0 } })));
    expect(await publishCode(client, 's')).toBe('stream.not-allowed');
  });

  test('name the streams that may be published (AUTH-1)', async () => {
    const { client } = await tryLogin('alice', tokenFor('alice', payload({ stream_id_list: ['mine'] })));
    expect(await publishCode(client, 'other')).toBe('stream.not-allowed');
    expect(await publishCode(client, 'mine')).toBeUndefined();
  });
});

test('a token is renewed by another one of the same user (AUTH-1)', async () => {
  const { client } = await tryLogin('alice', tokenFor('alice'));
  const renewed = await client.request('renewToken', { token: tokenFor('alice', { lifetimeSeconds: 600 }) });
  expect(renewed.result).toEqual({ tokenExpiresAtMs: harness.clock.now() + 600_000 });
  const { error } = await client.request('renewToken', { token: tokenFor('bob') });
  expect(error?.code).toBe('login.bad-credential');
});

test('a kicked user with a good token is admitted again (KICK-10)', async () => {
  const token = tokenFor('alice');
  const { client } = await tryLogin('alice', token);
  expect(await harness.codeOf('KickoutUser', { RoomId: 'r', UserId: ['alice'] })).toBe(0);
  await client.closed;
  expect(await refusal('alice', token)).toBeUndefined();
});
