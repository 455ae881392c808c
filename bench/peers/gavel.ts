/**
 * Gavel as it is run in production, with the limits lifted that would stop the load. Its users log in with tokens, its
 * backend signs each call.
 *
 * @module
 */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SUBPROTOCOL } from '@gavel/protocol';
import { type CallParams, createToken04, signedPath } from '@gavel/server';
import { TEST_APP } from '@gavel/testkit';
import { stringify } from 'yaml';
import manifest from '../../packages/server/package.json' with { type: 'json' };
import { findFreePort } from '../../tests/chaos/processes.ts';
import { startOnServerCore } from '../harness/processes.ts';
import { BASELINE_NAME, OWN_NAME } from '../harness/row.ts';
import { requestText, ThinHttp } from '../harness/thin-http.ts';
import { ThinWebSocket } from '../harness/thin-websocket.ts';
import type { RoomServerKind, RoomServerOptions, RoomUser, RunningRoomServer, UserEvents } from './room-server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The entry, and what it was in checkouts that `GAVEL_BENCH_BASELINE` may name. */
const MAINS = ['packages/server/src/main.js', 'packages/server/src/main.ts'];
const NO_LIMIT = 1_000_000;
const ACTIONS = ['KickoutUser', 'CloseRoom', 'SendBroadcastMessage', 'AddStream', 'DeleteStream'];
const SENDER = { UserId: 'backend', UserName: 'backend', MessageCategory: '1' };
const HEARTBEAT = JSON.stringify({ id: 2, method: 'heartbeat', params: {} });

/** The target of callbacks; without it none are sent. */
export interface GavelOptions extends RoomServerOptions {
  readonly callbackUrl?: string;
  /** The checkout that it is started from; default is this one. */
  readonly root?: string;
}

/** Gavel. */
export const gavel: RoomServerKind = { name: OWN_NAME, start: startGavel };

/** `GAVEL_BENCH_BASELINE=folder` adds the Gavel of another checkout: what effect of a change is visible only in the same run. */
export function findBaseline(): RoomServerKind[] {
  return findBaselineRoots().map((root) => ({
    ...gavel,
    name: BASELINE_NAME,
    start: (options) => startGavel({ ...options, root }),
  }));
}

/** The folder of that other checkout, where there is one. */
export function findBaselineRoots(): string[] {
  const root = process.env.GAVEL_BENCH_BASELINE;
  return root === undefined ? [] : [root];
}

/** Writes the configuration of a server for benchmarks; returns its path. */
export function writeGavelConfig(folder: string, port: number, callbackUrl?: string): string {
  const urls = callbackUrl !== undefined && {
    callbacks: { roomUrl: callbackUrl, userUrl: callbackUrl, streamUrl: callbackUrl },
  };
  const config = {
    host: '127.0.0.1',
    port,
    dataDir: join(folder, 'data'),
    logLevel: 'error',
    apps: [
      {
        ...TEST_APP,
        allowNoToken: false,
        rateLimits: Object.fromEntries(ACTIONS.map((action) => [action, { production: NO_LIMIT }])),
        ...urls,
      },
    ],
    rooms: { maxLoginsPerSecond: NO_LIMIT },
    // All clients of the load have one address.
    signalling: { maxPendingPerAddress: NO_LIMIT },
    callbacks: { allowPrivateTargets: true },
    // As with a public address: only this address is announced, so that clients need not try the machine's others.
    media: { port: 0, announcedAddress: '127.0.0.1' },
  };
  const path = join(folder, 'gavel.yaml');
  writeFileSync(path, stringify(config));
  return path;
}

const findMain = (checkout: string): string =>
  MAINS.map((main) => join(checkout, main)).find((path) => existsSync(path)) ?? MAINS[0] ?? '';

/** `GAVEL_BENCH_PROFILE=folder` has V8 write there where the server's time went. */
function profileArgs(): string[] {
  const folder = process.env.GAVEL_BENCH_PROFILE;
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}

/** A running Gavel. */
export interface GavelProcess {
  readonly port: number;
  readonly databasePath: string;
  /** The server and its media workers. */
  pids(): readonly number[];
  /** What it has logged and printed. */
  output(): string;
  /** Restarts it on the same port with the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts Gavel on the servers' core, from this checkout or another; resolves when it is ready. */
export async function startGavelProcess(callbackUrl?: string, checkout = ROOT): Promise<GavelProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'gavel-bench-'));
  const port = await findFreePort();
  const server = await startOnServerCore({
    command: process.execPath,
    args: [...profileArgs(), findMain(checkout), '--config', writeGavelConfig(folder, port, callbackUrl)],
    // A server that logs errors only prints nothing when it is ready.
    isReady: async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok,
  });
  return {
    port,
    databasePath: join(folder, 'data', 'gavel.db'),
    pids: server.pids,
    restart: server.restart,
    output: server.output,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts Gavel with a backend that calls it. */
export async function startGavel(options: GavelOptions): Promise<RunningRoomServer> {
  const { quiet, connections = 1, callbackUrl, root } = options;
  const { port, pids, restart, stop } = await startGavelProcess(callbackUrl, root);
  const backend = connectBackend(port, connections);
  const tokens = new Map<string, string>();
  return {
    version: manifest.version,
    pids,
    restart,
    async prepare(userIds) {
      for (const userId of userIds) tokens.set(userId, tokenOf(userId));
    },
    join: (userId, roomId, events) =>
      joinGavel(port, { userId, roomId, members: !quiet, token: tokens.get(userId) ?? tokenOf(userId) }, events),
    kick: (userId, roomId) => backend.call('KickoutUser', { RoomId: roomId, 'UserId[]': [userId] }),
    close: (roomId) => backend.call('CloseRoom', { RoomId: roomId }),
    say: (roomId, text) => backend.call('SendBroadcastMessage', { ...SENDER, RoomId: roomId, MessageContent: text }),
    async stop() {
      backend.close();
      await stop();
    },
  };
}

/** A customer's backend: signed calls over kept connections. */
export interface Backend {
  /** @throws an error with the answer if the call fails */
  call(action: string, params: CallParams): Promise<void>;
  close(): void;
}

/** Makes a backend. @param connections how many calls it may have under way at once */
export function connectBackend(port: number, connections: number): Backend {
  const http = new ThinHttp(port, connections);
  return {
    async call(action, params) {
      const { body } = await http.call(requestText('GET', signedPath(TEST_APP, action, params, Date.now())));
      if (!body.startsWith('{"Code":0,')) throw new Error(`${action} was answered ${body}`);
    },
    close: () => http.close(),
  };
}

/** The events of a user of Gavel. */
export interface GavelEvents extends UserEvents {
  /** A heartbeat was answered. */
  onBeat?(): void;
}

/** The user and the room of a login. */
export interface GavelLogin {
  readonly userId: string;
  readonly roomId: string;
  readonly token: string;
  /** Whether it receives events about other members. */
  readonly members: boolean;
}

/** Connects a user and logs it in. @throws if the login is refused */
export async function joinGavel(
  port: number,
  { userId, roomId, token, members }: GavelLogin,
  events: GavelEvents,
): Promise<RoomUser> {
  const socket = await ThinWebSocket.open({ port, path: '/signalling', protocol: SUBPROTOCOL });
  const credential = { scheme: 'app-token', appId: TEST_APP.appId, token };
  await new Promise<void>((resolve, reject) => {
    socket.onClose = () => reject(new Error('connection closed during the login'));
    socket.onText = (text) => {
      if (!text.includes('"id":1')) return;
      if (text.includes('"error"', 0, 'latin1')) reject(new Error(`login refused: ${text}`));
      else resolve();
    };
    socket.send(
      JSON.stringify({ id: 1, method: 'login', params: { credential, clientId: userId, roomId, userId, members } }),
    );
  });
  socket.onClose = () => {};
  socket.onText = (text) => report(text, events);
  return { beat: () => socket.send(HEARTBEAT), drop: () => socket.drop() };
}

/** Returns a login token of a user. */
export const tokenOf = (userId: string): string =>
  createToken04({ appId: TEST_APP.appId, userId, secret: TEST_APP.serverSecret, lifetimeSeconds: 3600 });

function report(text: Buffer, events: GavelEvents): void {
  if (events.onBeat && text.includes('"id":2')) return events.onBeat();
  const kind = text.toString('latin1', 10, 20);
  if (kind.startsWith('removed')) events.onOut?.();
  else if (kind.startsWith('memberLeft')) events.onOtherOut?.();
  else if (kind.startsWith('message')) events.onMessage?.();
}
