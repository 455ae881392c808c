/**
 * The stores of a meeting (reference realtimekit 8.1).
 *
 * @module
 */

import type { Clock } from '../core/platform.ts';
import type { RoomSession } from '../core/session.ts';
import { SharedStores } from '../core/shared-stores.ts';
import { CODES, RealtimeKitError, toRealtimeKitError } from './errors.ts';
import { Store } from './store.ts';

/** Creates and finds the stores that participants share. */
export class StoreManager {
  /** The stores that this client has created, by name. */
  readonly stores = new Map<string, Store>();
  readonly #clock: Clock;
  #shared: SharedStores | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Returns the store of a name, with the content that it has for all participants. Before the join it is empty, and is filled at
   * the join. Every participant that uses a store creates it.
   *
   * @param name 1 to 128 bytes; a meeting can have 100 stores
   * @param _internal accepted as the vendor declares it, and ignored
   * @throws RealtimeKitError `0002` for a name that is no text, or if the meeting cannot have more stores; `0013`, `0011`
   */
  async create(name: string, _internal?: boolean): Promise<Store> {
    if (typeof name !== 'string' || name === '') {
      throw new RealtimeKitError(CODES.couldNotJoin, 'the name of a store is a text that is not empty');
    }
    const known = this.stores.get(name);
    if (known) return known;
    const store = new Store(name, this.#clock);
    this.stores.set(name, store);
    try {
      await this.#open(store);
    } catch (error) {
      this.stores.delete(name);
      throw error;
    }
    return store;
  }

  /** Reads the content of a store from the server again, and creates the store if there is none; throws as `create` does. */
  async refresh(name: string): Promise<Store> {
    const known = this.stores.get(name);
    if (!known) return this.create(name);
    await this.#open(known);
    return known;
  }

  /** Subscribes to a session that has just been joined. */
  attach(session: RoomSession): void {
    const shared = new SharedStores(session);
    this.#shared = shared;
    shared.on('updated', (update) => {
      if (this.#shared !== shared) return;
      const isOwn = update.memberId !== undefined && update.memberId === session.self?.memberId;
      this.stores.get(update.name)?.handleUpdate(update, isOwn);
    });
    for (const store of this.stores.values()) {
      // A store that the server refuses stays empty, and its changes are refused.
      this.#open(store).catch(() => {});
    }
  }

  /** Drops the session; the stores can still be read. */
  detach(): void {
    this.#shared = undefined;
    for (const store of this.stores.values()) store.detach();
  }

  async #open(store: Store): Promise<void> {
    const shared = this.#shared;
    if (!shared) return;
    // The content comes as an event before the request is answered.
    store.attach(shared);
    try {
      await shared.open(store.name);
    } catch (error) {
      throw toRealtimeKitError(error);
    }
    if (this.#shared === shared) store.attach(shared);
  }
}
