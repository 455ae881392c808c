/**
 * The client package as an application without a registry gets it: from a server, into an empty project, run by Node 20.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { RawClient, startTestServer, type TestServer } from '@gavel/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root, runQuiet } from '../../../scripts/lib.ts';

/** The oldest Node that the package supports, if this machine has it. */
const NODE_20 = process.env.GAVEL_TEST_NODE_20 ?? findNode(20);
if (!NODE_20) console.warn('Skipped: there is no Node 20 on PATH, and none in GAVEL_TEST_NODE_20');

function findNode(major: number): string | undefined {
  const paths = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  return paths.find((path) => {
    try {
      return execFileSync(path, ['--version'], { encoding: 'utf8' }).startsWith(`v${major}.`);
    } catch {
      return false;
    }
  });
}

const BOT = `
import WebSocket from 'ws';
import { nodePlatform, randomId, RoomSession } from '@gavel/client/node';

const [server, appId] = process.argv.slice(2);
const entries = {};
for (const entry of ['', '/zego', '/liveroom', '/realtimekit', '/node']) {
  entries[entry] = Object.keys(await import('@gavel/client' + entry));
}
const print = (line) => console.log(JSON.stringify(line));
print({ node: process.version, hasWebSocket: 'WebSocket' in globalThis, entries });
const session = new RoomSession({
  server,
  login: {
    credential: { scheme: 'app-token', appId: Number(appId) },
    clientId: randomId(),
    roomId: 'lobby',
    userId: 'bot',
    userName: 'Bot',
  },
  platform: nodePlatform({ WebSocket }),
});
session.on('message', ({ from, text }) => print({ from: from.id, text }));
session.on('stateChanged', ({ name, end }) => print({ name, end }));
await session.login();
await session.send('broadcast', 'Hello from Node');
`;

let gavel: TestServer;
const project = mkdtempSync(join(tmpdir(), 'gavel-node20-'));

/** Runs the bot; its lines are read one after another. */
function startBot(): { process: ChildProcess; next: () => Promise<Record<string, unknown>> } {
  const args = ['bot.mjs', gavel.baseUrl, String(gavel.app.appId)];
  const child = spawn(NODE_20 ?? '', args, { cwd: project, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { process: child, next: async () => JSON.parse((await lines.next()).value ?? '{}') };
}

beforeAll(async () => {
  gavel = await startTestServer();
});
afterAll(async () => {
  await gavel.close();
  rmSync(project, { recursive: true, force: true });
});

test('a server offers its client as a package, by its version and without (SDK-1)', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'packages/client/package.json'), 'utf8')) as {
    version: string;
  };
  const current = await fetch(`${gavel.baseUrl}/sdk/gavel-client.tgz`);
  const pinned = await fetch(`${gavel.baseUrl}/sdk/gavel-client-${version}.tgz`);
  expect(current.headers.get('cache-control')).toBe('public, max-age=0');
  expect(pinned.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(current.headers.get('content-type')).toBe('application/gzip');
  expect(current.headers.get('content-encoding')).toBeNull();
  expect(await current.bytes()).toEqual(await pinned.bytes());
});

describe.skipIf(!NODE_20)('in an empty project, with Node 20', () => {
  beforeAll(async () => {
    writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
    writeFileSync(join(project, 'bot.mjs'), BOT);
    // The address of the registry is one where nothing answers: the package depends on nothing.
    const { status, output } = await runQuiet('npm', [
      ...['install', '--prefix', project, '--no-audit', '--no-fund', '--registry', 'http://127.0.0.1:9/'],
      `${gavel.baseUrl}/sdk/gavel-client.tgz`,
    ]);
    if (status !== 0) throw new Error(`npm install failed:\n${output}`);
    // Node 20 has no WebSocket: the application brings one.
    cpSync(join(root, 'node_modules/ws'), join(project, 'node_modules/ws'), { recursive: true });
  });

  test('every entry is imported, and a bot logs in, sends, receives, and is kicked with the reason (SDK-1)', async () => {
    const ann = await RawClient.open(gavel.baseUrl);
    await ann.request('login', {
      credential: { scheme: 'app-token', appId: gavel.app.appId },
      clientId: 'ann',
      roomId: 'lobby',
      userId: 'ann',
      userName: 'Ann',
    });
    const heard = ann.event('message');
    const bot = startBot();
    const exited = once(bot.process, 'exit');
    expect(await bot.next()).toEqual({
      node: expect.stringMatching(/^v20\./),
      hasWebSocket: false,
      entries: {
        '': expect.arrayContaining(['RoomSession']),
        '/zego': expect.arrayContaining(['ZegoExpressEngine']),
        '/liveroom': expect.arrayContaining(['ZegoClient']),
        '/realtimekit': expect.arrayContaining(['RealtimeKitClient', 'default']),
        '/node': expect.arrayContaining(['nodePlatform', 'RoomSession']),
      },
    });
    expect(await bot.next()).toMatchObject({ name: 'connecting' });
    expect(await bot.next()).toMatchObject({ name: 'joined' });
    expect(await heard).toMatchObject({ from: { id: 'bot' }, text: 'Hello from Node' });
    await ann.request('send', { kind: 'broadcast', text: 'Hello' });
    expect(await bot.next()).toEqual({ from: 'ann', text: 'Hello' });
    await gavel.call('KickoutUser', { RoomId: 'lobby', 'UserId[]': ['bot'], CustomReason: 'no bots' });
    expect(await bot.next()).toEqual({ name: 'ended', end: { kind: 'removed', cause: 'kicked', reason: 'no bots' } });
    // Nothing keeps the process of a bot whose session has ended.
    expect(await exited).toEqual([0, null]);
    ann.cut();
  });
});
