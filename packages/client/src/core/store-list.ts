/**
 * The stores that this client has opened, kept up to date from events and snapshots.
 *
 * @module
 */

import type { StoreEventFrame, WireStore, WireStoreChange } from '@gavel/protocol';

/** Keys of a store that changed. */
export interface StoreUpdate {
  readonly name: string;
  /** The member that changed them; undefined if the client learned it by comparing contents. */
  readonly memberId?: string;
  readonly changes: readonly WireStoreChange[];
}

/** The content of stores by name. */
export class StoreList {
  readonly #stores = new Map<string, Map<string, unknown>>();
  /** The stores that the server knows to be open for the current member. */
  readonly #open = new Set<string>();

  /** Returns the content of a store; undefined if it was never opened. */
  get(name: string): ReadonlyMap<string, unknown> | undefined {
    return this.#stores.get(name);
  }

  /** Whether the server sends the changes of a store to this member. */
  isOpen(name: string): boolean {
    return this.#open.has(name);
  }

  /** Applies one event. */
  apply(frame: StoreEventFrame): StoreUpdate | undefined {
    if (frame.event === 'storeOpened') return this.#load(frame.store);
    const { name, memberId, changes } = frame;
    const store = this.#stores.get(name);
    if (!store) return undefined;
    for (const change of changes) {
      if ('value' in change) store.set(change.key, change.value);
      else store.delete(change.key);
    }
    return { name, memberId, changes };
  }

  /** Applies a snapshot for the same member: it has every store that is open. Returns what differs. */
  replace(stores: readonly WireStore[]): StoreUpdate[] {
    return stores.flatMap((store) => this.#load(store) ?? []);
  }

  /** The member is new: it has opened nothing yet. The contents stay until the stores are opened again. */
  close(): void {
    this.#open.clear();
  }

  #load({ name, entries }: WireStore): StoreUpdate | undefined {
    const before = this.#stores.get(name) ?? new Map<string, unknown>();
    const now = new Map(entries.map(({ key, value }) => [key, value]));
    this.#stores.set(name, now);
    this.#open.add(name);
    const changes = [
      ...[...before.keys()].filter((key) => !now.has(key)).map((key) => ({ key })),
      ...entries.filter(({ key, value }) => !before.has(key) || !isSameJson(before.get(key), value)),
    ];
    return changes.length > 0 ? { name, changes } : undefined;
  }
}

/** Compares by JSON. Values whose keys only have another order count as different, which costs no more than an event. */
const isSameJson = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
