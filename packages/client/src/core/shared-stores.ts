/**
 * Opens and changes the stores of a room, and opens them again after a new login (STORE).
 *
 * @module
 */

import type { Method, Params, Results, StoreStep } from '@gavel/protocol';
import type { RoomView } from './room-view.ts';

/** What the stores need of their session. */
export interface SharedStoresTask {
  /** The current view of the room; undefined before the first login. */
  room(): RoomView | undefined;
  request<M extends Method>(method: M, params: Params<M>): Promise<Results[M]>;
}

/** The stores of a session. */
export class SharedStores {
  readonly #task: SharedStoresTask;
  readonly #wanted = new Set<string>();

  constructor(task: SharedStoresTask) {
    this.#task = task;
  }

  /**
   * Opens a store: when this resolves, `get` has its content, and `storesChanged` reports changes of it. Opening it again reads
   * the content again.
   *
   * @throws SessionError `text.too-long`, `store.full`, `rate.limited`, and as `request` does
   */
  async open(name: string): Promise<void> {
    await this.#task.request('openStores', { names: [name] });
    this.#wanted.add(name);
  }

  /** Returns the content of a store by key; undefined if it was never opened. */
  get(name: string): ReadonlyMap<string, unknown> | undefined {
    return this.#task.room()?.stores.get(name);
  }

  /**
   * Changes keys of a store, all or none. When this resolves, `get` has the result if the store is open.
   *
   * @throws SessionError `text.too-long`, `store.bad-value`, `store.full`, `rate.limited`, and as `request` does
   */
  async change(name: string, steps: readonly StoreStep[]): Promise<void> {
    await this.#task.request('changeStore', { name, steps: [...steps] });
  }

  /** Opens the stores that the server does not know to be open: after a new login, or if the request was lost. */
  handleJoined(): void {
    const names = [...this.#wanted].filter((name) => !this.#task.room()?.stores.isOpen(name));
    // If it is lost with the connection, the next join repeats it.
    if (names.length > 0) this.#task.request('openStores', { names }).catch(() => {});
  }
}
