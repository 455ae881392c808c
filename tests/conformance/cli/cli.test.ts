import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type CallbackReceiver,
  findFreePort,
  RawClient,
  startCallbackReceiver,
  startTestServer,
  TEST_API_TOKEN,
  TEST_APP,
  type TestServer,
} from '@gavel/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CliOptions, runGavel } from './harness.ts';

const GAVEL = fileURLToPath(new URL('../../../packages/cli/src/gavel.ts', import.meta.url));
const ACCOUNT = ['--account', TEST_APP.accountId];

let server: TestServer;
let receiver: CallbackReceiver;
let home: string;
beforeAll(async () => {
  receiver = await startCallbackReceiver();
  const callbacks = { roomUrl: receiver.url(), userUrl: receiver.url() };
  server = await startTestServer({ app: { allowNoToken: false, callbacks } });
});
afterAll(async () => {
  await server.close();
  await receiver.close();
});
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'gavel-cli-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const env = (): Record<string, string> => ({
  HOME: home,
  GAVEL_CLI_URL: server.baseUrl,
  GAVEL_CLI_KEY: TEST_API_TOKEN,
  GAVEL_CLI_API_TOKEN: TEST_API_TOKEN,
});
const gavel = (argv: readonly string[], options: CliOptions = {}) =>
  runGavel(argv, { ...options, env: { ...env(), ...options.env } });

describe('tokens', () => {
  test('are created, listed and revoked, each with a question that --yes answers', async () => {
    const asked = await gavel(['token', 'create', 'backend', ...ACCOUNT], { answer: true });
    expect(asked.questions).toEqual([`Create the token backend in the account ${TEST_APP.accountId}?`]);
    expect(asked.code).toBe(0);
    const headers = { authorization: `Bearer ${asked.out.trim()}` };
    const kit = `${server.baseUrl}/client/v4/accounts/${TEST_APP.accountId}/realtime/kit/apps`;
    expect((await fetch(kit, { headers })).status).toBe(200);

    const [listed] = (await gavel(['token', 'list', ...ACCOUNT, '--json'])).json<{ id: string; name: string }[]>();
    expect(listed?.name).toBe('backend');
    const table = await gavel(['token', 'list', ...ACCOUNT]);
    expect(table.out).toMatch(/^ID +NAME +APPS +CREATED\n[0-9a-f]{64} {2}backend {2}all {3}\d{4}-/);

    const id = listed?.id ?? '';
    const refused = await gavel(['token', 'revoke', id], { answer: false });
    expect([refused.code, refused.error]).toEqual([2, 'gavel: nothing was changed\n']);
    expect((await gavel(['token', 'revoke', id, '--yes'])).out).toBe(`revoked ${id}\n`);
    expect((await fetch(kit, { headers })).status).toBe(401);
    expect((await gavel(['token', 'revoke', id, '--yes'])).code).toBe(1);
    expect((await gavel(['token', 'list', ...ACCOUNT])).out).toBe('none\n');
  });

  test('of ZEGO let a user in, with the secret of the server or of a file', async () => {
    const app = ['--app', String(TEST_APP.appId)];
    const secretFile = join(home, 'secret');
    writeFileSync(secretFile, `${TEST_APP.serverSecret}\n`);
    for (const source of [[], ['--secret-file', secretFile]]) {
      const made = await gavel(['token04', 'create', ...app, '--user', 'alice', '--for', '5m', ...source]);
      const client = await RawClient.open(server.baseUrl);
      const credential = { scheme: 'app-token', appId: TEST_APP.appId, token: made.out.trim() };
      const login = { credential, roomId: 'lobby', userId: 'alice', clientId: 'c' };
      expect((await client.request('login', login)).error).toBeUndefined();
    }
    writeFileSync(secretFile, 'too short');
    const wrong = await gavel(['token04', 'create', ...app, '--user', 'a', '--secret-file', secretFile]);
    expect([wrong.code, wrong.error]).toEqual([2, 'gavel: secret must have 32 bytes\n']);
  });

  test('of participants are made in a meeting', async () => {
    const kit = `${server.baseUrl}/client/v4/accounts/${TEST_APP.accountId}/realtime/kit/${TEST_APP.rtkAppId}`;
    const headers = { authorization: `Bearer ${TEST_API_TOKEN}`, 'content-type': 'application/json' };
    const created = await fetch(`${kit}/meetings`, { method: 'POST', headers, body: '{"title":"demo"}' });
    const { data: meeting } = (await created.json()) as { data: { id: string } };
    const presets = (await (await fetch(`${kit}/presets`, { headers })).json()) as { data: { name: string }[] };
    const options = ['--app', TEST_APP.rtkAppId, '--meeting', meeting.id, '--preset', presets.data[0]?.name ?? ''];
    const argv = ['participant-token', 'create', ...ACCOUNT, ...options, '--custom-id', 'u1', '--name', 'Ann'];
    const made = await gavel([...argv, '--yes']);
    expect(made.out.trim().split('.')).toHaveLength(3);
    const unknown = await gavel([...argv, '--preset', 'nobody', '--yes']);
    expect(unknown.code).toBe(1);
    expect(unknown.error).toMatch(/^gavel: refused with 4\d\d: .+/);
  });
});

test('Apps are created and listed, and each secret is printed once (SEC-2, SEC-3)', async () => {
  const created = await gavel(['app', 'create', 'second', ...ACCOUNT, '--yes', '--json']);
  const {
    appId,
    rtkAppId: id,
    serverSecret,
  } = created.json<{ appId: number; rtkAppId: string; serverSecret: string }>();
  const apps = (await gavel(['app', 'list', ...ACCOUNT, '--json'])).json<
    { appId: number; rtkAppId: string; name: string }[]
  >();
  const made = apps.find(({ rtkAppId }) => rtkAppId === id);
  expect([apps[0]?.name, made?.name]).toEqual(['test', 'second']);
  expect(made?.appId).toBe(appId);
  const keys = await gavel(['app', 'keys', String(appId)]);
  expect(keys.out).toMatch(/^SECRET {4}KEY ID {4}VALID UNTIL\nserver {4}[0-9a-f]{8}\ncallback {2}[0-9a-f]{8}\n$/);
  expect((await gavel(['app', 'keys', String(appId), '--show'])).error).toMatch(/refused with 409/);
  const rotated = await gavel(['app', 'rotate', String(appId), '--overlap', '2h', '--yes']);
  expect(rotated.out).toMatch(/^serverSecret {4}[0-9a-f]{32}\n$/);
  expect(rotated.out).not.toContain(serverSecret);
  const callback = await gavel(['app', 'rotate', String(appId), '--secret', 'callback', '--yes']);
  expect(callback.out).toMatch(/^callbackSecret {2}[0-9a-f]{32}\n$/);
  expect((await gavel(['app', 'keys', String(appId)])).out).toMatch(/\nserver {4}[0-9a-f]{8} {2}\d{4}-/);
  const byKit = await server.server.apps.create(TEST_APP.accountId, 'third');
  const shown = await gavel(['app', 'keys', String(byKit.appId), '--show']);
  expect(shown.out).toMatch(/^serverSecret {4}[0-9a-f]{32}\ncallbackSecret {2}[0-9a-f]{32}\n$/);
  const none = await gavel(['app', 'keys', '77']);
  expect([none.code, none.error]).toEqual([1, 'gavel: refused with 404: No App has the id 77\n']);
});

test('failed callbacks are listed page by page and sent again', async () => {
  receiver.behaviour = () => 410;
  const store = server.server.store.outbox;
  const made = await gavel(['token04', 'create', '--app', String(TEST_APP.appId), '--user', 'cal']);
  const client = await RawClient.open(server.baseUrl);
  const credential = { scheme: 'app-token', appId: TEST_APP.appId, token: made.out.trim() };
  await client.request('login', { credential, roomId: 'calls', userId: 'cal', clientId: 'c' });
  await expect.poll(async () => (await store.list({ status: 'pending' }, 9)).length).toBeGreaterThan(0);
  const pending = await gavel(['callback', 'list', '--status', 'pending', '--all', '--json']);
  for (const { id } of pending.json<{ id: string }[]>()) {
    await store.fail(id, { attempts: 6, atMs: Date.now(), lastStatus: 410, lastError: 'answered 410' });
  }
  const listed = await gavel(['callback', 'list']);
  expect(listed.out).toMatch(/^ID +ROOM +EVENT +SINCE +ATTEMPTS +LAST ERROR\n/);
  expect(listed.out).toContain('answered 410');
  const [first] = (await gavel(['callback', 'list', '--limit', '1', '--json'])).json<{ id: string }[]>();
  const id = first?.id ?? '';

  const dry = await gavel(['callback', 'replay', id, '--dry-run']);
  expect(dry.out).toBe(`would send POST ${server.baseUrl}/admin/v1/callbacks/${id}/replay\n`);
  expect((await gavel(['callback', 'replay', id, '--yes'])).out).toBe(`${id} is pending again\n`);
  const audited = (await server.server.store.audit.list({}, 1)).rows;
  expect(audited).toMatchObject([{ action: 'replayCallback', targets: [`callback/${id}`], appId: TEST_APP.appId }]);
  const all = await gavel(['callback', 'replay', '--app', String(TEST_APP.appId), '--yes', '--json']);
  expect(all.json()).toEqual({ replayed: expect.any(Number) });
  expect((await gavel(['callback', 'replay', 'nothing', '--yes'])).code).toBe(1);
  for (const argv of [
    ['callback', 'replay'],
    ['callback', 'replay', 'x', '--app', '1'],
  ]) {
    const both = await gavel([...argv, '--yes']);
    expect([both.code, both.error]).toEqual([2, 'gavel: give either the id of a callback or --app\n']);
  }
});

describe('a call', () => {
  test('is printed for curl without its key, and not sent', async () => {
    const argv = ['token', 'create', "it's", ...ACCOUNT, '--curl'];
    const { code, out } = await gavel(argv);
    expect(code).toBe(0);
    expect(out).toBe(
      `curl -X POST '${server.baseUrl}/admin/v1/api-tokens' \\\n  -H "Authorization: Bearer $GAVEL_CLI_KEY" \\\n  -H 'Content-Type: application/json' \\\n  -d '{"name":"it'\\''s","accountId":"${TEST_APP.accountId}"}'\n`,
    );
    expect((await gavel(['token', 'list', ...ACCOUNT])).out).toBe('none\n');
    // The shell runs it.
    const shell = spawn('sh', ['-c', out.replace('curl ', 'curl -s ')], { env: { ...env(), PATH: process.env.PATH } });
    let answer = '';
    shell.stdout.on('data', (chunk: Buffer) => {
      answer += chunk;
    });
    await once(shell, 'close');
    expect(JSON.parse(answer)).toMatchObject({ name: "it's" });
  });

  test('ends with 3 if the server cannot be reached or is another one, and with 1 if it refuses the key', async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`;
    const gone = await gavel(['app', 'list', ...ACCOUNT, '--url', url]);
    expect([gone.code, gone.error]).toEqual([3, `gavel: ${url} cannot be reached: ECONNREFUSED\n`]);
    const other = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const otherUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const wrong = await gavel(['app', 'list', ...ACCOUNT, '--url', otherUrl, '--json']);
    other.close();
    expect(wrong.code).toBe(3);
    expect(wrong.json()).toMatchObject({ error: { kind: 'unreachable' } });
    const refused = await gavel(['app', 'list', ...ACCOUNT], { env: { GAVEL_CLI_KEY: 'another' } });
    expect(refused.code).toBe(1);
    expect(refused.error).toMatch(/^gavel: refused with 401: /);
  });

  test('asks nothing without a terminal, and changes nothing without --yes', async () => {
    const { code, error } = await gavel(['app', 'create', 'x', ...ACCOUNT]);
    expect(code).toBe(2);
    expect(error).toContain('There is no terminal to ask on; give --yes');
  });

  test.each([
    [['nonsense'], "unknown command 'nonsense'"],
    [['app', 'lst'], '(Did you mean list?)'],
    [['app', 'create', 'x'], "required option '--account <id>' not specified"],
    [['app', 'list', ...ACCOUNT, '--nope'], "unknown option '--nope'"],
    [['callback', 'list', '--status', 'gone'], 'Allowed choices are failed, pending'],
    [['callback', 'list', '--limit', '501'], 'is not a number of entries: an integer from 1 to 500'],
    [['token04', 'create', '--app', '1', '--user', 'u', '--for', '5'], 'is not a duration'],
    [['app', 'keys', 'abc'], 'is not an App id'],
  ])('that is not valid ends with 2: %j', async (argv, message) => {
    const { code, error, out } = await gavel(argv);
    expect(code).toBe(2);
    expect(error).toContain(message);
    expect(out).toBe('');
  });

  test('has a help', async () => {
    const { code, out } = await gavel(['callback', 'list', '--help']);
    expect(code).toBe(0);
    expect(out).toContain('Lists callbacks that failed permanently');
    expect(out).toContain('--curl');
  });
});

describe('contexts', () => {
  const bare = { GAVEL_CLI_URL: '', GAVEL_CLI_KEY: '', GAVEL_CLI_API_TOKEN: '' };
  const plain = (argv: readonly string[], options: CliOptions = {}) => gavel(argv, { ...options, env: bare });

  test('are kept in a file that only the user reads, and choose server and key', async () => {
    const keyFile = join(home, 'key');
    writeFileSync(keyFile, `${TEST_API_TOKEN}\n`);
    const none = await plain(['app', 'list', ...ACCOUNT]);
    expect([none.code, none.error]).toEqual([2, expect.stringContaining('no server is chosen')]);
    await plain(['context', 'set', 'here', '--url', `${server.baseUrl}/`, '--key-file', keyFile]);
    const path = join(home, '.config', 'gavel', 'contexts.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await plain(['app', 'list', ...ACCOUNT])).code).toBe(0);
    await plain(['context', 'set', 'there', '--url', 'http://127.0.0.1:9']);
    expect((await plain(['app', 'list', ...ACCOUNT])).error).toContain('the admin key is not set');
    expect((await plain(['app', 'list', ...ACCOUNT, '--context', 'here'])).code).toBe(0);
    const listed = await plain(['context', 'list']);
    expect(listed.out).toContain(`   here   ${server.baseUrl}`);
    expect(listed.out).toContain('*  there  http://127.0.0.1:9');
    expect(listed.out).not.toContain(TEST_API_TOKEN);
    await plain(['context', 'use', 'here']);
    expect((await plain(['app', 'list', ...ACCOUNT])).code).toBe(0);
    await plain(['context', 'delete', 'here']);
    expect(readFileSync(path, 'utf8')).not.toContain(TEST_API_TOKEN);
    for (const argv of [
      ['use', 'here'],
      ['delete', 'here'],
      ['set', 'x', '--url', 'ftp://x'],
      ['set', 'x', '--url', 'http://x', '--key-file', '/nowhere'],
    ]) {
      expect((await plain(['context', ...argv])).code).toBe(2);
    }
    writeFileSync(path, '{}');
    expect((await plain(['context', 'list'])).error).toContain('is not a file of contexts');
  });

  test('are not needed beside the data of dev mode', async () => {
    const { code } = await plain(['app', 'list', ...ACCOUNT], { cwd: home });
    expect(code).toBe(2);
    const data = mkdtempSync(join(tmpdir(), 'gavel-cli-data-'));
    try {
      const dev = await startTestServer();
      const { mkdirSync } = await import('node:fs');
      mkdirSync(join(data, 'data'));
      const credentials = JSON.stringify({ baseUrl: dev.baseUrl, apiToken: TEST_API_TOKEN });
      writeFileSync(join(data, 'data', 'dev-credentials.json'), credentials);
      expect((await plain(['app', 'list', ...ACCOUNT], { cwd: data })).code).toBe(0);
      await dev.close();
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  });
});

test('a configuration is checked as the server does, and the sample is one that is valid', async () => {
  const sample = join(home, 'sample.yaml');
  writeFileSync(sample, (await gavel(['config', 'sample'])).out);
  const valid = await gavel(['config', 'check', '--config', sample]);
  expect([valid.code, valid.out]).toEqual([0, 'valid: mode production, 0 Apps, data in ./data\n']);
  writeFileSync(sample, 'prot: 1\n');
  const wrong = await gavel(['config', 'check', '--config', sample]);
  expect(wrong.code).toBe(1);
  expect(wrong.out).toContain('did you mean "port"?');
  const asJson = await gavel(['config', 'check', '--config', sample, '--json']);
  expect(asJson.json()).toMatchObject({ isValid: false, problems: [{ key: 'prot' }] });
});

test('the completion of bash offers nouns, verbs and options', async () => {
  const { out } = await gavel(['completion', 'bash']);
  const complete = (...words: string[]): string[] => {
    const line = words.map((word) => `'${word}'`).join(' ');
    const script = `${out}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _gavel; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync('bash', ['--norc', '-c', script], { input: '', encoding: 'utf8', timeout: 10_000 });
    return stdout.trim().split('\n');
  };
  expect(complete('gavel', 'cal')).toEqual(['callback']);
  expect(complete('gavel', 'callback', '')).toEqual(['list', 'replay']);
  expect(complete('gavel', 'callback', 'list', '--st')).toEqual(['--status']);
  expect(complete('gavel', 'callback', 'list', '--all', '--cu')).toEqual(['--curl']);
  expect((await gavel(['completion', 'zsh'])).out).toContain('compdef _gavel gavel');
  expect((await gavel(['completion', 'fish'])).code).toBe(2);
});

test('serve runs the server and passes signals on, and the process has the exit codes', async () => {
  const port = await findFreePort();
  const args = ['serve', '--dev', '--port', String(port)];
  const variables = {
    GAVEL_DATA_DIR: home,
    GAVEL_MEDIA_PORT: String(20_000 + (port % 20_000)),
    PATH: process.env.PATH,
  };
  const running = spawn(process.execPath, [GAVEL, ...args], { env: variables, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  running.stdout.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  try {
    await expect.poll(() => out, { timeout: 150_000 }).toContain('Gavel is ready');
    running.kill('SIGTERM');
    const [code] = (await once(running, 'exit')) as [number];
    expect(code).toBe(0);
  } finally {
    running.kill('SIGKILL');
  }
}, 180_000);
