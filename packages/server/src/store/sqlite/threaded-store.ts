/**
 * An SQLite store in a thread of its own: no call of the database runs on the thread of the event loop (BUS-7).
 *
 * Each call is a message. All calls of one turn of the event loop are one message.
 *
 * @module
 */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { GavelError } from '@gavel/protocol';
import { MessageBatch } from '../../base/message-batch.ts';
import type { JournalFiles } from '../journal-mover.ts';
import type { Store } from '../store.ts';
import { errorOf, type Opened, type Request, type Response, type ThreadOptions } from './thread-messages.ts';

/** A store in a thread, with what moves the journal's files into its tables. */
export interface ThreadedStore extends Store {
  readonly mover: JournalFiles;
}

/** Changes a record, as the `update` methods of the store do. */
type Change = (record: unknown) => unknown;

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  readonly change: Change | undefined;
  /** The error of `change`: it is passed on as it was thrown. */
  refusal?: unknown;
}

/** The repositories as a table: the compiler checks that it has all of them. */
const REPOSITORIES: Readonly<Record<Exclude<keyof ThreadedStore, 'ping' | 'close'>, true>> = {
  apps: true,
  apiTokens: true,
  adminTokens: true,
  meetings: true,
  participants: true,
  presets: true,
  signingKeys: true,
  journal: true,
  audit: true,
  outbox: true,
  nonces: true,
  rules: true,
  endedTickets: true,
  sessions: true,
  chat: true,
  files: true,
  webhooks: true,
  mover: true,
};

/**
 * A thread that has closed its store, for the next one: a new thread loads its modules for 0.2 s. A process that opens one
 * store after another, as tests do, saves that; no thread keeps the process alive meanwhile.
 */
let idleThread: Worker | undefined;

/**
 * Opens the store in a file, as `openSqliteStore` does, in a thread of its own.
 *
 * @throws Error as `openSqliteStore`
 */
export async function openThreadedStore(options: ThreadOptions): Promise<ThreadedStore> {
  const thread = await StoreThread.start(options);
  const names = Object.keys(REPOSITORIES);
  const repositories = Object.fromEntries(names.map((name) => [name, remoteRepository(thread, name)]));
  const parts = repositories as unknown as Pick<ThreadedStore, keyof typeof REPOSITORIES>;
  return {
    ...parts,
    ping: () => thread.call('store', 'ping', []),
    close: () => thread.close(),
  };
}

/** Returns an object whose methods are calls to the thread. */
function remoteRepository(thread: StoreThread, repository: string): object {
  const methods: Record<string, unknown> = {};
  return new Proxy(methods, {
    get(known, method) {
      // Promises ask their value for `then`: a repository is no promise.
      if (typeof method !== 'string' || method === 'then') return undefined;
      known[method] ??= (...args: unknown[]) => thread.call(repository, method, args);
      return known[method];
    },
  });
}

/** Starts a thread without a store. One that ends while it has none is forgotten. */
function createThread(): Worker {
  const worker = new Worker(new URL('./thread-entry.js', import.meta.url), { execArgv: [] });
  const forget = (): void => {
    if (idleThread === worker) idleThread = undefined;
  };
  return worker.on('error', forget).on('exit', forget);
}

/** Returns the answer to `open`. Responses to calls that the store before had not answered when it closed come first. */
async function readOpened(worker: Worker): Promise<Opened> {
  while (true) {
    const [message] = (await once(worker, 'message')) as [Opened | readonly Response[]];
    if ('kind' in message) return message;
  }
}

/** The id of the last call, of all stores: a late response must not look like that to a call of the next store. */
let lastId = 0;

/** The thread, from the outside. */
class StoreThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #requests = new MessageBatch<Request>((requests) => this.#worker.postMessage(requests));
  /** Set when the thread has ended. */
  #end: GavelError | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', this.#onMessage).on('error', this.#onError).on('exit', this.#onExit);
  }

  static async start(options: ThreadOptions): Promise<StoreThread> {
    const worker = idleThread ?? createThread();
    idleThread = undefined;
    worker.ref();
    worker.postMessage([{ kind: 'open', options }] satisfies Request[]);
    const opened = await readOpened(worker);
    if (opened.kind === 'open') return new StoreThread(worker);
    await worker.terminate();
    throw errorOf(opened.error);
  }

  /** @throws the error of the method; GavelError `server.store-unavailable` if the thread has ended */
  call<T>(repository: string, method: string, args: readonly unknown[]): Promise<T> {
    if (this.#end) return Promise.reject(this.#end);
    lastId += 1;
    const id = lastId;
    const changeIndex = args.findIndex((arg) => typeof arg === 'function');
    const change = changeIndex < 0 ? undefined : (args[changeIndex] as Change);
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, change });
      const plain = change ? args.with(changeIndex, null) : args;
      this.#requests.add({ kind: 'call', id, repository, method, args: plain, ...(change && { changeIndex }) });
    });
  }

  async close(): Promise<void> {
    if (this.#end) return;
    await this.call('store', 'close', []);
    this.#worker.off('message', this.#onMessage).off('error', this.#onError).off('exit', this.#onExit);
    this.#fail('The store is closed.');
    if (idleThread) await this.#worker.terminate();
    else {
      this.#worker.unref();
      idleThread = this.#worker;
    }
  }

  readonly #onMessage = (responses: readonly Response[]): void => {
    for (const response of responses) this.#handle(response);
  };
  readonly #onError = (error: Error): void => this.#fail(`The thread of the database ended: ${error.message}`);
  readonly #onExit = (): void => this.#fail('The thread of the database has ended.');

  #handle(response: Response): void {
    const pending = this.#pending.get(response.id);
    if (!pending) return;
    if (response.kind === 'change') return this.#change(pending, response);
    this.#pending.delete(response.id);
    if (response.kind === 'result') pending.resolve(response.value as never);
    else pending.reject('refusal' in pending ? pending.refusal : errorOf(response.error));
  }

  #change(pending: Pending, { id, record }: Extract<Response, { readonly kind: 'change' }>): void {
    try {
      this.#requests.add({ kind: 'changed', id, value: pending.change?.(record) });
    } catch (error) {
      pending.refusal = error;
      this.#requests.add({ kind: 'changed', id });
    }
  }

  #fail(why: string): void {
    this.#end ??= new GavelError('server.store-unavailable', why);
    for (const { reject } of this.#pending.values()) reject(this.#end);
    this.#pending.clear();
  }
}
