/**
 * A poster whose HTTP connections are in another thread, where the process has more than one core.
 *
 * @module
 */

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { MessageBatch } from '../base/message-batch.ts';
import { createPoster, type Poster, type PosterOptions, type PostOutcome, type PostRequest } from './post.ts';
import { type PosterCommand, type PostResult, sendSoon } from './post-messages.ts';

/** The thread of all posters of this process; it starts with the first callback, and does not keep the process alive. */
let thread: PostThread | undefined;
/** The last numbers of a poster and of an attempt, of this process. */
let lastPoster = 0;
let lastId = 0;

/**
 * Creates the poster of this machine. On one core a thread only adds messages, and a burst of events would get ahead of its
 * callbacks: there this thread posts.
 */
export function createBestPoster(options: PosterOptions, coreCount = availableParallelism()): Poster {
  return coreCount > 1 ? createThreadedPoster(options) : createPoster(options);
}

/** Creates a poster, as `createPoster` does. The thread starts at the first callback. */
export function createThreadedPoster({ allowPrivateTargets }: PosterOptions): Poster {
  lastPoster += 1;
  const poster = lastPoster;
  let openedIn: PostThread | undefined;
  return {
    post(request) {
      thread ??= new PostThread();
      if (openedIn !== thread) thread.send({ kind: 'open', poster, allowPrivateTargets });
      openedIn = thread;
      return thread.post(poster, request);
    },
    async close() {
      openedIn?.close(poster);
      openedIn = undefined;
    },
  };
}

interface Attempt {
  readonly poster: number;
  readonly resolve: (outcome: PostOutcome) => void;
  readonly reject: (error: Error) => void;
}

/** The thread, from the outside. */
class PostThread {
  readonly #worker = new Worker(new URL('./post-thread-entry.js', import.meta.url), { execArgv: [] });
  readonly #attempts = new Map<number, Attempt>();
  readonly #commands = new MessageBatch<PosterCommand>(
    (commands) => this.#worker.postMessage(commands),
    (send) => sendSoon(send, this.#attempts.size),
  );

  constructor() {
    this.#worker
      .on('message', (results: readonly PostResult[]) => {
        for (const result of results) this.#settle(result);
      })
      .on('error', (error: Error) => this.#fail(`the thread that posts callbacks ended: ${error.message}`))
      .on('exit', () => this.#fail('the thread that posts callbacks has ended'))
      .unref();
  }

  send(command: PosterCommand): void {
    this.#commands.add(command);
  }

  post(poster: number, request: PostRequest): Promise<PostOutcome> {
    lastId += 1;
    const id = lastId;
    this.send({ kind: 'post', poster, id, request });
    return new Promise((resolve, reject) => this.#attempts.set(id, { poster, resolve, reject }));
  }

  /** Ends the attempts of a poster at once: nobody waits for the thread. */
  close(poster: number): void {
    this.send({ kind: 'close', poster });
    for (const [id, attempt] of this.#attempts) {
      if (attempt.poster !== poster) continue;
      this.#attempts.delete(id);
      attempt.reject(new Error('the server is stopping'));
    }
  }

  #settle(result: PostResult): void {
    const attempt = this.#attempts.get(result.id);
    this.#attempts.delete(result.id);
    if ('reason' in result) attempt?.reject(new Error(result.reason));
    else attempt?.resolve(result.outcome);
  }

  /** The callbacks are retried as after any failure, in a new thread. */
  #fail(reason: string): void {
    if (thread === this) thread = undefined;
    for (const { reject } of this.#attempts.values()) reject(new Error(reason));
    this.#attempts.clear();
  }
}
