/**
 * Puts several messages to another thread into one: serialising a message and waking the thread cost more than most contents.
 *
 * @module
 */

/** How long a message waits for more contents while there are many, in milliseconds. */
const COLLECT_MS = 1;
/** So many running attempts are many. With fewer, none waits longer than a turn of the event loop. */
const MANY_ATTEMPTS = 8;

/** Collects the contents of the next message: those of one turn of the event loop, or of a millisecond while many attempts run. */
export class MessageBatch<T> {
  readonly #send: (contents: readonly T[]) => void;
  #contents: T[] = [];

  constructor(send: (contents: readonly T[]) => void) {
    this.#send = send;
  }

  /** @param runningCount the number of running attempts */
  add(content: T, runningCount: number): void {
    this.#contents.push(content);
    if (this.#contents.length > 1) return;
    if (runningCount < MANY_ATTEMPTS) setImmediate(() => this.#flush());
    else setTimeout(() => this.#flush(), COLLECT_MS);
  }

  #flush(): void {
    const contents = this.#contents;
    this.#contents = [];
    this.#send(contents);
  }
}
