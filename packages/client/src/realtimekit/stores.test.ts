import type { StoreStep } from '@gavel/protocol';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { LOST, loginResult, snapshot } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import RealtimeKitClient from './index.ts';

/** A server with one store `notes`, as far as the tests need it. */
class NotesServer {
  readonly world: World;
  readonly entries = new Map<string, unknown>();
  #seq = 10;

  constructor(world: World) {
    this.world = world;
    world.server.answers.openStores = ({ names }) => {
      for (const name of names) {
        const entries = name === 'notes' ? [...this.entries].map(([key, value]) => ({ key, value })) : [];
        this.#seq += 1;
        world.server.socket.push({ event: 'storeOpened', seq: this.#seq, store: { name, entries } });
      }
      return {};
    };
    world.server.answers.changeStore = ({ steps }) => {
      void this.set(Object.fromEntries(steps.map((step) => [step.key, this.#resultOf(step)])), 'm-me');
      return {};
    };
  }

  #resultOf(step: StoreStep): unknown {
    if (step.action === 'delete') return undefined;
    const before = this.entries.get(step.key);
    if (step.action === 'set' || typeof before !== 'object') return step.value;
    return Array.isArray(before) ? [...before, ...(step.value as unknown[])] : { ...before, ...(step.value as object) };
  }

  /** Another member, or this one, sets keys; a key without a value is deleted. */
  async set(values: Record<string, unknown>, memberId = 'm-ann'): Promise<void> {
    this.#seq += 1;
    const changes = Object.entries(values).map(([key, value]) => (value === undefined ? { key } : { key, value }));
    for (const change of changes) {
      if ('value' in change) this.entries.set(change.key, change.value);
      else this.entries.delete(change.key);
    }
    await this.world.server.push({ event: 'storeChanged', seq: this.#seq, name: 'notes', memberId, changes });
  }
}

let world: World;
let notes: NotesServer;
beforeEach(() => {
  world = createWorld();
  notes = new NotesServer(world);
});

const init = () =>
  RealtimeKitClient.init({
    authToken: 'token-1',
    baseURI: 'https://rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });

async function join(): Promise<RealtimeKitClient> {
  const meeting = await init();
  await meeting.join();
  return meeting;
}

describe('creating a store', () => {
  it('opens it at the server; when it resolves, the content is there (STORE-1)', async () => {
    notes.entries.set('a', 1);
    const meeting = await join();
    const store = await meeting.stores.create('notes');
    expect([store.name, store.get('a'), store.getAll()]).toEqual(['notes', 1, { a: 1 }]);
    expect(await meeting.stores.create('notes')).toBe(store);
    expect(meeting.stores.stores.get('notes')).toBe(store);
    expect(world.server.seen('openStores')).toEqual([{ names: ['notes'] }]);
  });

  it('before the join gives an empty one, which the join fills, and whose subscribers are called then', async () => {
    notes.entries.set('a', 1);
    const meeting = await init();
    const store = await meeting.stores.create('notes');
    const heard = vi.fn(() => store.get('a'));
    store.subscribe('a', heard);
    expect(store.getAll()).toEqual({});
    await expect(store.set('b', 2)).rejects.toMatchObject({ name: 'RealtimeKitError', code: '0002' });
    await meeting.join();
    await settle();
    expect(store.getAll()).toEqual({ a: 1 });
    expect(heard.mock.calls).toEqual([[{ a: 1 }]]);
    expect(heard).toHaveReturnedWith(1);
  });

  it('is refused without a name, and by the server if there are too many (STORE-5)', async () => {
    const meeting = await join();
    await expect(meeting.stores.create('')).rejects.toMatchObject({ code: '0002' });
    world.server.answers.openStores = () => ({ refuse: 'store.full' });
    await expect(meeting.stores.create('notes')).rejects.toMatchObject({ code: '0002', cause: { code: 'store.full' } });
    expect(meeting.stores.stores.size).toBe(0);
  });

  it('refresh reads the content again, and creates a store that does not exist', async () => {
    notes.entries.set('a', 1);
    const meeting = await join();
    const store = await meeting.stores.refresh('notes');
    store.clear();
    expect(store.getAll()).toEqual({});
    expect(await meeting.stores.refresh('notes')).toBe(store);
    expect(store.getAll()).toEqual({ a: 1 });
  });
});

describe('changes', () => {
  it('are requested in the words of the protocol', async () => {
    const store = await (await join()).stores.create('notes');
    await store.set('a', { b: 1 });
    await store.update('a', { c: 2 });
    await store.delete('a');
    await store.bulkSet([
      { key: 'x', payload: 1 },
      { key: 'y', payload: [2] },
    ]);
    await store.bulkDelete([{ key: 'x' }]);
    expect(world.server.seen('changeStore')).toEqual([
      { name: 'notes', steps: [{ action: 'set', key: 'a', value: { b: 1 } }] },
      { name: 'notes', steps: [{ action: 'merge', key: 'a', value: { c: 2 } }] },
      { name: 'notes', steps: [{ action: 'delete', key: 'a' }] },
      {
        name: 'notes',
        steps: [
          { action: 'set', key: 'x', value: 1 },
          { action: 'set', key: 'y', value: [2] },
        ],
      },
      { name: 'notes', steps: [{ action: 'delete', key: 'x' }] },
    ]);
  });

  it('take effect at once, are not changed by what arrives meanwhile, and are those of the server in the end (STORE-6)', async () => {
    const store = await (await join()).stores.create('notes');
    await notes.set({ list: ['a'] });
    world.server.answers.changeStore = () => undefined;
    const updating = store.update('list', ['b']);
    expect(store.get('list')).toEqual(['a', 'b']);
    await notes.set({ list: ['a', 'x'] });
    expect(store.get('list')).toEqual(['a', 'b']);
    await notes.set({ list: ['a', 'x', 'b'] }, 'm-me');
    world.server.socket.answer(world.server.socket.requests.at(-1)?.id ?? 0, {});
    await updating;
    expect(store.get('list')).toEqual(['a', 'x', 'b']);
  });

  it.each([
    ['set', (store: Awaited<ReturnType<typeof create>>) => store.set('a', 2)],
    ['delete', (store: Awaited<ReturnType<typeof create>>) => store.delete('a')],
    ['bulkSet', (store: Awaited<ReturnType<typeof create>>) => store.bulkSet([{ key: 'a', payload: 2 }])],
  ])('%s is taken back if the server refuses it (STORE-6)', async (_, change) => {
    const store = await create();
    await notes.set({ a: 1 });
    world.server.answers.changeStore = () => ({ refuse: 'store.full' });
    await expect(change(store)).rejects.toMatchObject({ code: '0002' });
    expect(store.getAll()).toEqual({ a: 1 });
  });

  it('with sync false stay here', async () => {
    const store = await create();
    await store.set('a', [1], false);
    await store.update('a', [2], false);
    await store.set('b', 1, false);
    await store.delete('b', false);
    expect(store.getAll()).toEqual({ a: [1, 2] });
    expect(world.server.seen('changeStore')).toEqual([]);
  });

  it('do not follow what the application does with its object afterwards', async () => {
    const store = await create();
    const value = { list: [1] };
    await store.set('a', value, false);
    value.list.push(2);
    expect(store.get('a')).toEqual({ list: [1] });
  });

  it.each([
    ['a number as key', (store: Awaited<ReturnType<typeof create>>) => store.set(7 as never, 1)],
    ['an empty key', (store: Awaited<ReturnType<typeof create>>) => store.delete('')],
    ['undefined', (store: Awaited<ReturnType<typeof create>>) => store.set('a', undefined)],
    ['a function', (store: Awaited<ReturnType<typeof create>>) => store.set('a', () => {})],
    ['a number in a list', (store: Awaited<ReturnType<typeof create>>) => store.bulkSet([7 as never])],
    ['a bigint', (store: Awaited<ReturnType<typeof create>>) => store.update('a', 1n)],
  ])('%s is refused with 0002, and nothing is sent', async (_, change) => {
    const store = await create();
    await expect(change(store)).rejects.toMatchObject({ name: 'RealtimeKitError', code: '0002' });
    expect([store.getAll(), world.server.seen('changeStore')]).toEqual([{}, []]);
  });
});

describe('rate limits', () => {
  it('are 5 calls in a second, for single and bulk changes apart; the application can change them', async () => {
    const store = await create();
    expect([store.rateLimits, store.bulkRateLimits]).toEqual([
      { maxInvocations: 5, period: 1 },
      { maxInvocations: 5, period: 1 },
    ]);
    for (let count = 0; count < 5; count += 1) await store.set('a', count);
    await expect(store.delete('a')).rejects.toMatchObject({ code: '0013' });
    expect(store.get('a')).toBe(4);
    for (let count = 0; count < 5; count += 1) await store.bulkSet([{ key: 'a', payload: count }]);
    await expect(store.bulkDelete([{ key: 'a' }])).rejects.toMatchObject({ code: '0013' });
    await world.clock.advance(2_000);
    store.updateRateLimits(1, 2);
    store.updateBulkRateLimits(1, 2);
    expect([store.rateLimitConfig, store.bulkRateLimitConfig]).toEqual([
      { maxInvocations: 1, period: 2 },
      { maxInvocations: 1, period: 2 },
    ]);
    await store.set('a', 1);
    await world.clock.advance(1_000);
    await expect(store.set('a', 2)).rejects.toMatchObject({ code: '0013' });
  });
});

describe('subscribers', () => {
  it('of a key or of every key are called for the changes of others, with the key and its value (STORE-6)', async () => {
    const store = await create();
    const heard: unknown[] = [];
    const onA = (data: unknown) => heard.push(['a', data, store.get('a')]);
    store.subscribe('a', onA);
    store.subscribe('a', onA);
    store.subscribe('*', (data) => heard.push(['*', data]));
    await notes.set({ a: 1, b: 2 });
    await notes.set({ a: undefined });
    expect(heard).toEqual([
      ['a', { a: 1 }, 1],
      ['*', { a: 1 }],
      ['*', { b: 2 }],
      ['a', { a: undefined }, undefined],
      ['*', { a: undefined }],
    ]);
    heard.length = 0;
    store.unsubscribe('a', onA);
    store.unsubscribe('*');
    await notes.set({ a: 3 });
    expect(heard).toEqual([]);
  });

  it('hear of own changes only if the call asks for it (STORE-6)', async () => {
    const store = await create();
    const heard = vi.fn();
    store.subscribe('*', heard);
    await store.set('a', 1);
    expect(heard).not.toHaveBeenCalled();
    await store.set('a', 2, true, true);
    await store.delete('a', false, true);
    expect(heard.mock.calls).toEqual([[{ a: 2 }], [{ a: undefined }]]);
  });

  it('that throw do not stop the others, and a subscriber must be a function', async () => {
    const store = await create();
    const uncaught = vi.fn();
    process.once('uncaughtException', uncaught);
    const heard = vi.fn();
    store.subscribe('a', () => {
      throw new Error('of the application');
    });
    store.subscribe('a', heard);
    await notes.set({ a: 1 });
    expect([heard.mock.calls.length, uncaught.mock.calls.length]).toEqual([1, 1]);
    expect(() => store.subscribe('a', 7 as never)).toThrow(expect.objectContaining({ code: '0002' }));
  });

  it('are not called by populate and clear, which change what this client shows', async () => {
    const store = await create();
    const heard = vi.fn();
    store.subscribe('*', heard);
    store.populate({ a: 1, b: 2 });
    expect(store.getAll()).toEqual({ a: 1, b: 2 });
    store.clear();
    expect([store.getAll(), heard.mock.calls]).toEqual([{}, []]);
  });
});

describe('a lost connection', () => {
  it('is followed by the missed changes, or by the content that the server sends (STORE-4)', async () => {
    const store = await create();
    await notes.set({ a: 1, b: 1 });
    const heard: unknown[] = [];
    store.subscribe('*', (data) => heard.push(data));
    const missed = {
      event: 'storeChanged',
      seq: 20,
      name: 'notes',
      memberId: 'm-ann',
      changes: [{ key: 'a', value: 2 }],
    };
    world.server.resume = { events: [missed as never], serverTimeMs: 0 };
    world.server.socket.close(1006);
    await world.clock.advance(1_000);
    expect(store.getAll()).toEqual({ a: 2, b: 1 });
    const stores = [{ name: 'notes', entries: [{ key: 'a', value: 3 }] }];
    world.server.resume = { room: snapshot({ seq: 30, stores }), serverTimeMs: 0 };
    world.server.socket.close(1006);
    await world.clock.advance(1_000);
    expect(store.getAll()).toEqual({ a: 3 });
    expect(heard).toEqual([{ a: 2 }, { b: undefined }, { a: 3 }]);
    expect(world.server.seen('openStores')).toHaveLength(1);
  });

  it('is followed by opening the stores again if the login is a new one (STORE-4)', async () => {
    const store = await create();
    await notes.set({ a: 1 });
    const heard: unknown[] = [];
    store.subscribe('*', (data) => heard.push(data));
    world.server.resume = LOST;
    world.server.login = loginResult({ memberId: 'm-me-2', room: snapshot({ seq: 5 }) });
    notes.entries.set('a', 2);
    world.server.socket.close(1006);
    await world.clock.advance(1_000);
    await settle();
    expect(world.server.seen('openStores')).toEqual([{ names: ['notes'] }, { names: ['notes'] }]);
    expect([store.getAll(), heard]).toEqual([{ a: 2 }, [{ a: 2 }]]);
  });

  it('for good leaves the content readable; another join fills it again', async () => {
    const meeting = await join();
    const store = await meeting.stores.create('notes');
    await notes.set({ a: 1 });
    await meeting.leave();
    expect(store.get('a')).toBe(1);
    await expect(store.set('a', 2)).rejects.toMatchObject({ code: '0002' });
    notes.entries.set('a', 3);
    await meeting.join();
    await settle();
    expect(store.get('a')).toBe(3);
  });
});

async function create() {
  return (await join()).stores.create('notes');
}
