/**
 * The stores that a client has opened: key-value data that the members of a room share (STORE). A part of its own, so that only
 * clients with stores load it.
 *
 * @module
 */

import type { StoreEventFrame, StoreStep, WireStore, WireStoreChange } from '@gavel/protocol';
import { Emitter } from './emitter.ts';
import type { RoomSession } from './session.ts';

/** Keys of a store that changed. */
export interface StoreUpdate {
  readonly name: string;
  /** The member that changed them; undefined if the client learned it by reading the content. */
  readonly memberId?: string;
  readonly changes: readonly WireStoreChange[];
}

/** The events of the stores of a session. */
export interface SharedStoresEvents {
  /** An opened store changed, also by this client; `get` has the content already. */
  updated: [update: StoreUpdate];
}

/** The stores of a session, kept up to date; after a new login they are opened again. */
export class SharedStores extends Emitter<SharedStoresEvents> {
  readonly #session: RoomSession;
  /** What `open` has opened. */
  readonly #wanted = new Set<string>();
  /** The stores whose changes the server sends to the current member. */
  readonly #open = new Set<string>();
  readonly #contents = new Map<string, Map<string, unknown>>();

  constructor(session: RoomSession) {
    super();
    this.#session = session;
    session.on('changed', ({ storeEvent, stores = [] }) => {
      if (storeEvent) this.#handleEvent(storeEvent);
      for (const store of stores) this.#load(store);
    });
    session.on('stateChanged', (state) => {
      if (state.name !== 'joined') return;
      if (state.via !== 'resumed') this.#open.clear();
      this.#reopen();
    });
  }

  /**
   * Opens a store: when this resolves, `get` has its content. Opening it again reads the content again.
   *
   * @throws SessionError `text.too-long`, `store.full`, `rate.limited`, and as `session.request` does
   */
  async open(name: string): Promise<void> {
    await this.#session.request('openStores', { names: [name] });
    this.#wanted.add(name);
  }

  /** Returns the content of a store by key; undefined if it was never opened. */
  get(name: string): ReadonlyMap<string, unknown> | undefined {
    return this.#contents.get(name);
  }

  /**
   * Changes keys of a store, all or none. When this resolves, `get` has the result if the store is open.
   *
   * @throws SessionError `text.too-long`, `store.bad-value`, `store.full`, `rate.limited`, and as `session.request` does
   */
  async change(name: string, steps: readonly StoreStep[]): Promise<void> {
    await this.#session.request('changeStore', { name, steps: [...steps] });
  }

  #reopen(): void {
    const names = [...this.#wanted].filter((name) => !this.#open.has(name));
    // If the request is lost with the connection, the next join repeats it.
    if (names.length > 0) this.#session.request('openStores', { names }).catch(() => {});
  }

  #handleEvent(frame: StoreEventFrame): void {
    if (frame.event === 'storeOpened') return this.#load(frame.store);
    const { name, memberId, changes } = frame;
    const content = this.#contents.get(name);
    if (!content) return;
    for (const change of changes) {
      if ('value' in change) content.set(change.key, change.value);
      else content.delete(change.key);
    }
    this.emit('updated', { name, memberId, changes });
  }

  #load({ name, entries }: WireStore): void {
    const before = this.#contents.get(name) ?? new Map<string, unknown>();
    const now = new Map(entries.map(({ key, value }) => [key, value]));
    this.#contents.set(name, now);
    this.#open.add(name);
    const changes = [
      ...[...before.keys()].filter((key) => !now.has(key)).map((key) => ({ key })),
      ...entries.filter(({ key, value }) => !before.has(key) || !isSameJson(before.get(key), value)),
    ];
    if (changes.length > 0) this.emit('updated', { name, changes });
  }
}

/** Compares by JSON. Values whose keys only have another order count as different, which costs no more than an event. */
const isSameJson = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
