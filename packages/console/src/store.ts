/**
 * State that a view can subscribe to.
 *
 * @module
 */

/** Stores a state, replaces it as a whole, and notifies its listeners once for all changes of one task. */
export class Store<State extends object> {
  readonly #listeners = new Set<() => void>();
  #state: State;
  #isTelling = false;

  constructor(initial: State) {
    this.#state = initial;
  }

  /** The current state; never changed in place. */
  get state(): State {
    return this.#state;
  }

  /** Calls the listener after changes; returns a function that unsubscribes it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Replaces members of the state. */
  protected set(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
