/**
 * The calls to a worker that wait for their answers.
 *
 * @module
 */

import { MediaError } from './engine.ts';
import type { WorkerMessage } from './ipc.ts';

/** The worker's answer to a call. */
export type WorkerAnswer = Extract<WorkerMessage, { readonly id: number }>;

interface PendingCall {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/**
 * Matches answers to calls by their ids, and ends calls that get none in time. A worker handles its calls one after another, so
 * the time of a call begins again with each answer to an earlier one: many calls at once on a busy machine are no reason
 * to give up a worker that works.
 *
 * @example
 * const answered = calls.add('closePeer', 5_000, (id) => child.send({ id, method: 'closePeer', params }));
 * // for each answer:
 * calls.settle(answer);
 */
export class PendingCalls {
  readonly #name: string;
  readonly #calls = new Map<number, PendingCall>();
  #lastId = 0;
  #answeredId = 0;
  #answeredAtMs = Number.NEGATIVE_INFINITY;

  /** @param name the worker's name, for messages of errors */
  constructor(name: string) {
    this.#name = name;
  }

  /** When the last answer came, in milliseconds of `performance.now()`; −Infinity before the first. */
  get answeredAtMs(): number {
    return this.#answeredAtMs;
  }

  /**
   * Makes a call.
   *
   * @param timeoutMs the time without its answer, and without one to an earlier call
   * @param send called at once, with the id of the call
   * @throws MediaError the worker's error, or `unavailable` if there is no answer in time
   */
  add(method: string, timeoutMs: number, send: (id: number) => void): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const sentAtMs = performance.now();
    return new Promise((resolve, reject) => {
      const expire = (): void => {
        const waitedSinceMs = this.#answeredId < id ? Math.max(sentAtMs, this.#answeredAtMs) : sentAtMs;
        const leftMs = waitedSinceMs + timeoutMs - performance.now();
        if (leftMs > 0) {
          call.timer = setTimeout(expire, leftMs);
          return;
        }
        // If this process was busy, the answer may have arrived and waits to be read.
        setImmediate(() => {
          if (this.#calls.delete(id)) reject(unavailable(`${this.#name} did not answer ${method} in time`));
        });
      };
      const call: PendingCall = { resolve, reject, timer: setTimeout(expire, timeoutMs) };
      this.#calls.set(id, call);
      send(id);
    });
  }

  /** Ends the call that an answer belongs to; an answer that comes too late is ignored. */
  settle(answer: WorkerAnswer): void {
    this.#answeredId = answer.id;
    this.#answeredAtMs = performance.now();
    const call = this.#calls.get(answer.id);
    if (call === undefined) return;
    this.#calls.delete(answer.id);
    clearTimeout(call.timer);
    if (answer.type === 'result') call.resolve(answer.result);
    else call.reject(new MediaError(answer.code ?? 'unavailable', answer.message));
  }

  /** Ends all calls, because the worker has died. */
  rejectAll(): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { reject, timer } of calls) {
      clearTimeout(timer);
      reject(unavailable(`${this.#name} died`));
    }
  }
}

const unavailable = (message: string): MediaError => new MediaError('unavailable', message);
