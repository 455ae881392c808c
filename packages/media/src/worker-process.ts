/**
 * One worker process: started, called, watched, and started again when it dies.
 *
 * @module
 */

import { type ChildProcess, fork } from 'node:child_process';
import { MediaError } from './engine.ts';
import type { WorkerConfig, WorkerMessage, WorkerMethod, WorkerMethods, WorkerNotice } from './ipc.ts';

const workerModule = new URL('./worker/main.ts', import.meta.url);

/** A worker that lived at least this long is started again at once, in milliseconds. */
const stableAfterMs = 5_000;
const maxBackoffMs = 5_000;
const pingIntervalMs = 2_000;
/** A worker that has not answered a ping for this long is stuck, and is killed. */
const stuckAfterMs = 10_000;

/** What a worker process tells the engine. */
export interface WorkerProcessHandlers {
  handleNotice(notice: WorkerNotice): void;
  /** The process has ended by itself; everything that was on it is gone. */
  handleDeath(detail: string): void;
}

interface PendingCall {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Supervises one worker process. */
export class WorkerProcess {
  readonly config: WorkerConfig;
  /** How often it had to be started again. */
  restarts = 0;

  readonly #handlers: WorkerProcessHandlers;
  readonly #callTimeoutMs: number;
  readonly #pending = new Map<number, PendingCall>();
  #child: ChildProcess | undefined;
  #ready: Promise<void> = Promise.resolve();
  #isClosed = false;
  #nextId = 1;
  #startedAtMs = 0;
  #backoffMs = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #pingTimer: NodeJS.Timeout | undefined;
  #wakeWaiting: (() => void) | undefined;

  constructor(config: WorkerConfig, callTimeoutMs: number, handlers: WorkerProcessHandlers) {
    this.config = config;
    this.#callTimeoutMs = callTimeoutMs;
    this.#handlers = handlers;
  }

  /** The process id; undefined while there is no process. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the process. Resolves when it takes calls. */
  start(): Promise<void> {
    const { SystemRoot, NODE_COMPILE_CACHE } = process.env;
    const child = fork(workerModule, {
      // No secrets, and no options or flags of the parent's; Node leaves out what is undefined.
      env: { SystemRoot, NODE_COMPILE_CACHE },
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.#startedAtMs = performance.now();
    child.on('message', (message) => {
      // What a dead worker still had in its channel is about peers that no longer exist.
      if (this.#child === child) this.#handleMessage(message as WorkerMessage);
    });
    child.on('error', (error) => this.#handleEnd(child, error.message));
    child.on('exit', (code, signal) => this.#handleEnd(child, `exit code ${code}, signal ${signal}`));
    this.#ready = this.#request(child, 'configure', this.config).then(() => undefined);
    this.#ready.catch(() => undefined);
    this.#watch(child);
    return this.#ready;
  }

  /**
   * Makes a call. While the worker is being started again, calls wait for it, within their time.
   *
   * @throws MediaError as the worker's, or `unavailable` when it dies or does not answer in time
   */
  async call<M extends WorkerMethod>(
    method: M,
    params: WorkerMethods[M]['params'],
  ): Promise<WorkerMethods[M]['result']> {
    const child = this.#child ?? (await this.#waitForChild());
    // The channel keeps the order, so a call need not wait until the worker is configured.
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

  /** Kills the process, and resolves when it is gone; it is started again unless `close` was called. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  }

  #request<M extends WorkerMethod>(
    child: ChildProcess,
    method: M,
    params: WorkerMethods[M]['params'],
  ): Promise<WorkerMethods[M]['result']> {
    return new Promise<unknown>((resolve, reject) => {
      const id = this.#nextId++;
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new MediaError('unavailable', `Worker ${this.config.worker} did not answer ${method} in time`));
      }, this.#callTimeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
      // A failed send shows as the process's end.
      child.send({ id, method, params }, () => undefined);
    }) as Promise<WorkerMethods[M]['result']>;
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
    if (message.type !== 'result' && message.type !== 'error') {
      this.#handlers.handleNotice(message);
      return;
    }
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    this.#pending.delete(message.id);
    clearTimeout(pending.timer);
    if (message.type === 'result') pending.resolve(message.result);
    else if (message.code === undefined) pending.reject(new MediaError('unavailable', message.message));
    else pending.reject(new MediaError(message.code, message.message));
  }

  #handleEnd(child: ChildProcess, detail: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    clearInterval(this.#pingTimer);
    // First the loss is told, then the calls fail: who retries a failed call finds the state right.
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    if (!this.#isClosed) {
      const livedMs = performance.now() - this.#startedAtMs;
      this.#backoffMs =
        livedMs >= stableAfterMs || this.restarts === 0 ? 0 : Math.min(maxBackoffMs, this.#backoffMs * 2 || 100);
      this.restarts += 1;
      this.#restartTimer = setTimeout(() => this.#restart(), this.#backoffMs);
      this.#handlers.handleDeath(detail);
    }
    for (const { reject, timer } of pending) {
      clearTimeout(timer);
      reject(new MediaError('unavailable', `Worker ${this.config.worker} died`));
    }
  }

  #restart(): void {
    this.start().catch(() => undefined);
    const wake = this.#wakeWaiting;
    this.#wakeWaiting = undefined;
    wake?.();
  }

  #watch(child: ChildProcess): void {
    clearInterval(this.#pingTimer);
    let answeredAtMs = performance.now();
    this.#pingTimer = setInterval(() => {
      if (performance.now() - answeredAtMs > stuckAfterMs) {
        child.kill('SIGKILL');
        return;
      }
      this.#request(child, 'ping', undefined).then(
        () => {
          answeredAtMs = performance.now();
        },
        () => undefined,
      );
    }, pingIntervalMs);
    this.#pingTimer.unref();
  }
}
