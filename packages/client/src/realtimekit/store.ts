/**
 * A store: keys and values that participants share while the session lasts (reference realtimekit 8.1).
 *
 * @module
 */

import type { StoreStep, WireStoreChange } from '@gavel/protocol';
import type { Clock } from '../core/platform.ts';
import type { SharedStores, StoreUpdate } from '../core/shared-stores.ts';
import { CallLimit, type RateLimits } from './call-limit.ts';
import { CODES, RealtimeKitError, toRealtimeKitError } from './errors.ts';
import { asJson } from './json.ts';

/** The content of a store. */
export interface StoreData {
  // biome-ignore lint/suspicious/noExplicitAny: whatever applications have stored
  [key: string]: any;
}

/**
 * Is called when a key has changed, with an object whose only member is the key with its value, undefined if it was deleted.
 */
// biome-ignore lint/suspicious/noExplicitAny: whatever applications have stored
export type StoreSubscriber = (data: any) => any;

/** At most 5 calls in a second, as the vendor limits them. */
const DEFAULT_LIMITS: RateLimits = { maxInvocations: 5, period: 1 };

/** Every key. */
const ANY_KEY = '*';

/**
 * A store of a meeting. A change takes effect here at once, and is taken back if the server refuses it (STORE-6).
 *
 * @example
 * const store = await meeting.stores.create('hands');
 * store.subscribe('*', (data) => show(data));
 * await store.set(meeting.self.id, true);
 */
export class Store {
  readonly name: string;
  readonly #limit: CallLimit;
  readonly #bulkLimit: CallLimit;
  readonly #subscribers = new Map<string, Set<StoreSubscriber>>();
  readonly #data = new Map<string, unknown>();
  /** The number of unanswered changes of each key, whose result is shown here already. */
  readonly #pending = new Map<string, number>();
  #shared: SharedStores | undefined;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.#limit = new CallLimit(clock, DEFAULT_LIMITS);
    this.#bulkLimit = new CallLimit(clock, DEFAULT_LIMITS);
  }

  /** How many calls of `set`, `update` and `delete` are made, in how many seconds. */
  get rateLimitConfig(): RateLimits {
    return this.#limit.limits;
  }

  /** How many calls of `bulkSet` and `bulkDelete` are made, in how many seconds. */
  get bulkRateLimitConfig(): RateLimits {
    return this.#bulkLimit.limits;
  }

  /** The same as `rateLimitConfig`. */
  get rateLimits(): RateLimits {
    return this.#limit.limits;
  }

  /** The same as `bulkRateLimitConfig`. */
  get bulkRateLimits(): RateLimits {
    return this.#bulkLimit.limits;
  }

  /** Changes the limit of `set`, `update` and `delete`; the server's own limit stays. @throws RealtimeKitError `0002` */
  updateRateLimits(num: number, period: number): void {
    this.#limit.set(num, period);
  }

  /** Changes the limit of `bulkSet` and `bulkDelete`; the server's own limit stays. @throws RealtimeKitError `0002` */
  updateBulkRateLimits(num: number, period: number): void {
    this.#bulkLimit.set(num, period);
  }

  /**
   * Sets the value of a key.
   *
   * @param value any JSON value, at most 32 KiB
   * @param sync whether the others get it; default true
   * @param emit whether the subscribers of this client are called too; default false
   * @throws RealtimeKitError `0002` outside the room, for an empty key, and for what JSON cannot have; `0013` above a limit
   */
  // biome-ignore lint/suspicious/noExplicitAny: as the vendor declares it
  async set(key: string, value: any, sync = true, emit = false): Promise<void> {
    await this.#change([{ action: 'set', key: requireKey(key), value: toJson(value) }], { sync, emit });
  }

  /**
   * Extends the value of a key: an array by the elements of another, an object by the members of another; any other value is
   * replaced. The server extends, so that simultaneous calls of several participants all count. Throws as `set` does.
   */
  // biome-ignore lint/suspicious/noExplicitAny: as the vendor declares it
  async update(key: string, value: any, sync = true): Promise<void> {
    await this.#change([{ action: 'merge', key: requireKey(key), value: toJson(value) }], { sync });
  }

  /** Deletes a key; the parameters and errors are those of `set`. */
  async delete(key: string, sync = true, emit = false): Promise<void> {
    await this.#change([{ action: 'delete', key: requireKey(key) }], { sync, emit });
  }

  /** Sets up to 200 keys, all or none. Throws as `set` does. */
  // biome-ignore lint/suspicious/noExplicitAny: as the vendor declares it
  async bulkSet(data: { key: string; payload: any }[]): Promise<void> {
    const steps = requireList(data).map(
      ({ key, payload }): StoreStep => ({ action: 'set', key: requireKey(key), value: toJson(payload) }),
    );
    await this.#change(steps, { limit: this.#bulkLimit });
  }

  /** Deletes up to 200 keys. Throws as `set` does. */
  async bulkDelete(data: { key: string }[]): Promise<void> {
    const steps = requireList(data).map(({ key }): StoreStep => ({ action: 'delete', key: requireKey(key) }));
    await this.#change(steps, { limit: this.#bulkLimit });
  }

  /** Returns the value of a key; undefined if there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever applications have stored
  get(key: string): any {
    return this.#data.get(key);
  }

  /** Returns all keys with their values. */
  getAll(): StoreData {
    return Object.fromEntries(this.#data);
  }

  /** Removes all keys here, not at the server: `stores.refresh` reads them again. */
  clear(): void {
    this.#data.clear();
  }

  /** Puts keys and values here, not at the server, without calling subscribers. */
  populate(data: StoreData): void {
    for (const [key, value] of Object.entries(asJson(data))) this.#data.set(key, value);
  }

  /** Calls a function when another participant changes the key, or any key for `*`. */
  subscribe(key: string, cb: StoreSubscriber): void {
    if (typeof cb !== 'function') throw new RealtimeKitError(CODES.couldNotJoin, 'a subscriber must be a function');
    const subscribers = this.#subscribers.get(key) ?? new Set();
    this.#subscribers.set(key, subscribers.add(cb));
  }

  /** Removes a subscriber of the key, or all of them if none is given. */
  unsubscribe(key: string, cb?: StoreSubscriber): void {
    if (cb === undefined) this.#subscribers.delete(key);
    else this.#subscribers.get(key)?.delete(cb);
  }

  /** Shows the content that the server has, as far as the session knows it. */
  attach(shared: SharedStores): void {
    this.#shared = shared;
    this.#data.clear();
    for (const [key, value] of shared.get(this.name) ?? []) this.#data.set(key, value);
  }

  /** Drops the session; the content can still be read. */
  detach(): void {
    this.#shared = undefined;
  }

  /** Takes over what has changed at the server; `isOwn` if this client has changed it. */
  handleUpdate({ changes }: StoreUpdate, isOwn: boolean): void {
    for (const { key } of changes) if (!this.#pending.has(key)) this.#read(key);
    if (!isOwn) this.#notify(changes);
  }

  async #change(
    steps: readonly StoreStep[],
    {
      sync = true,
      emit = false,
      limit = this.#limit,
    }: { readonly sync?: boolean; readonly emit?: boolean; readonly limit?: CallLimit },
  ): Promise<void> {
    const shared = this.#shared;
    if (sync) {
      if (!shared) throw new RealtimeKitError(CODES.couldNotJoin, 'a store is shared in the room only');
      limit.count();
    }
    if (steps.length === 0) return;
    for (const step of steps) this.#apply(step);
    if (emit)
      this.#notify(steps.map(({ key }) => (this.#data.has(key) ? { key, value: this.#data.get(key) } : { key })));
    if (!sync || !shared) return;
    for (const { key } of steps) this.#pending.set(key, (this.#pending.get(key) ?? 0) + 1);
    try {
      await shared.change(this.name, steps);
    } catch (error) {
      throw toRealtimeKitError(error);
    } finally {
      for (const { key } of steps) this.#settle(key);
    }
  }

  #apply(step: StoreStep): void {
    if (step.action === 'delete') this.#data.delete(step.key);
    else if (step.action === 'set') this.#data.set(step.key, step.value);
    else this.#data.set(step.key, merge(this.#data.get(step.key), step.value));
  }

  /** One change of a key was answered; after the last one the server's value is shown. */
  #settle(key: string): void {
    const left = (this.#pending.get(key) ?? 1) - 1;
    if (left > 0) this.#pending.set(key, left);
    else this.#pending.delete(key);
    if (left <= 0) this.#read(key);
  }

  /** Reads a key as the server has it; does nothing if the store is not open. */
  #read(key: string): void {
    const content = this.#shared?.get(this.name);
    if (!content) return;
    if (content.has(key)) this.#data.set(key, content.get(key));
    else this.#data.delete(key);
  }

  #notify(changes: readonly WireStoreChange[]): void {
    for (const { key, value } of changes) {
      const subscribers = [...(this.#subscribers.get(key) ?? []), ...(this.#subscribers.get(ANY_KEY) ?? [])];
      for (const subscriber of subscribers) call(subscriber, Object.fromEntries([[key, value]]));
    }
  }
}

function call(subscriber: StoreSubscriber, data: StoreData): void {
  try {
    subscriber(data);
  } catch (error) {
    // Rethrow the application's error asynchronously: it stays visible and does not interrupt the client.
    queueMicrotask(() => {
      throw error;
    });
  }
}

function requireKey(key: string): string {
  if (typeof key === 'string' && key !== '') return key;
  throw new RealtimeKitError(CODES.couldNotJoin, 'a key of a store is a text that is not empty');
}

function requireList<T extends { readonly key: string }>(data: readonly T[]): readonly T[] {
  if (Array.isArray(data) && data.every((one) => typeof one === 'object' && one !== null)) return data;
  throw new RealtimeKitError(CODES.couldNotJoin, 'a list of objects with a key is required');
}

/** Returns a copy of a value as the others receive it. */
function toJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value)) as unknown;
  } catch {
    throw new RealtimeKitError(CODES.couldNotJoin, 'a value of a store must be a JSON value');
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Extends a value as the server does (STORE-2). */
function merge(value: unknown, addition: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(addition)) return [...value, ...addition];
  if (Array.isArray(value) || Array.isArray(addition)) return addition;
  return isObject(value) && isObject(addition) ? { ...value, ...addition } : addition;
}
