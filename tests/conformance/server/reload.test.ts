import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { signedPath } from '@gavel/server';
import { RawClient, type ServerProcess, startServerProcess, TEST_APP } from '@gavel/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';

const ADMIN_KEY = 'an-admin-key-0123456789';
const OTHER_KEY = 'another-key-0123456789-';

let folder: string;
let server: ServerProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gavel-reload-'));
});
afterEach(async () => {
  server?.child.kill('SIGKILL');
  await server?.exited;
  rmSync(folder, { recursive: true, force: true });
});

const pathOf = (name: string): string => join(folder, name);
const writeConfig = (config: object): void => writeFileSync(pathOf('gavel.yaml'), JSON.stringify(config));
const app = (changes: object = {}) => ({ ...TEST_APP, name: 'one', ...changes });

async function start(config: object, env: Record<string, string> = {}): Promise<ServerProcess> {
  writeConfig(config);
  server = await startServerProcess(['--config', pathOf('gavel.yaml')], pathOf('data'), env);
  return server;
}

/** The log lines with a message, parsed. */
const logged = ({ lines }: ServerProcess, message: string): Record<string, unknown>[] =>
  lines()
    .map((line) => JSON.parse(line))
    .filter(({ msg }) => msg === message);

async function reload(running: ServerProcess, config: object): Promise<Record<string, unknown>> {
  const count = logged(running, 'configuration reloaded').length;
  writeConfig(config);
  running.child.kill('SIGHUP');
  await expect.poll(() => logged(running, 'configuration reloaded').length, { timeout: 10_000 }).toBe(count + 1);
  return logged(running, 'configuration reloaded').at(-1) ?? {};
}

test('SIGHUP reloads Apps, keys and the log level while members stay, and names what needs a restart (START-4)', async () => {
  const before = { apps: [app()], adminKey: ADMIN_KEY };
  const running = await start(before);
  const { baseUrl } = running;
  const alice = await RawClient.open(baseUrl);
  await alice.login(TEST_APP.appId, 'lobby', 'alice');
  const callAs = async (serverSecret: string): Promise<unknown> => {
    const path = signedPath({ ...TEST_APP, serverSecret }, 'DescribeUserNum', { 'RoomId[]': ['lobby'] }, Date.now());
    return ((await (await fetch(`${baseUrl}${path}`)).json()) as { Code: number }).Code;
  };
  const adminStatus = async (key: string): Promise<number> => {
    const headers = { authorization: `Bearer ${key}` };
    return (await fetch(`${baseUrl}/admin/v1/callbacks`, { headers })).status;
  };
  const serverSecret = 'f'.repeat(32);
  const second = app({ name: 'two', appId: 2, rtkAppId: '00000000-0000-4000-8000-000000000002' });
  writeConfig({
    apps: [app({ serverSecret }), second],
    adminKey: OTHER_KEY,
    logLevel: 'warn',
    media: { connectTimeoutMs: 40_000 },
  });
  running.child.kill('SIGHUP');
  const message = 'these keys have changed and need a restart';
  await running.printed(message);
  expect(logged(running, message)[0]?.needRestart).toEqual(['media.connectTimeoutMs']);
  expect(await callAs(TEST_APP.serverSecret)).not.toBe(0);
  expect(await callAs(serverSecret)).toBe(0);
  expect([await adminStatus(ADMIN_KEY), await adminStatus(OTHER_KEY)]).toEqual([401, 200]);
  const bob = await RawClient.open(baseUrl);
  await bob.login(second.appId, 'lobby', 'bob');
  expect((await alice.request('heartbeat', {})).error).toBeUndefined();
  // With the level `warn`, a login is not logged.
  expect(logged(running, 'logged in').map(({ userId }) => userId)).toEqual(['alice']);
  expect(running.output()).not.toContain(serverSecret);
  expect(running.output()).not.toContain(OTHER_KEY);
});

test('an App that is removed refuses logins, and a configuration that is refused changes nothing (START-4)', async () => {
  const second = app({ name: 'two', appId: 2, rtkAppId: '00000000-0000-4000-8000-000000000002' });
  const running = await start({ apps: [app(), second] });
  const login = async (appId: number): Promise<string | undefined> => {
    const client = await RawClient.open(running.baseUrl);
    const credential = { scheme: 'app-token', appId };
    const { error } = await client.request('login', { credential, roomId: 'r', userId: 'u', clientId: 'c' });
    return error?.code;
  };
  const noToken = { allowNoToken: true };
  expect(await reload(running, { apps: [app(noToken)] })).toMatchObject({ reloaded: ['apps'], needRestart: [] });
  const refused = await login(second.appId);
  expect(refused).toBeDefined();
  writeConfig({ apps: [app(), app()], prot: 1 });
  running.child.kill('SIGHUP');
  await running.printed('the configuration was not reloaded');
  const [problem] = logged(running, 'the configuration was not reloaded; the server goes on as before');
  expect(problem?.problem).toContain('prot');
  expect(await login(TEST_APP.appId)).toBeUndefined();
});

/** Makes a certificate for 127.0.0.1 with its key. */
function makeCertificate(name: string, commonName: string): void {
  const files = ['-keyout', pathOf(`${name}.key`), '-out', pathOf(`${name}.pem`)];
  const subject = ['-subj', `/CN=${commonName}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...files, ...subject], { stdio: 'ignore' });
}

/** Gets a URL over TLS with a certificate that is trusted; returns the status and the certificate's common name. */
function getTrusting(url: string, ca: string): Promise<{ status: number | undefined; commonName: string }> {
  return new Promise((resolve, reject) => {
    request(url, { ca: readFileSync(pathOf(ca)), agent: false }, (response) => {
      const peer: PeerCertificate = (response.socket as TLSSocket).getPeerCertificate();
      response.resume();
      resolve({ status: response.statusCode, commonName: String(peer.subject.CN) });
    })
      .on('error', reject)
      .end();
  });
}

test('with certificates the port serves HTTPS and secure WebSockets, and SIGHUP reads them again (START-5, START-4)', async () => {
  makeCertificate('one', 'first');
  makeCertificate('two', 'second');
  const config = (name: string) => ({
    apps: [app()],
    tls: { certFile: pathOf(`${name}.pem`), keyFile: pathOf(`${name}.key`) },
  });
  const running = await start(config('one'));
  const url = `https://127.0.0.1:${running.port}`;
  expect(await getTrusting(`${url}/readyz`, 'one.pem')).toEqual({ status: 200, commonName: 'first' });
  await expect(fetch(`${running.baseUrl}/readyz`)).rejects.toThrow();
  expect(logged(running, 'Gavel is ready')[0]).toMatchObject({ baseUrl: `https://localhost:${running.port}` });

  const socket = new WebSocket(`wss://127.0.0.1:${running.port}/signalling`, 'gavel.v1', {
    ca: readFileSync(pathOf('one.pem')),
  });
  const answer = await new Promise<string>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data) => resolve(String(data)));
    const credential = { scheme: 'app-token', appId: TEST_APP.appId };
    const params = { credential, roomId: 'r', userId: 'u', clientId: 'c' };
    socket.on('open', () => socket.send(JSON.stringify({ id: 1, method: 'login', params })));
  });
  expect(JSON.parse(answer)).toMatchObject({ id: 1, result: { user: { id: 'u' } } });
  socket.terminate();

  expect(await reload(running, config('two'))).toMatchObject({ reloaded: ['tls.certFile', 'tls.keyFile'] });
  expect(await getTrusting(`${url}/readyz`, 'two.pem')).toEqual({ status: 200, commonName: 'second' });
  writeFileSync(pathOf('two.pem'), readFileSync(pathOf('one.pem')));
  running.child.kill('SIGHUP');
  await running.printed('are not a certificate and its key');
  expect((await getTrusting(`${url}/readyz`, 'one.pem').catch(() => undefined))?.commonName).toBeUndefined();
});

test('a certificate that does not belong to the key refuses the start, in one line (START-5)', async () => {
  makeCertificate('one', 'first');
  makeCertificate('two', 'second');
  const running = await start({ apps: [app()], tls: { certFile: pathOf('one.pem'), keyFile: pathOf('two.key') } });
  expect(await running.exited).toBe(1);
  expect(running.output()).toMatch(/^Gavel could not start: tls: .*one\.pem and .*two\.key are not a certificate/m);
  expect(running.output()).not.toMatch(/^\s+at /m);
});

test('in production every line on standard output is JSON, from the start to the end (START-6)', async () => {
  const running = await start({ apps: [app()] });
  expect(logged(running, 'Gavel is ready')[0]).toMatchObject({ baseUrl: `http://localhost:${running.port}` });
  const client = await RawClient.open(running.baseUrl);
  await client.login(TEST_APP.appId, 'lobby', 'alice');
  running.child.kill('SIGTERM');
  expect(await running.exited).toBe(0);
  for (const line of running.lines()) expect(JSON.parse(line)).toHaveProperty('msg');
});
