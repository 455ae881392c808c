import { startTestServer, TEST_API_TOKEN, TEST_APP, type TestServer } from '@gavel/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CliOptions, runGavel } from './harness.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const APP = ['--app', String(TEST_APP.appId)];
const gavel = (argv: readonly string[], key = TEST_API_TOKEN, options: CliOptions = {}) =>
  runGavel(argv, { ...options, env: { GAVEL_CLI_URL: server.baseUrl, GAVEL_CLI_KEY: key } });
const login = async (roomId: string, userId: string) => {
  const client = await server.connect();
  await client.login(TEST_APP.appId, roomId, userId);
  return client;
};

test('rooms and people are listed, and one room is shown', async () => {
  await login('lobby', 'alice');
  await login('lobby', 'bob');
  await login('attic', 'cem');
  const rooms = await gavel(['room', 'list', '--sort', 'members', ...APP]);
  expect(rooms.out).toMatch(
    /^APP +ENVIRONMENT +ROOM +MEMBERS +STREAMS +WAITING +SINCE\n\d+ +production +lobby +2 .*\n\d+ +production +attic +1 /,
  );
  const paged = await gavel(['room', 'list', '--all', '--search', 'att', '--json']);
  expect(paged.json()).toMatchObject([{ roomId: 'attic', memberCount: 1 }]);
  const people = (await gavel(['user', 'list', '--json'])).json<{ userId: string }[]>();
  expect(people.map(({ userId }) => userId).sort()).toEqual(['alice', 'bob', 'cem']);
  expect((await gavel(['user', 'list', '--search', 'bo'])).out).toMatch(/\n\d+ +lobby +bob +\S+ +127\.0\.0\.1 +\d{4}-/);
  const lobby = await gavel(['room', 'get', 'lobby', ...APP]);
  expect(lobby.out).toMatch(/^USER +NAME +ADDRESS +SINCE\nalice .*\nbob .*\n\nnone\n$/);
  const none = await gavel(['room', 'get', 'cellar', ...APP]);
  expect([none.code, none.error]).toEqual([1, 'gavel: refused with 404: There is no room cellar\n']);
});

test('what happens in a room is printed as it happens, until the time is over', async () => {
  const watching = gavel(['room', 'watch', 'stage', ...APP, '--for', '3s']);
  const timer = setInterval(() => void login('stage', 'dora'), 300);
  const { code, out } = await watching.finally(() => clearInterval(timer));
  expect(code).toBe(0);
  expect(out).toMatch(/^\d{4}-\S+ \S+Z {2}room-created {2}stage/m);
  expect(out).toMatch(/ {2}member-joined {2}stage {2}dora/);
  expect((await gavel(['room', 'watch', 'stage'])).error).toBe('gavel: a room needs --app\n');
  expect((await gavel(['room', 'watch', '--curl'])).out).toContain('/admin/v1/events?detail=people');
  expect((await gavel(['room', 'watch'], 'no-key-of-this-server')).code).toBe(1);
});

test('tokens of persons have a role, and are refused when they are revoked', async () => {
  const made = await gavel(['admin-token', 'create', 'vera', '--role', 'viewer', '--for', '8h', '--yes']);
  const token = made.out.trim();
  expect((await gavel(['room', 'list'], token)).code).toBe(0);
  expect((await gavel(['admin-token', 'list'], token)).code).toBe(1);
  const [listed] = (await gavel(['admin-token', 'list', '--json'])).json<
    { id: string; name: string; role: string }[]
  >();
  expect(listed).toMatchObject({ name: 'vera', role: 'viewer' });
  const limited = [
    'admin-token',
    'create',
    'mo',
    '--role',
    'moderator',
    '--apps',
    String(TEST_APP.appId),
    '--yes',
    '--json',
  ];
  expect((await gavel(limited)).json()).toMatchObject({ appIds: [TEST_APP.appId] });
  expect((await gavel(['admin-token', 'revoke', listed?.id ?? '', '--yes'])).code).toBe(0);
  expect((await gavel(['room', 'list'], token)).code).toBe(1);
});
