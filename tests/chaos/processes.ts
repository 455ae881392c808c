/**
 * The processes of the crash test: the server as in production, and the receiver of its callbacks.
 *
 * @module
 */

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TEST_APP } from '@gavel/testkit';
import { parse, stringify } from 'yaml';

const MAIN = fileURLToPath(new URL('../../packages/server/src/main.js', import.meta.url));
const RECEIVER = fileURLToPath(new URL('./receiver-process.ts', import.meta.url));

/** The admin key of the servers started here. */
export const ADMIN_KEY = 'chaos-admin-key-0123456789';

/** The API token of the servers started here. */
export const API_TOKEN = 'chaos-api-token-0123456789';

/** A callback as the receiver's process reports it. */
export interface Arrival {
  readonly id: string;
  readonly raw: string;
  /** Whether it was answered 200. */
  readonly isTaken: boolean;
}

/** Returns a free TCP port. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Starts the receiver; it appends to `arrivals`. */
export async function startReceiverProcess(): Promise<{ url: string; arrivals: Arrival[]; child: ChildProcess }> {
  const arrivals: Arrival[] = [];
  const child = fork(RECEIVER);
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the receiver ended')));
    child.on('message', (message: Arrival | { readonly url: string }) => {
      if ('url' in message) resolve(message.url);
      else arrivals.push(message);
    });
  });
  return { url, arrivals, child };
}

/** Writes the configuration of a production server whose limits allow the load; without `callbackUrl` it has no callbacks. */
export function writeConfig(folder: string, port: number, callbackUrl: string | undefined): string {
  const path = join(folder, 'gavel.yaml');
  const rate = { production: 1_000_000 };
  const urls = { roomUrl: callbackUrl, userUrl: callbackUrl, streamUrl: callbackUrl };
  const rateLimits = Object.fromEntries(
    ['KickoutUser', 'CloseRoom', 'AddStream', 'DeleteStream'].map((action) => [action, rate]),
  );
  const config = {
    host: '127.0.0.1',
    port,
    dataDir: join(folder, 'data'),
    logLevel: 'error',
    adminKey: ADMIN_KEY,
    apiTokens: [{ name: 'chaos', accountId: TEST_APP.accountId, token: API_TOKEN }],
    apps: [{ ...TEST_APP, rateLimits, ...(callbackUrl !== undefined && { callbacks: urls }) }],
    callbacks: { allowPrivateTargets: true },
    media: { port: 0 },
  };
  writeFileSync(path, stringify(config));
  return path;
}

/** Starts the server on its configured port; resolves when it accepts calls. */
export async function startServerProcess(configPath: string): Promise<ChildProcess> {
  const env = { PATH: process.env.PATH ?? '' };
  const child = spawn(process.execPath, [MAIN, '--config', configPath], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const { port } = parse(readFileSync(configPath, 'utf8')) as { readonly port: number };
  while (!(await isReady(port))) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return child;
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );

/** Kills a process with SIGKILL; resolves when it has ended. */
export async function killHard(child: ChildProcess): Promise<void> {
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await gone;
}
