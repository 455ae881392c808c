/**
 * One worker process: starts it, calls it, supervises it, and restarts it after its death.
 *
 * @module
 */

import { type ChildProcess, fork } from 'node:child_process';
import { MediaError, type WorkerHealth } from './engine.ts';
import type { WorkerConfig, WorkerMessage, WorkerMethod, WorkerMethods, WorkerNotice } from './ipc.ts';
import { PendingCalls } from './pending-calls.ts';
import { RestartPolicy } from './restart-policy.ts';
import { systemMonotonicMs } from './system-clock.ts';

const workerModule = new URL('./worker/main.ts', import.meta.url);

const PING_INTERVAL_MS = 2_000;
/** A worker that answers nothing for so many intervals is stuck, and is killed. Intervals in which this process stood still do not count. */
const STUCK_AFTER_PINGS = 5;
/** Timeout until a process is configured: longer than that of a call, because a busy machine starts it slowly. */
const START_TIMEOUT_MS = 30_000;
/** Maximum length, in characters, of the error output that is included in the reason of a worker's death. */
const MAX_REASON_CHARS = 1_000;

/** Callbacks of a worker process to the engine. */
export interface WorkerProcessHandlers {
  handleNotice(notice: WorkerNotice): void;
  /** The process ended unexpectedly; all of its peers are lost. */
  handleDeath(detail: string): void;
}

/** Supervises one worker process. */
export class WorkerProcess {
  readonly config: WorkerConfig;
  /** Number of restarts. */
  restarts = 0;

  readonly #handlers: WorkerProcessHandlers;
  readonly #callTimeoutMs: number;
  readonly #calls: PendingCalls;
  #child: ChildProcess | undefined;
  /** Resolves when the process has ended. */
  #ended: Promise<void> | undefined;
  readonly #policy = new RestartPolicy();
  #isReady = false;
  #load = 0;
  #endsAtMs: number | undefined;
  #isClosed = false;
  #restartTimer: NodeJS.Timeout | undefined;
  #pingTimer: NodeJS.Timeout | undefined;
  #wakeWaiting: (() => void) | undefined;

  constructor(config: WorkerConfig, callTimeoutMs: number, handlers: WorkerProcessHandlers) {
    this.config = config;
    this.#callTimeoutMs = callTimeoutMs;
    this.#handlers = handlers;
    this.#calls = new PendingCalls(`Worker ${config.worker}`);
  }

  /** The process id; undefined while there is no process. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The share of a CPU core that it has used in the last seconds, from 0 to 1, or more with several threads. */
  get load(): number {
    return this.#load;
  }

  /** Returns whether it accepts calls and, if it dies repeatedly, why. */
  health(): WorkerHealth {
    const problem = this.#policy.findProblem(performance.now());
    const { worker, portMin: port } = this.config;
    return { worker, port, isReady: this.#isReady, ...(problem !== undefined && { problem }) };
  }

  /**
   * Starts the process. Resolves when it accepts calls.
   *
   * @throws MediaError `unavailable` when it cannot be configured, such as because its UDP port cannot be bound
   */
  async start(): Promise<void> {
    const { SystemRoot, NODE_COMPILE_CACHE } = process.env;
    const child = fork(workerModule, {
      // The parent's secrets, options and flags are not passed on. Node ignores undefined values.
      env: { SystemRoot, NODE_COMPILE_CACHE },
      // The transport uses Node's FFI, which warns at every start that it is experimental.
      execArgv: ['--disable-warning=ExperimentalWarning'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    let errorOutput = '';
    let startFailure: string | undefined;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text);
      errorOutput = (errorOutput + text).slice(-MAX_REASON_CHARS);
    });
    child.on('message', (message) => {
      // Messages that remain in a dead worker's channel are about peers that no longer exist.
      if (this.#child === child) this.#handleMessage(message as WorkerMessage);
    });
    this.#ended = new Promise((resolve) => child.once('close', () => resolve()));
    child.on('error', (error) => this.#handleEnd(child, error.message));
    // 'close' is emitted after the error output is complete.
    child.on('close', (code, signal) => {
      const exit = signal === null ? `exit code ${code}` : `signal ${signal}`;
      this.#handleEnd(child, startFailure ?? [exit, errorOutput.trim()].filter(Boolean).join(': '));
    });
    try {
      await this.#request(child, 'configure', this.config, START_TIMEOUT_MS);
    } catch (error) {
      // A worker without its port cannot be used. It is killed, and its end triggers a restart.
      if (this.#child === child) startFailure = error instanceof Error ? error.message : String(error);
      child.kill('SIGKILL');
      throw error;
    }
    if (this.#child !== child) return;
    this.#isReady = true;
    this.#watch(child);
    if (this.#endsAtMs !== undefined && this.#endsAtMs > systemMonotonicMs()) this.endAt(this.#endsAtMs);
  }

  /**
   * Has the process end itself at a moment of `systemMonotonicMs`, also if this process stands still by then; undefined: no more.
   * A process that is started after that moment has no peers and no limit, until the next call.
   */
  endAt(monotonicMs: number | undefined): void {
    this.#endsAtMs = monotonicMs;
    if (this.#child) this.#request(this.#child, 'endAt', { monotonicMs }).catch(() => undefined);
  }

  /**
   * Makes a call. While the worker restarts, calls wait for it until their timeout.
   *
   * @throws MediaError the worker's error, or `unavailable` if it dies or does not answer in time
   */
  async call<M extends WorkerMethod>(
    method: M,
    params: WorkerMethods[M]['params'],
  ): Promise<WorkerMethods[M]['result']> {
    const child = this.#child ?? (await this.#waitForChild());
    // The channel is ordered, so a call need not wait until the worker is configured.
    return this.#request(child, method, params);
  }

  /** Ends the process for good. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#restartTimer);
    clearInterval(this.#pingTimer);
    this.#wakeWaiting?.();
    await this.kill();
  }

  /** Kills the process, and resolves when it has ended; it is restarted unless `close` was called. */
  async kill(): Promise<void> {
    if (this.#child === undefined) return;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #request<M extends WorkerMethod>(
    child: ChildProcess,
    method: M,
    params: WorkerMethods[M]['params'],
    timeoutMs = this.#callTimeoutMs,
  ): Promise<WorkerMethods[M]['result']> {
    // If sending fails, the process has ended, and that is handled separately.
    const send = (id: number): unknown => child.send({ id, method, params }, () => undefined);
    return this.#calls.add(method, timeoutMs, send) as Promise<WorkerMethods[M]['result']>;
  }

  #waitForChild(): Promise<ChildProcess> {
    return new Promise((resolve, reject) => {
      const previous = this.#wakeWaiting;
      const timer = setTimeout(() => finish(), this.#callTimeoutMs);
      const finish = (): void => {
        clearTimeout(timer);
        if (this.#child !== undefined && !this.#isClosed) resolve(this.#child);
        else reject(new MediaError('unavailable', `Worker ${this.config.worker} is not running`));
      };
      this.#wakeWaiting = () => {
        previous?.();
        finish();
      };
    });
  }

  #handleMessage(message: WorkerMessage): void {
    if (message.type === 'result' || message.type === 'error') this.#calls.settle(message);
    else this.#handlers.handleNotice(message);
  }

  #handleEnd(child: ChildProcess, detail: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#isReady = false;
    clearInterval(this.#pingTimer);
    if (!this.#isClosed) {
      const delayMs = this.#policy.recordDeath(performance.now(), detail);
      this.restarts += 1;
      this.#restartTimer = setTimeout(() => this.#restart(), delayMs);
      this.#handlers.handleDeath(detail);
    }
    // After the loss is reported, so that a caller that retries sees the correct state.
    this.#calls.rejectAll();
  }

  #restart(): void {
    this.start().catch(() => undefined);
    const wake = this.#wakeWaiting;
    this.#wakeWaiting = undefined;
    wake?.();
  }

  #watch(child: ChildProcess): void {
    clearInterval(this.#pingTimer);
    let measuredAtMs = performance.now();
    let measuredCpuMs: number | undefined;
    let seenAtMs = this.#calls.answeredAtMs;
    let silentPings = 0;
    this.#load = 0;
    this.#pingTimer = setInterval(() => {
      const { answeredAtMs } = this.#calls;
      silentPings = answeredAtMs === seenAtMs ? silentPings + 1 : 0;
      seenAtMs = answeredAtMs;
      if (silentPings > STUCK_AFTER_PINGS) {
        child.kill('SIGKILL');
        return;
      }
      this.#request(child, 'ping', undefined).then(
        (cpuMs) => {
          const nowMs = performance.now();
          // The first measure includes the start.
          if (measuredCpuMs !== undefined) this.#load = (cpuMs - measuredCpuMs) / (nowMs - measuredAtMs);
          measuredCpuMs = cpuMs;
          measuredAtMs = nowMs;
        },
        () => undefined,
      );
    }, PING_INTERVAL_MS);
    this.#pingTimer.unref();
  }
}
