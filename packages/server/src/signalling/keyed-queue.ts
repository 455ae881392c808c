/**
 * Does tasks of one key one after another, and those of different keys side by side.
 *
 * @module
 */

/** Tasks in order, by key. Holds only keys with a task under way. */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<void>>();

  /** How many keys have a task under way. */
  get size(): number {
    return this.#tails.size;
  }

  /** Does a task after all earlier ones of its key, whether those succeeded or not; gives its result. */
  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const result = before ? before.then(task) : task();
    const tail: Promise<void> = result.then(
      () => this.#end(key, tail),
      () => this.#end(key, tail),
    );
    this.#tails.set(key, tail);
    return result;
  }

  #end(key: string, tail: Promise<void>): void {
    if (this.#tails.get(key) === tail) this.#tails.delete(key);
  }
}
