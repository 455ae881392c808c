/**
 * The stores of a room: key-value data that its members share (STORE).
 *
 * @module
 */

import { byteLength, GavelError, type MemberId, STORE_LIMITS, type StoreStep } from '@gavel/protocol';
import { measureJson, mergeJson } from '../base/json-values.ts';
import type { CommandOf } from './commands.ts';
import type { RoomEvent } from './events.ts';
import type { RoomDraft } from './room-draft.ts';

/** One key of a store. */
export interface StoreEntry {
  readonly key: string;
  /** Any JSON value. */
  readonly value: unknown;
  /** Bytes of the key and of the value as JSON. */
  readonly bytes: number;
}

/** A change of one key; `entry` is absent if the key was deleted. */
export interface StoreChange {
  readonly key: string;
  readonly entry?: StoreEntry;
}

/** The content of a store, in the order in which the keys were first set. */
export interface StoreContent {
  readonly name: string;
  readonly entries: readonly StoreEntry[];
}

/** A store at one moment. */
export interface StoreInfo extends StoreContent {
  /** The members that have opened it. */
  readonly readerIds: readonly MemberId[];
}

interface Store {
  readonly name: string;
  readonly readers: Set<MemberId>;
  /** `readers` as a list; undefined after a change of them. Changes of a store share the list. */
  readerIds: readonly MemberId[] | undefined;
  /** By key. */
  readonly entries: Map<string, StoreEntry>;
}

/** Stores the shared data of a room. Only events change it. The caller checks the permissions. */
export class Stores {
  readonly #stores = new Map<string, Store>();
  #bytes = 0;

  /** Changes the stores as an event says; a new room has those of its session (STORE-4). */
  evolve(event: RoomEvent): void {
    switch (event.type) {
      case 'roomCreated':
        return event.before?.stores.forEach((content) => void this.#restore(content));
      case 'storeOpened':
        return this.#addReader(this.#open(event.name), event.memberId);
      case 'storeChanged': {
        const store = this.#open(event.name);
        return event.changes.forEach((change) => void this.#apply(store, change));
      }
      case 'memberLeft':
        return this.#forget(event.member.memberId);
    }
  }

  /** Sets the stores of a room that has none. */
  restore(stores: readonly StoreInfo[]): void {
    for (const content of stores) {
      this.#restore(content);
      for (const readerId of content.readerIds) this.#addReader(this.#open(content.name), readerId);
    }
  }

  #restore({ name, entries }: StoreContent): void {
    const store = this.#open(name);
    for (const entry of entries) this.#apply(store, { key: entry.key, entry });
  }

  #open(name: string): Store {
    const store = this.#stores.get(name) ?? { name, readers: new Set(), readerIds: undefined, entries: new Map() };
    this.#stores.set(name, store);
    return store;
  }

  #addReader(store: Store, memberId: MemberId): void {
    store.readers.add(memberId);
    store.readerIds = undefined;
  }

  #apply({ entries }: Store, { key, entry }: StoreChange): void {
    this.#bytes += (entry?.bytes ?? 0) - (entries.get(key)?.bytes ?? 0);
    if (entry) entries.set(key, entry);
    else entries.delete(key);
  }

  #forget(memberId: MemberId): void {
    for (const store of this.#stores.values()) if (store.readers.delete(memberId)) store.readerIds = undefined;
  }

  /** The data for the next room of the session. */
  get state(): readonly StoreContent[] {
    return [...this.#stores.values()].map(({ name, entries }) => ({ name, entries: [...entries.values()] }));
  }

  /** Returns every store, in the order in which they were opened first. */
  all(): readonly StoreInfo[] {
    return [...this.#stores.values()].map((store) => ({
      name: store.name,
      entries: [...store.entries.values()],
      readerIds: readerIdsOf(store),
    }));
  }

  /** Opens stores for a member, and creates those that do not exist. */
  open(draft: RoomDraft, { names }: CommandOf<'openStores'>, memberId: MemberId): void {
    const added = new Set(names.filter((name) => !this.#stores.has(name)));
    if (this.#stores.size + added.size > STORE_LIMITS.stores) throw new GavelError('store.full');
    for (const name of new Set(names)) {
      const entries = [...(this.#stores.get(name)?.entries.values() ?? [])];
      draft.emit({ type: 'storeOpened', memberId, name, entries });
    }
  }

  /** Changes a store, all keys or none. Steps that change nothing are not sent to anybody. */
  change(draft: RoomDraft, { name, steps }: CommandOf<'changeStore'>, memberId: MemberId): void {
    const store = this.#stores.get(name);
    if (!store && this.#stores.size >= STORE_LIMITS.stores) throw new GavelError('store.full');
    const changes = new Map<string, StoreChange>();
    let keys = store?.entries.size ?? 0;
    let bytes = this.#bytes;
    for (const step of steps) {
      const { key } = step;
      const changed = changes.get(key);
      const old = changed ? changed.entry : store?.entries.get(key);
      const entry = entryAfter(step, old);
      if (!entry && !old) continue;
      bytes += (entry?.bytes ?? 0) - (old?.bytes ?? 0);
      keys += Number(entry !== undefined) - Number(old !== undefined);
      changes.set(key, { key, ...(entry && { entry }) });
    }
    if (keys > STORE_LIMITS.keys || bytes > STORE_LIMITS.roomBytes) throw new GavelError('store.full');
    if (changes.size === 0) return;
    const to = store ? readerIdsOf(store) : [];
    draft.emit({ type: 'storeChanged', memberId, name, changes: [...changes.values()], to });
  }
}

function readerIdsOf(store: Store): readonly MemberId[] {
  store.readerIds ??= [...store.readers];
  return store.readerIds;
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
