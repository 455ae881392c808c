import { type AppId, isGavelError, type Params } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { describe, expect, test } from 'vitest';
import type { App, Apps } from '../apps/app.ts';
import { createAppTokenAuthenticator } from './authenticator.ts';
import { createToken04, type Token04Options } from './token04.ts';

const SECRET = '0123456789abcdef0123456789abcdef';
const strict = { appId: 1 as AppId, serverSecret: SECRET, allowNoToken: false } as App;
const open = { appId: 2 as AppId, serverSecret: SECRET, allowNoToken: true } as App;
const apps = { find: (appId: number) => [strict, open].find((app) => app.appId === appId) } as Apps;
const clock = new FakeClock();
const authenticator = createAppTokenAuthenticator({ apps, clock });

type Login = Params<'login'>;
const login = (token?: string, changes: Partial<Login> = {}, appId = 1): Login => ({
  credential: { scheme: 'app-token', appId, ...(token !== undefined && { token }) },
  clientId: 'c',
  roomId: 'r',
  userId: 'u',
  ...changes,
});
const token = (changes: Partial<Token04Options> = {}) =>
  createToken04({ appId: 1, userId: 'u', secret: SECRET, lifetimeSeconds: 60, nowMs: clock.now(), ...changes });
const tokenWith = (payload: unknown) => token({ payload: JSON.stringify(payload) });

async function refusalOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (error) {
    if (isGavelError(error)) return error.code;
    throw error;
  }
  return 'admitted';
}
const refusal = (...args: Parameters<typeof login>) => refusalOf(authenticator.admit(login(...args)));

describe('a login with a token', () => {
  test('is admitted, with the name of the user and the expiry of the token (AUTH-1)', async () => {
    expect(await authenticator.admit(login(token(), { userName: 'Ada', maxMemberCount: 5 }))).toEqual({
      key: { appId: 1, environment: 'production', roomId: 'r' },
      user: { id: 'u', name: 'Ada' },
      onDuplicate: 'replace',
      permissions: { publishAudio: true, publishVideo: true },
      maxMemberCount: 5,
      tokenExpiresAtMs: clock.now() + 60_000,
    });
  });

  test('is known by its user id where it gives no name, and has no cap where it asks for none', async () => {
    const admission = await authenticator.admit(login(token({ variant: 'cbc' })));
    expect([admission.user.name, admission.maxMemberCount]).toEqual(['u', 0]);
  });

  test('enters the environment it names', async () => {
    const credential = { scheme: 'app-token', appId: 1, environment: 'test', token: token() } as const;
    expect((await authenticator.admit(login('', { credential }))).key.environment).toBe('test');
  });

  test.each<[string, Partial<Token04Options>]>([
    ['another App', { appId: 2 }],
    ['another user', { userId: 'v' }],
    ['another secret', { secret: 'f'.repeat(32) }],
  ])('is refused where the token was made for %s (AUTH-1)', async (_case, changes) => {
    expect(await refusal(token(changes))).toBe('login.bad-credential');
  });

  test('is refused from the second on in which the token expires (AUTH-1)', async () => {
    const made = token({ lifetimeSeconds: 10, nowMs: clock.now() - 9_000 });
    expect(await refusal(made)).toBe('admitted');
    clock.advance(1000);
    expect(await refusal(made)).toBe('login.token-expired');
  });
});

describe('privileges in the payload', () => {
  test('a room id binds the token to that room; an empty one to none (AUTH-1)', async () => {
    expect(await refusal(tokenWith({ room_id: 'r' }))).toBe('admitted');
    expect(await refusal(tokenWith({ room_id: '' }))).toBe('admitted');
    expect(await refusal(tokenWith({ room_id: 'other' }))).toBe('login.not-allowed');
  });

  test('privilege 1 of 0 forbids the login (AUTH-1)', async () => {
    expect(await refusal(tokenWith({ privilege: { 1: 0, 2: 1 } }))).toBe('login.not-allowed');
  });

  test('privilege 2 of 0 forbids publishing; what is not named is allowed (AUTH-1)', async () => {
    const permissionsOf = async (payload: unknown) =>
      (await authenticator.admit(login(tokenWith(payload)))).permissions;
    expect(await permissionsOf({ privilege: { 1: 1, 2: 0 } })).toEqual({ publishAudio: false, publishVideo: false });
    expect(await permissionsOf({ privilege: {} })).toEqual({ publishAudio: true, publishVideo: true });
    expect(await permissionsOf({ privilege: null, stream_id_list: null })).toEqual({
      publishAudio: true,
      publishVideo: true,
    });
  });

  test('a list of streams is all that may be published; an empty one is no restriction (AUTH-1)', async () => {
    const listed = async (ids: string[]) =>
      (await authenticator.admit(login(tokenWith({ stream_id_list: ids })))).permissions.publishStreamIds;
    expect(await listed(['a', 'b'])).toEqual(['a', 'b']);
    expect(await listed([])).toBeUndefined();
    expect(await listed(['no such id'])).toEqual([]);
  });

  test.each(['hello', '[]', '{"privilege":{"1":2}}', '{"room_id":5}', '{"stream_id_list":"a"}'])(
    'the payload %s cannot be read, so its login is refused',
    async (payload) => {
      expect(await refusal(token({ payload }))).toBe('login.bad-credential');
    },
  );
});

describe('a login without a token', () => {
  test('is refused unless the App allows it (AUTH-3)', async () => {
    expect(await refusal(undefined)).toBe('login.bad-credential');
    expect(await refusal('')).toBe('login.bad-credential');
    expect(await refusal(undefined, {}, 2)).toBe('admitted');
    expect(await authenticator.admit(login('', {}, 2))).not.toHaveProperty('tokenExpiresAtMs');
  });

  test('does not make a wrong token right (AUTH-3)', async () => {
    expect(await refusal('04AAAA', {}, 2)).toBe('login.bad-credential');
  });
});

test.each<[string, Partial<Login>, string]>([
  ['no room id', { roomId: '' }, 'login.bad-room-id'],
  ['a room id of 129 bytes', { roomId: 'x'.repeat(129) }, 'login.bad-room-id'],
  ['a room id with a space', { roomId: 'a b' }, 'login.bad-room-id'],
  ['no user id', { userId: '' }, 'login.bad-user-id'],
  ['a user id of 65 bytes', { userId: 'x'.repeat(65) }, 'login.bad-user-id'],
  ['a user id with a slash', { userId: 'a/b' }, 'login.bad-user-id'],
  ['a user name of 257 bytes', { userName: 'x'.repeat(257) }, 'login.bad-user-name'],
])('%s is refused (ROOM-6)', async (_case, changes, code) => {
  expect(await refusal(undefined, changes, 2)).toBe(code);
});

test('a login to an unknown App, or to none, is refused', async () => {
  expect(await refusal(token(), {}, 3)).toBe('login.unknown-app');
  expect(await refusalOf(authenticator.admit(login('', { credential: { scheme: 'app-token' } })))).toBe(
    'login.unknown-app',
  );
});

test('a renewal needs a good token of the same user and room, and gives its expiry (AUTH-1)', async () => {
  const admission = await authenticator.admit(login(token()));
  const renewed = await authenticator.renew(admission, token({ lifetimeSeconds: 600 }));
  const publishing = { publishAudio: true, publishVideo: true };
  expect(renewed).toEqual({ tokenExpiresAtMs: clock.now() + 600_000, publishing });
  const withoutPublishing = await authenticator.renew(admission, tokenWith({ privilege: { 1: 1, 2: 0 } }));
  expect(withoutPublishing.publishing).toEqual({ publishAudio: false, publishVideo: false });
  const oneStream = await authenticator.renew(admission, tokenWith({ stream_id_list: ['s'] }));
  expect(oneStream.publishing).toEqual({ ...publishing, publishStreamIds: ['s'] });
  expect(await refusalOf(authenticator.renew(admission, token({ userId: 'v' })))).toBe('login.bad-credential');
  expect(await refusalOf(authenticator.renew(admission, tokenWith({ room_id: 'other' })))).toBe('login.not-allowed');
});
