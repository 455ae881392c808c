/**
 * The server as a process of its own, started from a command line as an operator does.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../server/src/main.js', import.meta.url));

/** A started process. Its end is awaited by `exited`. */
export interface ServerProcess {
  readonly child: ChildProcess;
  /** The URL on 127.0.0.1, with the scheme `http`. */
  readonly baseUrl: string;
  readonly port: number;
  /** Everything printed so far, both streams. */
  output(): string;
  /** The lines of standard output so far. */
  lines(): string[];
  /** Resolves when the output so far and later contains a text. */
  printed(text: string): Promise<void>;
  /** The exit code; null after a signal. */
  readonly exited: Promise<number | null>;
}

/** Returns a TCP port of 127.0.0.1 that was free a moment ago. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/**
 * Starts a server; resolves when it prints that it is ready, or has ended. The caller kills the child.
 *
 * @param env variables of the configuration; the ports are free ones by default
 */
export async function startServerProcess(
  args: readonly string[],
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const port = await findFreePort();
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH ?? '',
      GAVEL_PORT: String(port),
      GAVEL_MEDIA_PORT: String(20_000 + (port % 20_000)),
      GAVEL_DATA_DIR: dataDir,
      ...env,
    },
  });
  let out = '';
  let all = '';
  const waiting = new Set<() => void>();
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      all += chunk;
      if (stream === child.stdout) out += chunk;
      for (const check of waiting) check();
    });
  }
  const printed = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!all.includes(text)) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  await Promise.race([printed('Gavel is ready'), exited]);
  const lines = (): string[] => out.split('\n').filter((line) => line !== '');
  return { child, port, baseUrl: `http://127.0.0.1:${port}`, output: () => all, lines, printed, exited };
}
