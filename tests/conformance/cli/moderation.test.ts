import { startTestServer, TEST_API_TOKEN, TEST_APP, type TestServer } from '@gavel/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CliOptions, runGavel } from './harness.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const APP = ['--app', String(TEST_APP.appId)];
const WHY = ['--reason', 'spam'];
const gavel = (argv: readonly string[], options: CliOptions = {}) =>
  runGavel(argv, { ...options, env: { GAVEL_CLI_URL: server.baseUrl, GAVEL_CLI_KEY: TEST_API_TOKEN } });
const login = async (roomId: string, userId: string) => {
  const client = await server.connect();
  await client.login(TEST_APP.appId, roomId, userId);
  return client;
};
const memberCount = async (roomId: string) =>
  (await gavel(['room', 'list', '--search', roomId, '--json'])).json<{ memberCount: number }[]>()[0]?.memberCount;

test('a kick is previewed, done with a ban, found in the audit log, and undone', async () => {
  const [alice] = [await login('lobby', 'alice'), await login('lobby', 'bob')];
  const argv = ['user', 'kick', 'alice', ...APP, '--room', 'lobby', ...WHY, '--ban', 'user', '--for', '1h'];
  const dry = await gavel([...argv, '--dry-run']);
  expect([dry.code, dry.out]).toEqual([0, 'would have put out: alice\n']);
  expect(await memberCount('lobby')).toBe(2);
  const asked = await gavel(argv, { answer: true });
  expect(asked.questions).toEqual(['Kick alice out of lobby?']);
  expect(asked.out).toMatch(/has put out: alice\nban \S+\n$/);
  expect((await alice.closed).code).toBeGreaterThanOrEqual(4500);
  await expect(login('lobby', 'alice')).rejects.toThrow();

  const [ban] = (await gavel(['ban', 'list', ...APP, '--json'])).json<{ id: string }[]>();
  expect((await gavel(['ban', 'list', ...APP])).out).toMatch(
    /^ID +ROOM +USER +ADDRESSES +UNTIL +BY +REASON\n\S+ +lobby +alice /,
  );
  expect((await gavel(['ban', 'lift', ban?.id ?? '', ...APP, ...WHY, '--yes'])).code).toBe(0);
  await login('lobby', 'alice');
  const audit = await gavel(['audit', 'tail', '--action', 'kick']);
  expect(audit.out).toMatch(/ kick +lobby +\S*user\/alice\S* +done +spam\n/);
  const lines = (await gavel(['audit', 'export', '--room', 'lobby'])).out.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).action)).toContain('kick');
  expect((await gavel(['audit', 'export', '--format', 'csv'])).out).toContain(',kick,');
});

test('a user or addresses are banned, and whoever is covered is put out', async () => {
  await login('yard', 'cem');
  const preview = await gavel([
    'ban',
    'add',
    ...APP,
    '--addresses',
    '127.0.0.1',
    '--room',
    'yard',
    ...WHY,
    '--dry-run',
  ]);
  expect(preview.out).toBe('would have covered: cem\n');
  expect((await gavel(['ban', 'add', ...APP, ...WHY, '--yes'])).error).toBe(
    'gavel: give --user, --addresses or both\n',
  );
  const added = await gavel(['ban', 'add', ...APP, '--user', 'dora', ...WHY, '--yes']);
  expect(added.out).toMatch(/^ban \S+\nhas covered: nobody\n$/);
  expect((await gavel(['user', 'ban', 'cem', ...APP, '--for', '90s', ...WHY, '--yes'])).out).toMatch(
    /has covered: cem\n$/,
  );
  expect(await memberCount('yard')).toBeUndefined();
});

test('streams are listed and deleted, users are muted, and a room is closed', async () => {
  const eve = await login('stage', 'eve');
  await server.call('AddStream', { RoomId: 'stage', UserId: 'eve', UserName: 'eve', StreamId: 'camera-1' });
  const { out } = await gavel(['stream', 'list', 'stage', ...APP]);
  expect(out).toMatch(/^STREAM +USER +SOURCE +TITLE\ncamera-1 +eve /);
  const room = [...APP, '--room', 'stage'];
  expect((await gavel(['user', 'mute', 'eve', ...room, ...WHY, '--yes'])).out).toBe('has muted: eve\n');
  expect((await gavel(['stream', 'delete', 'camera-1', ...room, ...WHY, '--yes'])).out).toBe('has deleted camera-1\n');
  expect((await gavel(['stream', 'delete', 'camera-1', ...room, ...WHY, '--yes'])).code).toBe(1);
  expect((await gavel(['room', 'close', 'stage', ...APP, ...WHY, '--dry-run'])).out).toBe('would have put out: eve\n');
  expect((await gavel(['room', 'close', 'stage', ...APP, ...WHY, '--yes'])).out).toBe('has put out: eve\n');
  await eve.closed;
});

test('the audit log is followed until the user interrupts it', async () => {
  await login('hall', 'eva');
  const close = () => gavel(['room', 'close', 'hall', ...APP, ...WHY, '--yes']);
  const interrupt = new AbortController();
  const rows: { readonly action: string; readonly outcome: string }[] = [];
  const following = gavel(['audit', 'tail', '--follow', '--since', '1h', '--json', ...APP, '--room', 'hall'], {
    interrupt: interrupt.signal,
    onOut: (text) => rows.push(JSON.parse(text)),
  });
  expect((await close()).code).toBe(0);
  await expect.poll(() => rows.length, { timeout: 20_000 }).toBe(1);
  expect((await close()).code).toBe(1);
  await expect.poll(() => rows.length, { timeout: 20_000 }).toBe(2);
  interrupt.abort();
  expect((await following).code).toBe(0);
  expect(rows).toMatchObject([
    { action: 'close', outcome: 'done' },
    { action: 'close', outcome: 'refused' },
  ]);
  expect((await gavel(['audit', 'tail', '--for', '1s'])).error).toBe('gavel: --for needs --follow\n');
});
