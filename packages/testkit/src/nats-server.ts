/**
 * A NATS server for tests: a process of its own on a free port of this machine.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The path of `nats-server`, as the test runner found it; empty if there is none: tests that need it are then skipped. */
export const NATS_SERVER: string = process.env.GAVEL_TEST_NATS ?? '';

const START_TIMEOUT_MS = 15_000;

let shared: Promise<NatsServer> | undefined;

/** Returns the server that the tests of this process share; starts it first. It ends with the process. */
export function sharedNats(): Promise<NatsServer> {
  shared ??= NatsServer.start().then((server) => {
    server.endWithProcess();
    return server;
  });
  return shared;
}

/**
 * A NATS server that can be stopped and started again on its port.
 *
 * ```ts
 * const nats = await NatsServer.start();
 * const connection = await connect({ servers: nats.url });
 * await nats.stop();
 * await nats.restart();
 * ```
 */
export class NatsServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'gavel-nats-'));
  #child: ChildProcess | undefined;
  #port = -1;
  #log = '';

  private constructor(config: string) {
    writeFileSync(join(this.#folder, 'nats.conf'), config);
  }

  /**
   * Starts a server.
   *
   * @param config the content of its configuration file, such as `authorization { token: secret }`
   * @throws Error with its log if it is not ready within 15 s
   */
  static async start(config = ''): Promise<NatsServer> {
    const server = new NatsServer(config);
    await server.restart();
    return server;
  }

  /** Its address, such as `nats://127.0.0.1:4222`. */
  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /** The id of its process. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** What it has logged. */
  get log(): string {
    return this.#log;
  }

  /** Starts it again, on the same port. @throws Error with its log if it is not ready within 15 s */
  async restart(): Promise<void> {
    const args = ['-a', '127.0.0.1', '-p', String(this.#port), '-c', join(this.#folder, 'nats.conf')];
    const child = spawn(NATS_SERVER, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    this.#log = '';
    const isReady = new Promise<void>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => {
        this.#log += chunk.toString();
        const port = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(this.#log)?.[1];
        if (port !== undefined) this.#port = Number(port);
        if (this.#log.includes('Server is ready')) resolve();
      });
    });
    const hasEnded = once(child, 'exit', { signal: AbortSignal.timeout(START_TIMEOUT_MS) });
    await Promise.race([isReady, hasEnded.then(() => Promise.reject(new Error('it has ended')))]).catch((error) => {
      child.kill('SIGKILL');
      throw new Error(`nats-server did not start: ${this.#log}`, { cause: error });
    });
    hasEnded.catch(() => undefined);
  }

  /** Ends it when the tests' process ends, however that happens; that process does not wait for it. */
  endWithProcess(): void {
    const child = this.#child;
    // The shell's input is closed with this process, also when a signal ends it, which emits no `exit`.
    const script = 'read -r _; kill -KILL "$1"; rm -rf "$2"';
    const watcher = spawn('sh', ['-c', script, 'sh', String(child?.pid), this.#folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    for (const part of [child, child?.stderr, watcher, watcher.stdin] as ({ unref?(): void } | null | undefined)[]) {
      part?.unref?.();
    }
  }

  /** Sends its process a signal, such as SIGSTOP. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends its process at once: connections end without a notice. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Ends its process and deletes its files. */
  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
