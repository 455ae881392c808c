import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DevCredentials, signedPath } from '@gavel/server';
import {
  FakeMediaEngine,
  findFreePort,
  RawClient,
  type ServerProcess,
  startServerProcess,
  startTestServer,
} from '@gavel/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

let dataDir: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'gavel-process-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
});

/** Starts the process from a command line; resolves when it prints that it is ready, or has ended. */
async function start(args: readonly string[], env: Record<string, string> = {}): Promise<ServerProcess> {
  const started = await startServerProcess(args, dataDir, env);
  children.push(started.child);
  return started;
}

const credentials = (): DevCredentials =>
  JSON.parse(readFileSync(join(dataDir, 'dev-credentials.json'), 'utf8')) as DevCredentials;
const getJson = async (url: string) => (await (await fetch(url)).json()) as Record<string, never>;

test('dev mode makes credentials once, keeps them to their owner, and prints a call that works when pasted', async () => {
  const { baseUrl, output, child, exited } = await start(['--dev']);
  const path = join(dataDir, 'dev-credentials.json');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const made = credentials();
  expect(Object.keys(made).sort()).toEqual(
    ['accountId', 'apiToken', 'appId', 'baseUrl', 'callbackSecret', 'dev', 'rtkAppId', 'serverSecret'].sort(),
  );
  expect(made.baseUrl).toBe(baseUrl);
  expect(output()).toContain(`${baseUrl}/?room=lobby`);
  expect(output()).toMatch(/^Media: clients send to .+, UDP port \d+$/m);
  const [, url = ''] = /curl '([^']+)'/.exec(output()) ?? [];
  expect(await getJson(url)).toMatchObject({ Code: 0, Data: { UserCountList: [{ RoomId: 'lobby', UserCount: 0 }] } });
  for (const secret of [made.serverSecret, made.callbackSecret, made.apiToken]) expect(output()).not.toContain(secret);

  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  const again = await start(['--dev']);
  expect(credentials()).toEqual({ ...made, baseUrl: again.baseUrl });
});

test('it says whether it lives and whether it takes work, and gives metrics', async () => {
  const { baseUrl } = await start(['--dev']);
  expect(await getJson(`${baseUrl}/healthz`)).toEqual({ status: 'ok' });
  expect(await getJson(`${baseUrl}/readyz`)).toEqual({ status: 'ready' });
  const metrics = await (await fetch(`${baseUrl}/metrics`)).text();
  expect(metrics).toMatch(/^gavel_build_info{version="\d[^"]+",node="v[^"]+"} 1$/m);
  expect(metrics).toMatch(/^gavel_connections 0$/m);
});

test('SIGTERM tells clients to come back, and ends the process within 5 s', async () => {
  const { baseUrl, child, exited } = await start(['--dev']);
  const client = await RawClient.open(baseUrl);
  await client.login(credentials().appId, 'lobby', 'alice');
  const begunAtMs = performance.now();
  child.kill('SIGTERM');
  expect(await client.event('goingAway')).toEqual({ event: 'goingAway' });
  expect((await client.closed).code).toBe(4000);
  expect(await exited).toBe(0);
  expect(performance.now() - begunAtMs).toBeLessThan(5000);
});

test('in dev mode a terminal that is closed (SIGHUP) stops the server in order (START-3)', async () => {
  const { child, exited } = await start(['--dev']);
  child.kill('SIGHUP');
  expect(await exited).toBe(0);
});

test('a second start on a folder in use is refused in one line, and changes neither credentials nor database (START-2)', async () => {
  await start(['--dev']);
  const before = credentials();
  const second = await start(['--dev']);
  expect(await second.exited).toBe(1);
  expect(second.output().trim()).toBe(
    `Gavel could not start: another Gavel process uses the data folder ${dataDir}; stop it, or set another dataDir`,
  );
  expect(credentials()).toEqual(before);
});

test('production without an App, and without a key that can make one, is refused (START-3)', async () => {
  const { exited, output } = await start([]);
  expect(await exited).toBe(1);
  expect(output()).toMatch(/^Gavel could not start: no App exists/m);
  const usable = await start([], { GAVEL_ADMIN_KEY: 'an-admin-key-0123456789' });
  expect(usable.output()).toContain('Gavel is ready');
});

test('after a restart the room is made anew by those who come back, with a higher epoch (ROOM-3)', async () => {
  const port = await findFreePort();
  const env = { GAVEL_PORT: String(port) };
  const first = await start(['--dev'], env);
  const url = `http://127.0.0.1:${port}`;
  const client = await RawClient.open(url);
  const before = await client.login(credentials().appId, 'lobby', 'alice');
  first.child.kill('SIGKILL');
  await first.exited;
  await start(['--dev'], env);
  const again = await RawClient.open(url);
  const { error } = await again.request('resume', { ticket: before.ticket, lastSeq: 0 });
  expect(error).toMatchObject({ code: 'resume.refused', details: { cause: 'connection-lost' } });
  const after = await again.login(credentials().appId, 'lobby', 'alice');
  expect(BigInt(after.epoch) > BigInt(before.epoch)).toBe(true);
});

test('who was taken out before the server was killed learns it from the next one (KICK-12)', async () => {
  const port = await findFreePort();
  const env = { GAVEL_PORT: String(port) };
  const first = await start(['--dev'], env);
  const url = `http://127.0.0.1:${port}`;
  const tickets: Record<string, string> = {};
  for (const [roomId, userId] of [
    ['kicks', 'ann'],
    ['kicks', 'ben'],
    ['closed', 'cem'],
  ] as const) {
    const client = await RawClient.open(url);
    tickets[userId] = (await client.login(credentials().appId, roomId, userId)).ticket;
    // As a network that goes away: the server hears nothing of it.
    await client.request('heartbeat', {});
  }
  const call = async (action: string, params: Record<string, string>) => {
    const signed = await fetch(`${url}${signedPath(credentials(), action, params, Date.now())}`);
    expect(await signed.json()).toMatchObject({ Code: 0 });
  };
  await call('KickoutUser', { RoomId: 'kicks', 'UserId[]': 'ann', CustomReason: 'spam' });
  await call('CloseRoom', { RoomId: 'closed', CustomReason: 'over' });
  first.child.kill('SIGKILL');
  await first.exited;
  await start(['--dev'], env);
  const causes: Record<string, unknown> = {};
  for (const [userId, ticket] of Object.entries(tickets)) {
    const again = await RawClient.open(url);
    const { error } = await again.request('resume', { ticket, lastSeq: 0 });
    causes[userId] = error?.details;
  }
  expect(causes).toEqual({
    ann: { cause: 'kicked', reason: 'spam' },
    ben: { cause: 'connection-lost', reason: '' },
    cem: { cause: 'room-closed', reason: 'over' },
  });
});

test('production refuses the dev credentials, and shows no secret', async () => {
  const { child, exited } = await start(['--dev']);
  child.kill('SIGTERM');
  await exited;
  const { appId, serverSecret, callbackSecret, accountId, rtkAppId } = credentials();
  const app = { name: 'x', appId, serverSecret, callbackSecret, accountId, rtkAppId };
  writeFileSync(join(dataDir, 'gavel.yaml'), JSON.stringify({ apps: [app] }));
  const production = await start(['--config', join(dataDir, 'gavel.yaml')]);
  expect(await production.exited).toBe(2);
  expect(production.output()).toContain('apps[0].serverSecret');
  expect(production.output()).not.toContain(serverSecret);
});

test('an unknown key is refused with a suggestion, in a file and in the environment', async () => {
  writeFileSync(join(dataDir, 'gavel.yaml'), 'prot: 7700\n');
  const file = await start(['--config', join(dataDir, 'gavel.yaml')]);
  expect(await file.exited).toBe(2);
  expect(file.output()).toMatch(/prot.*port/s);
  const environment = await start(['--dev'], { GAVEL_MEDIA_PROT: '1' });
  expect(await environment.exited).toBe(2);
  expect(environment.output()).toMatch(/GAVEL_MEDIA_PROT.*GAVEL_MEDIA_PORT/s);
});

test('a port that is taken is said in one line, without a stack', async () => {
  const { baseUrl } = await start(['--dev']);
  const other = mkdtempSync(join(tmpdir(), 'gavel-process-'));
  const second = await start(['--dev'], { GAVEL_PORT: new URL(baseUrl).port, GAVEL_DATA_DIR: other });
  expect(await second.exited).toBe(1);
  expect(second.output()).toMatch(/^Gavel could not start: .*EADDRINUSE.*$/m);
  expect(second.output()).not.toMatch(/^\s+at /m);
  rmSync(other, { recursive: true, force: true });
});

test('a media port that another server uses refuses the start in a sentence that names the port and the key', async () => {
  const env = { GAVEL_MEDIA_PORT: String(20_000 + ((await findFreePort()) % 20_000)) };
  const first = await start(['--dev'], env);
  const other = mkdtempSync(join(tmpdir(), 'gavel-process-'));
  const second = await start(['--dev'], { ...env, GAVEL_DATA_DIR: other });
  expect(await second.exited).toBe(1);
  expect(second.output()).toContain(
    `Gavel could not start: media did not start (media.port): UDP port ${env.GAVEL_MEDIA_PORT} cannot be bound: another process uses it`,
  );
  expect(second.output()).not.toMatch(/^\s+at /m);
  expect(await getJson(`${first.baseUrl}/readyz`)).toEqual({ status: 'ready' });
  rmSync(other, { recursive: true, force: true });
});

test('/readyz is 503 while a media worker does not run or keeps dying, and says why', async () => {
  const engine = new FakeMediaEngine();
  const server = await startTestServer({ engine });
  const readyz = async () => {
    const response = await fetch(`${server.baseUrl}/readyz`);
    return [response.status, await response.json()];
  };
  try {
    expect(await readyz()).toEqual([200, { status: 'ready' }]);
    engine.worker = { worker: 0, port: 7701, isReady: false };
    const starting = 'media: worker 0 (UDP port 7701) is starting';
    expect(await readyz()).toEqual([503, { status: 'not ready', waitingFor: ['media'], problems: [starting] }]);
    engine.worker = { worker: 0, port: 7701, isReady: true, problem: 'died 3 times in 30 s: signal SIGABRT' };
    const dying = 'media: worker 0 (UDP port 7701) died 3 times in 30 s: signal SIGABRT';
    expect(await readyz()).toEqual([503, { status: 'not ready', waitingFor: ['media'], problems: [dying] }]);
  } finally {
    await server.close();
  }
});
