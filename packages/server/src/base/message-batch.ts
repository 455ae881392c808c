/**
 * Puts several messages to another thread into one: serialising a message and waking the thread cost more than most contents.
 *
 * @module
 */

/** Collects the contents of the next message. */
export class MessageBatch<T> {
  readonly #send: (contents: readonly T[]) => void;
  readonly #schedule: (flush: () => void) => void;
  #contents: T[] = [];

  /** @param schedule decides when the message is sent; by default after the work that adds its first content */
  constructor(send: (contents: readonly T[]) => void, schedule: (flush: () => void) => void = queueMicrotask) {
    this.#send = send;
    this.#schedule = schedule;
  }

  add(content: T): void {
    this.#contents.push(content);
    if (this.#contents.length === 1) this.#schedule(() => this.#flush());
  }

  #flush(): void {
    const contents = this.#contents;
    this.#contents = [];
    this.#send(contents);
  }
}
