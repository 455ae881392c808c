import type { ResumeResult, StoreStep, WireSnapshot } from '@gavel/protocol';
import type { RawClient } from '@gavel/testkit/raw-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDoor } from './testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor();
});
afterEach(() => door.close());

const enter = async (userId: string) => (await door.join('r', userId, { clientId: userId })).client;
const open = async (client: RawClient, ...names: string[]) =>
  (await client.request('openStores', { names })).error?.code ?? 'done';
const change = async (client: RawClient, name: string, ...steps: StoreStep[]) =>
  (await client.request('changeStore', { name, steps })).error?.code ?? 'done';
const set = (key: string, value: unknown): StoreStep => ({ action: 'set', key, value });
/** The events of stores that a client has received so far. */
const eventsAt = (client: RawClient) => client.events.filter(({ event }) => event.startsWith('store'));

test('who has opened a store receives its content, then every change in order; nobody else does (STORE-1)', async () => {
  const [ann, ben, cid] = [await enter('ann'), await enter('ben'), await enter('cid')];
  expect(await open(ann, 'notes')).toBe('done');
  expect(await change(ann, 'notes', set('a', { deep: [1, null] }))).toBe('done');
  expect(await open(ben, 'notes', 'other')).toBe('done');
  expect(await change(ben, 'notes', { action: 'merge', key: 'a', value: { more: 2 } })).toBe('done');
  expect(await change(ann, 'notes', { action: 'delete', key: 'a' })).toBe('done');
  await Promise.all([ann, ben, cid].map((client) => client.request('heartbeat')));
  const merged = { event: 'storeChanged', name: 'notes', changes: [{ key: 'a', value: { deep: [1, null], more: 2 } }] };
  expect(eventsAt(ann)).toMatchObject([
    { event: 'storeOpened', store: { name: 'notes', entries: [] } },
    { event: 'storeChanged', name: 'notes', changes: [{ key: 'a', value: { deep: [1, null] } }] },
    merged,
    { event: 'storeChanged', name: 'notes', changes: [{ key: 'a' }] },
  ]);
  expect(eventsAt(ben)).toMatchObject([
    { event: 'storeOpened', store: { name: 'notes', entries: [{ key: 'a', value: { deep: [1, null] } }] } },
    { event: 'storeOpened', store: { name: 'other', entries: [] } },
    merged,
    { event: 'storeChanged', changes: [{ key: 'a' }] },
  ]);
  expect(eventsAt(cid)).toEqual([]);
});

test('the event of a change comes before the answer to its request (STORE-1)', async () => {
  const ann = await enter('ann');
  await open(ann, 'notes');
  expect(eventsAt(ann)).toHaveLength(1);
  await change(ann, 'notes', set('a', 1));
  expect(eventsAt(ann)).toHaveLength(2);
});

test('the state of the room has the stores that the member has opened (STORE-4)', async () => {
  const [ann, ben] = [await enter('ann'), await enter('ben')];
  await open(ann, 'notes');
  await change(ann, 'notes', set('a', 1));
  const storesOf = async (client: RawClient) => ((await client.request('snapshot')).result as WireSnapshot).stores;
  expect(await storesOf(ann)).toEqual([{ name: 'notes', entries: [{ key: 'a', value: 1 }] }]);
  expect(await storesOf(ben)).toBeUndefined();
});

test('a resume delivers the missed changes of the stores that the member has opened (STORE-4)', async () => {
  const { client: ann, login } = await door.join('r', 'ann');
  const ben = await enter('ben');
  await open(ann, 'notes');
  const { seq: lastSeq } = await ann.event('storeOpened');
  ann.cut();
  await change(ben, 'notes', set('a', 1));
  await change(ben, 'other', set('b', 1));
  const again = await door.connect();
  const { result } = await again.request('resume', { ticket: login.ticket, lastSeq });
  expect((result as ResumeResult).events).toMatchObject([{ event: 'storeChanged', changes: [{ key: 'a', value: 1 }] }]);
  await change(ben, 'notes', set('a', 2));
  expect(await again.event('storeChanged')).toMatchObject({ changes: [{ key: 'a', value: 2 }] });
});

test('what is out of bounds is refused (STORE-5)', async () => {
  const ann = await enter('ann');
  expect(await open(ann, 'n'.repeat(129))).toBe('text.too-long');
  expect(await change(ann, 'é'.repeat(65), set('a', 1))).toBe('text.too-long');
  expect(await change(ann, 'notes', set('k'.repeat(257), 1))).toBe('text.too-long');
  expect(await change(ann, 'notes', set('a', 'x'.repeat(32 * 1024)))).toBe('store.bad-value');
  for (const params of [
    { name: 'notes', steps: [] },
    { name: '', steps: [set('a', 1)] },
    { name: 'notes', steps: [set('', 1)] },
    { name: 'notes', steps: [{ action: 'set', key: 'a' }] },
    { name: 'notes', steps: [{ action: 'delete', key: 'a', value: 1 }] },
    { name: 'notes', steps: Array(201).fill(set('a', 1)) },
  ]) {
    expect((await ann.request('changeStore', params as never)).error?.code).toBe('request.malformed');
  }
  for (const names of [[], [''], 'notes', Array(101).fill('a')]) {
    expect((await ann.request('openStores', { names } as never)).error?.code).toBe('request.malformed');
  }
});

test('a user changes stores 10 times in a second, a room 50 times, and opens 60 in a minute (STORE-5)', async () => {
  const clients = [];
  for (let index = 0; index < 6; index += 1) clients.push(await enter(`u${index}`));
  const [first, , , , , last] = clients as [RawClient, RawClient, RawClient, RawClient, RawClient, RawClient];
  door.clock.advance(1000);
  for (const client of clients.slice(0, 5)) {
    for (let count = 0; count < 10; count += 1) expect(await change(client, 's', set('a', count))).toBe('done');
    if (client === first) expect(await change(client, 's', set('a', 10))).toBe('rate.limited');
  }
  expect(await change(last, 's', set('a', 1))).toBe('rate.limited');
  door.clock.advance(1000);
  expect(await change(last, 's', set('a', 1))).toBe('done');
  for (let count = 0; count < 60; count += 1) {
    expect(await open(last, 's')).toBe('done');
    door.clock.advance(20);
  }
  expect(await open(last, 's')).toBe('rate.limited');
});
