import { type MemberId, STORE_LIMITS, type StoreStep } from '@gavel/protocol';
import { describe, expect, it } from 'vitest';
import { eventsOf } from './events.ts';
import type { StoreEntry } from './stores.ts';
import { openRoom, testSettings } from './testing.ts';

const set = (key: string, value: unknown): StoreStep => ({ action: 'set', key, value });
const merge = (key: string, value: unknown): StoreStep => ({ action: 'merge', key, value });
const remove = (key: string): StoreStep => ({ action: 'delete', key });
const refusal = (code: string) => expect.objectContaining({ code });
const valuesOf = (entries: readonly StoreEntry[] = []) =>
  Object.fromEntries(entries.map(({ key, value }) => [key, value]));

/** A room with one member, and short ways to use its stores. */
function open() {
  const opened = openRoom();
  const { room } = opened;
  const ann = opened.join('ann');
  const openStores = (memberId: MemberId, ...names: string[]) =>
    eventsOf(room.apply({ type: 'openStores', memberId, names }), 'storeOpened');
  const change = (name: string, ...steps: StoreStep[]) =>
    eventsOf(room.apply({ type: 'changeStore', memberId: ann, name, steps }), 'storeChanged');
  const read = (name: string) => valuesOf(room.snapshot().stores.find((store) => store.name === name)?.entries);
  return { ...opened, ann, openStores, change, read };
}

describe('opening (STORE-1)', () => {
  it('gives the content, and makes the member receive the changes after it', () => {
    const { ann, join, openStores, change } = open();
    const ben = join('ben');
    openStores(ann, 'notes');
    const [first] = change('notes', set('a', 1));
    const [content] = openStores(ben, 'notes');
    const [second] = change('notes', set('b', 2));
    expect(valuesOf(content?.entries)).toEqual({ a: 1 });
    expect([first?.to, second?.to]).toEqual([[ann], [ann, ben]]);
  });

  it('of a member that has left ends, so that the room does not remember it', () => {
    const { room, join, openStores } = open();
    const ben = join('ben');
    openStores(ben, 'notes');
    room.apply({ type: 'logout', memberId: ben });
    expect(room.snapshot().stores[0]?.readerIds).toEqual([]);
  });

  it('is for members of the room only, and so is changing', () => {
    const { room } = open();
    const memberId = 'stranger' as MemberId;
    expect(() => room.apply({ type: 'openStores', memberId, names: ['notes'] })).toThrow(
      refusal('room.member-not-found'),
    );
    expect(() => room.apply({ type: 'changeStore', memberId, name: 'notes', steps: [set('a', 1)] })).toThrow(
      refusal('room.member-not-found'),
    );
  });
});

describe('steps (STORE-2)', () => {
  it('set, extend and delete keys, in their order, in one event with one change per key', () => {
    const { change, read } = open();
    const [event] = change('s', set('list', ['a']), merge('list', ['b', 'c']), set('gone', 1), remove('gone'));
    expect(event?.changes.map(({ key, entry }) => [key, entry?.value])).toEqual([
      ['list', ['a', 'b', 'c']],
      ['gone', undefined],
    ]);
    expect(read('s')).toEqual({ list: ['a', 'b', 'c'] });
  });

  it.each([
    [undefined, { a: 1 }, { a: 1 }],
    [{ a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    [{ a: { x: 1 } }, { a: { y: 2 } }, { a: { y: 2 } }],
    [['a'], { b: 2 }, { b: 2 }],
    [{ a: 1 }, ['b'], ['b']],
    [1, 2, 2],
    [null, { a: 1 }, { a: 1 }],
    ['a', 'b', 'b'],
  ])('%j extended by %j is %j', (before, addition, after) => {
    const { change, read } = open();
    if (before !== undefined) change('s', set('k', before));
    change('s', merge('k', addition));
    expect(read('s')).toEqual({ k: after });
  });

  it('take effect together or not at all', () => {
    const { change, read } = open();
    change('s', set('a', 1));
    expect(() => change('s', set('a', 2), set('b', 'x'.repeat(STORE_LIMITS.valueBytes)))).toThrow(
      refusal('store.bad-value'),
    );
    expect(read('s')).toEqual({ a: 1 });
  });

  it('that delete what does not exist emit nothing', () => {
    const { change, room } = open();
    expect(change('s', remove('a'))).toEqual([]);
    expect(room.snapshot().stores).toEqual([]);
  });

  it('accept every JSON value, and keys such as __proto__', () => {
    const { change, read } = open();
    const merged = JSON.parse('{"__proto__":{"polluted":true}}') as object;
    change('s', set('__proto__', null), set('no', false), set('text', ''), set('o', {}), merge('o', merged));
    expect(Object.entries(read('s'))).toEqual([
      ['__proto__', null],
      ['no', false],
      ['text', ''],
      ['o', merged],
    ]);
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('the session (STORE-4)', () => {
  it('has the content that an earlier room of it had, without its readers', () => {
    const { room, openStores, change, ann } = open();
    openStores(ann, 'notes');
    change('notes', set('a', 1));
    const next = openRoom(testSettings(), room.continuation);
    const ben = next.join('ben');
    expect(next.room.snapshot().stores.map(({ name, readerIds }) => [name, readerIds])).toEqual([['notes', []]]);
    const [content] = eventsOf(next.room.apply({ type: 'openStores', memberId: ben, names: ['notes'] }), 'storeOpened');
    expect(valuesOf(content?.entries)).toEqual({ a: 1 });
  });
});

describe('limits (STORE-5)', () => {
  const { keys, stores, roomBytes, valueBytes, valueDepth } = STORE_LIMITS;
  const fill = (count: number, value: unknown = 1) =>
    Array.from({ length: count }, (_, index) => set(`k${index}`, value));

  it('of a value: its bytes as JSON and its depth, also when it has grown by merges', () => {
    const { change } = open();
    const text = 'x'.repeat(valueBytes - 2);
    change('s', set('a', text));
    expect(() => change('s', set('b', `${text}x`))).toThrow(refusal('store.bad-value'));
    change('s', set('list', [text.slice(2)]));
    expect(() => change('s', merge('list', [1]))).toThrow(refusal('store.bad-value'));
    const nest = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;
    change('s', set('deep', nest(valueDepth)));
    expect(() => change('s', set('deep', nest(valueDepth + 1)))).toThrow(refusal('store.bad-value'));
    expect(() => change('s', set('deep', nest(60_000)))).toThrow(refusal('store.bad-value'));
  });

  it('of keys in a store and of stores in a room', () => {
    const { change, openStores, ann } = open();
    change('s', ...fill(keys));
    expect(() => change('s', set('one more', 1))).toThrow(refusal('store.full'));
    expect(change('s', remove('k0'), set('one more', 1))).toHaveLength(1);
    openStores(ann, ...Array.from({ length: stores - 1 }, (_, index) => `s${index}`));
    expect(() => openStores(ann, 's', 'another')).toThrow(refusal('store.full'));
    expect(() => change('another', set('a', 1))).toThrow(refusal('store.full'));
    expect(openStores(ann, 's')).toHaveLength(1);
  });

  it('of bytes in a room: what is deleted makes room again', () => {
    const { change } = open();
    const text = 'x'.repeat(valueBytes - 2);
    const count = Math.floor(roomBytes / valueBytes) - 1;
    change('s', ...fill(count, text));
    expect(() => change('t', ...fill(2, text))).toThrow(refusal('store.full'));
    change('s', remove('k0'), remove('k1'));
    expect(change('t', ...fill(2, text))).toHaveLength(1);
  });
});
