/**
 * Runs the tasks of one key sequentially, and tasks of different keys concurrently.
 *
 * @module
 */

/** A queue of tasks per key. Stores only keys with a running task. */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<void>>();

  /** Number of keys with a running task. */
  get size(): number {
    return this.#tails.size;
  }

  /** Returns whether a task of a key is running. */
  has(key: string): boolean {
    return this.#tails.has(key);
  }

  /** Resolves when all tasks so far have ended, whether they succeeded or failed; with a key, those of the key. */
  async settled(key?: string): Promise<void> {
    await Promise.all(key === undefined ? this.#tails.values() : [this.#tails.get(key)]);
  }

  /** Runs a task after all earlier ones of its key, whether those succeeded or failed, and returns its result. */
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
