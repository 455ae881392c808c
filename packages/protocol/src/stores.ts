/**
 * Stores: key-value data that the members of a room share. The parameters of their requests, and their events.
 *
 * @module
 */

import { Type } from 'typebox';

/** Bounds of stores (STORE-5). */
export const STORE_LIMITS = {
  /** Maximum length of a store's name in bytes of UTF-8. */
  nameBytes: 128,
  /** Maximum length of a key in bytes of UTF-8. */
  keyBytes: 256,
  /** Maximum length of a value in bytes of JSON. */
  valueBytes: 32 * 1024,
  /** Maximum number of objects and arrays around the innermost part of a value. */
  valueDepth: 100,
  /** Maximum number of keys in a store. */
  keys: 1000,
  /** Maximum number of stores in a room. */
  stores: 100,
  /** Maximum number of bytes of all keys and values in a room. */
  roomBytes: 1024 * 1024,
  /** Maximum number of steps of one change. */
  steps: 200,
} as const;

const closed = { additionalProperties: false } as const;
const name = Type.String({ minLength: 1, maxLength: 1024 });
const key = Type.String({ minLength: 1, maxLength: 1024 });

/** The parameters of `openStores`. */
export const openStores = Type.Object(
  { names: Type.Array(name, { minItems: 1, maxItems: STORE_LIMITS.stores }) },
  closed,
);

/** The parameters of `changeStore`; the room checks the limits (STORE-5). */
export const changeStore = Type.Object(
  {
    name,
    steps: Type.Array(
      Type.Union([
        Type.Object(
          { action: Type.Union([Type.Literal('set'), Type.Literal('merge')]), key, value: Type.Unknown() },
          closed,
        ),
        Type.Object({ action: Type.Literal('delete'), key }, closed),
      ]),
      { minItems: 1, maxItems: STORE_LIMITS.steps },
    ),
  },
  closed,
);

/** A store with its content, in the order in which the keys were first set. */
export interface WireStore {
  readonly name: string;
  readonly entries: readonly WireStoreEntry[];
}

/** A key with its value, any JSON value. */
export interface WireStoreEntry {
  readonly key: string;
  readonly value: unknown;
}

/** A change of one key. */
export interface WireStoreChange {
  readonly key: string;
  /** The new value, any JSON value; absent if the key was deleted. */
  readonly value?: unknown;
}

/** The events of stores. */
export type StoreEventFrame =
  /** This member has opened a store: its whole content. */
  | { readonly event: 'storeOpened'; readonly seq: number; readonly store: WireStore }
  /** A member has changed a store that this member has opened; also sent to the member itself. */
  | {
      readonly event: 'storeChanged';
      readonly seq: number;
      readonly name: string;
      /** Who changed it. */
      readonly memberId: string;
      readonly changes: readonly WireStoreChange[];
    };
