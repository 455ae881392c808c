/**
 * The stores of a room: key-value data that its members share (STORE).
 *
 * @module
 */

import { byteLength, GavelError, type MemberId, STORE_LIMITS, type StoreStep } from '@gavel/protocol';
import type { CommandOf } from './commands.ts';
import type { RoomChange } from './events.ts';
import { measureJson, mergeJson } from './json-values.ts';

/** One key of a store. */
export interface StoreEntry {
  readonly key: string;
  /** Any JSON value. */
  readonly value: unknown;
  /** Bytes of the key and of the value as JSON. */
  readonly bytes: number;
}

/** A change of one key; `entry` is undefined if the key was deleted. */
export interface StoreChange {
  readonly key: string;
  readonly entry: StoreEntry | undefined;
}

/** The content of a store by key; never changed in place. */
export type StoreEntries = ReadonlyMap<string, StoreEntry>;

/** The members that have opened a store, with its revision at that time; changed in place. */
export type StoreReaders = ReadonlyMap<MemberId, number>;

/** A store at one moment. */
export interface StoreInfo {
  readonly name: string;
  readonly entries: StoreEntries;
  readonly readers: StoreReaders;
}

/** The content of all stores by name, for the next room of the session. Immutable. */
export type StoresState = ReadonlyMap<string, StoreEntries>;

interface Store {
  readonly name: string;
  readonly readers: Map<MemberId, number>;
  entries: StoreEntries;
  /** Number of changes. */
  revision: number;
}

/** Returns whether a member receives the event of a change: it had opened the store before. */
export function hasOpened(readers: StoreReaders, memberId: MemberId, revision: number): boolean {
  const openedAt = readers.get(memberId);
  return openedAt !== undefined && openedAt < revision;
}

/** Stores the shared data of a room. The caller checks the permissions. */
export class Stores {
  readonly #emit: (change: RoomChange) => void;
  readonly #stores = new Map<string, Store>();
  #bytes = 0;

  /** @param before the data of an earlier room of the same session (STORE-4) */
  constructor(emit: (change: RoomChange) => void, before: StoresState = new Map()) {
    this.#emit = emit;
    for (const [name, entries] of before) {
      this.#stores.set(name, { name, readers: new Map(), entries, revision: 0 });
      for (const { bytes } of entries.values()) this.#bytes += bytes;
    }
  }

  /** The data for the next room of the session. */
  get state(): StoresState {
    return new Map([...this.#stores.values()].map(({ name, entries }) => [name, entries]));
  }

  /** Returns every store, in the order in which they were opened first. */
  all(): readonly StoreInfo[] {
    return [...this.#stores.values()].map(({ name, entries, readers }) => ({ name, entries, readers }));
  }

  /** Opens stores for a member, and creates those that do not exist. */
  open({ names }: CommandOf<'openStores'>, memberId: MemberId): void {
    const added = new Set(names.filter((name) => !this.#stores.has(name)));
    if (this.#stores.size + added.size > STORE_LIMITS.stores) throw new GavelError('store.full');
    for (const name of new Set(names)) {
      const store = this.#stores.get(name) ?? { name, readers: new Map(), entries: new Map(), revision: 0 };
      this.#stores.set(name, store);
      store.readers.set(memberId, store.revision);
      this.#emit({ type: 'storeOpened', memberId, name, entries: store.entries });
    }
  }

  /** Changes a store, all keys or none. Steps that change nothing are not sent to anybody. */
  change({ name, steps }: CommandOf<'changeStore'>, memberId: MemberId): void {
    const before = this.#stores.get(name);
    if (!before && this.#stores.size >= STORE_LIMITS.stores) throw new GavelError('store.full');
    const entries = new Map(before?.entries);
    const changes = new Map<string, StoreChange>();
    let bytes = this.#bytes;
    for (const step of steps) {
      const { key } = step;
      const old = entries.get(key);
      const entry = entryAfter(step, old);
      if (!entry && !old) continue;
      bytes += (entry?.bytes ?? 0) - (old?.bytes ?? 0);
      if (entry) entries.set(key, entry);
      else entries.delete(key);
      changes.set(key, { key, entry });
    }
    if (entries.size > STORE_LIMITS.keys || bytes > STORE_LIMITS.roomBytes) throw new GavelError('store.full');
    if (changes.size === 0) return;
    const store = before ?? { name, readers: new Map(), entries, revision: 0 };
    store.entries = entries;
    store.revision += 1;
    this.#stores.set(name, store);
    this.#bytes = bytes;
    const { readers, revision } = store;
    this.#emit({ type: 'storeChanged', memberId, name, changes: [...changes.values()], readers, revision });
  }

  /** Forgets a member that has left: it no longer receives changes. */
  forget(memberId: MemberId): void {
    for (const { readers } of this.#stores.values()) readers.delete(memberId);
  }
}

/** Returns a key after a step; undefined if it is deleted. @throws GavelError `store.bad-value` */
function entryAfter(step: StoreStep, before: StoreEntry | undefined): StoreEntry | undefined {
  if (step.action === 'delete') return undefined;
  const { action, key } = step;
  const value = action === 'merge' ? mergeJson(before?.value, step.value) : step.value;
  const bytes = measureJson(value, STORE_LIMITS.valueDepth);
  if (bytes === undefined || bytes > STORE_LIMITS.valueBytes) throw new GavelError('store.bad-value');
  return { key, value, bytes: byteLength(key) + bytes };
}
