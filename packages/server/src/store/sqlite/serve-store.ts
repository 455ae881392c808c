/**
 * The store's thread: executes the calls of the main thread on an SQLite store of its own. It has one store at a time.
 *
 * @module
 */

import { parentPort } from 'node:worker_threads';
import { MessageBatch } from '../../base/message-batch.ts';
import { JournalMover } from '../journal-mover.ts';
import { openSqliteStore } from './open.ts';
import { errorMessageOf, type Opened, type Request, type Response, type ThreadOptions } from './thread-messages.ts';

type Call = Extract<Request, { readonly kind: 'call' }>;
type Methods = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;

if (!parentPort) throw new Error('This module runs in a thread.');
const port = parentPort;
/** Resolves a change that the main thread was asked for, by call. */
const changing = new Map<number, (message: Extract<Request, { readonly kind: 'changed' }>) => void>();
/** The repositories of the store that is open, by their names. */
let parts: Readonly<Record<string, unknown>> = {};
const responses = new MessageBatch<Response>((batch) => port.postMessage(batch));

/** Asks the main thread for the result of a call's function. @throws Error if the function threw */
async function askForChange(id: number, record: unknown): Promise<unknown> {
  const answer = await new Promise<Extract<Request, { readonly kind: 'changed' }>>((resolve) => {
    changing.set(id, resolve);
    responses.add({ kind: 'change', id, record });
  });
  if (!('value' in answer)) throw new Error('the change was refused');
  return answer.value;
}

async function execute(call: Call): Promise<void> {
  const { id, repository, method, args, changeIndex } = call;
  const all = args.map((arg, index) => (index === changeIndex ? (record: unknown) => askForChange(id, record) : arg));
  try {
    const value = await (parts[repository] as Methods)[method]?.(...all);
    responses.add({ kind: 'result', id, value });
  } catch (error) {
    responses.add({ kind: 'error', id, error: errorMessageOf(error) });
  } finally {
    changing.delete(id);
  }
}

async function open({ path, journalFolder, ...options }: ThreadOptions): Promise<void> {
  const store = await openSqliteStore(path, options);
  const mover =
    journalFolder === undefined
      ? {}
      : new JournalMover({ repository: store.journal, outbox: store.outbox, folder: journalFolder });
  parts = { ...store, store, mover };
}

async function answerOpen(options: ThreadOptions): Promise<void> {
  try {
    await open(options);
    port.postMessage({ kind: 'open' } satisfies Opened);
  } catch (error) {
    port.postMessage({ kind: 'failed', error: errorMessageOf(error) } satisfies Opened);
  }
}

port.on('message', (requests: readonly Request[]) => {
  for (const request of requests) {
    if (request.kind === 'open') void answerOpen(request.options);
    else if (request.kind === 'call') void execute(request);
    else changing.get(request.id)?.(request);
  }
});
