/**
 * Server processes on one core, the load on another, and the CPU time and memory of processes (Linux).
 *
 * @module
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** The core that servers run on. */
export const SERVER_CORE = 0;
/** The core that the load runs on. */
const LOAD_CORE = 1;

/** Linux counts CPU time in 1/100 s. */
const TICKS_PER_SECOND = 100;
const STOP_TIMEOUT_MS = 5000;
const SETTLE_TIMEOUT_MS = 30_000;
const SETTLE_STEP_MS = 200;

/** The servers that run now. They are killed when the benchmark ends, however it ends. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const { pid } of running) for (const id of processTree(pid ?? -1)) killQuietly(id);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** A server that was started. */
export interface ServerProcess {
  /** The process and those that it had started when it was ready. */
  readonly pids: () => readonly number[];
  /** The last 20,000 characters that it printed since its last start. */
  readonly output: () => string;
  /** Stops it by SIGTERM, and by SIGKILL after 5 s. */
  stop(): Promise<void>;
  /** Stops it and starts it again with the same command; resolves when it is ready. */
  restart(): Promise<void>;
}

/** How a server is started. */
export interface StartOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Returns whether the server accepts calls; an exception counts as false. Polled until true. */
  readonly isReady: (output: string) => boolean | Promise<boolean>;
  readonly timeoutMs?: number;
}

/** Starts a server on the servers' core; resolves when it is ready. @throws when it ends before, or is not ready in time */
export async function startOnServerCore(options: StartOptions): Promise<ServerProcess> {
  let launched = await launch(options);
  return {
    pids: () => launched.pids,
    output: () => launched.output(),
    stop: () => launched.stop(),
    async restart() {
      await launched.stop();
      launched = await launch(options);
    },
  };
}

interface Launched {
  readonly pids: readonly number[];
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

async function launch({ command, args, env, cwd, isReady, timeoutMs = 60_000 }: StartOptions): Promise<Launched> {
  const child = spawn('taskset', ['-c', String(SERVER_CORE), command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', ...env },
    ...(cwd !== undefined && { cwd }),
  });
  running.add(child);
  let output = '';
  let hasEnded = false;
  const append = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-20_000);
  };
  child.stdout.on('data', append);
  child.stderr.on('data', append);
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      hasEnded = true;
      running.delete(child);
      resolve();
    }),
  );
  const stop = async (): Promise<void> => {
    const pids = processTree(child.pid ?? -1);
    child.kill('SIGTERM');
    const timer = setTimeout(() => {
      for (const pid of pids) killQuietly(pid);
    }, STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
    for (const pid of pids) killQuietly(pid);
  };
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (hasEnded) throw new Error(`${command} ended before it was ready:\n${output}`);
    if (await Promise.resolve(isReady(output)).catch(() => false))
      return { pids: processTree(child.pid ?? -1), output: () => output, stop };
    if (performance.now() > deadline) {
      await stop();
      throw new Error(`${command} was not ready after ${timeoutMs} ms:\n${output}`);
    }
    await sleep(5);
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuSeconds: number;
}

function readStat(pid: number): ProcessStat | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { pid, parent: Number(fields[1]), cpuSeconds: ticks / TICKS_PER_SECOND };
  } catch {
    return undefined;
  }
}

/** The ids of a process and of all its descendants. */
export function processTree(root: number): number[] {
  const stats = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : []));
  const tree = [root];
  for (const id of tree) for (const { pid, parent } of stats) if (parent === id) tree.push(pid);
  return tree;
}

/** CPU time, user and system, that some processes have used so far, in seconds; steps of 10 ms. */
export function cpuSecondsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (readStat(pid)?.cpuSeconds ?? 0), 0);
}

/** CPU time of a process and all its descendants in seconds, also of its own children that have ended. */
export function cpuSecondsOfTree(root: number): number {
  const fields = readFileSync(`/proc/${root}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  const ofEnded = (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
  return cpuSecondsOf(processTree(root)) + ofEnded;
}

/** Resident memory of some processes in bytes; shared pages count once for each. */
export function memoryBytesOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return sum + Number(kibibytes ?? 0) * 1024;
  }, 0);
}

/**
 * Waits until some processes are idle: less than a tenth of a core for 200 ms. The clean-up of one server must not slow
 * down the next one, which runs on the same core. Gives up after `timeoutMs`, default 30 s.
 */
export async function settle(pids: readonly number[], timeoutMs = SETTLE_TIMEOUT_MS): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let before = cpuSecondsOf(pids);
  while (performance.now() < deadline) {
    await sleep(SETTLE_STEP_MS);
    const now = cpuSecondsOf(pids);
    if (now - before < (SETTLE_STEP_MS / 1000) * 0.1) return;
    before = now;
  }
}

/** Runs work whose processes and threads may use all cores, then pins the load to its own core again. */
export async function onAllCores<T>(work: () => Promise<T>): Promise<T> {
  pin(process.pid, `0-${cpus().length - 1}`);
  try {
    return await work();
  } finally {
    pinLoad();
  }
}

/** Puts this process, the load, on the core of the load. */
export function pinLoad(): void {
  pin(process.pid, String(LOAD_CORE));
}

function pin(pid: number, cores: string): void {
  execFileSync('taskset', ['-a', '-c', '-p', cores, String(pid)], { stdio: 'ignore' });
}

/** Whether a command is installed. */
export function hasCommand(command: string): boolean {
  try {
    execFileSync('which', [command], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The version of a Debian package, or undefined if it is not installed. */
export function debianVersion(name: string): string | undefined {
  try {
    return execFileSync('dpkg-query', ['-W', '-f', `$\{Version}`, name], { encoding: 'utf8' }) || undefined;
  } catch {
    return undefined;
  }
}
