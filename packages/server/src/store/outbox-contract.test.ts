import type { AppId } from '@gavel/protocol';
import { beforeEach, expect, it } from 'vitest';
import { addCallbacks } from '../callbacks/testing.ts';
import type { NewOutboxRecord } from './outbox.ts';
import type { Store } from './store.ts';
import { describeStores, type TestDatabase } from './testing.ts';

const APP = 1001 as AppId;
const OTHER_APP = 1002 as AppId;
const URL_A = 'https://a.example/hook';
const URL_B = 'https://b.example/hook';
const HERE = { appId: APP, url: URL_A };

const record = (id: string, over: Partial<NewOutboxRecord> = {}): NewOutboxRecord => ({
  id,
  appId: APP,
  dialect: 'first',
  event: 'room_login',
  url: URL_A,
  lane: 'room',
  body: `{"text":"Ü ${id}"}`,
  createdAtMs: 1_000,
  ...over,
});
const failure = { attempts: 6, atMs: 5_000, lastStatus: 500, lastError: 'answered 500' };

describeStores('an outbox', (createDatabase) => {
  let database: TestDatabase;
  let store: Store;
  beforeEach(async () => {
    database = await createDatabase();
    store = await database.open();
  });
  const add = (...ids: string[]) =>
    addCallbacks(
      store,
      ids.map((id) => record(id)),
    );
  const idsOf = (records: readonly { readonly id: string }[]) => records.map(({ id }) => id);

  it('gives what it keeps as it was added, with rising numbers (CB-3)', async () => {
    const [one, two] = [await add('1'), await add('2', '3')];
    expect(one).toEqual([{ ...record('1'), seq: one[0]?.seq, attempts: 0, nextAttemptAtMs: 1_000 }]);
    const kept = await store.outbox.pending(HERE, 0, 10);
    expect(kept).toEqual([...one, ...two]);
    expect(idsOf(await store.outbox.pending(HERE, one[0]?.seq ?? 0, 1))).toEqual(['2']);
  });

  it('keeps hundreds in their order, or none of them', async () => {
    const ids = Array.from({ length: 450 }, (_, index) => `id-${index}`);
    await add(...ids);
    expect(idsOf(await store.outbox.pending(HERE, 0, 1000))).toEqual(ids);
    // Two of one number.
    const twice = [1, 2].map(() => ({
      ...record(`new ${Math.random()}`),
      seq: 9_999,
      attempts: 0,
      nextAttemptAtMs: 0,
    }));
    await expect(store.journal.apply([{ term: 1, callbacks: twice }])).rejects.toThrow();
    expect(await store.outbox.count('pending')).toBe(450);
    await store.outbox.delete(ids);
    expect(await store.outbox.count('pending')).toBe(0);
  });

  it('tells Apps, addresses and lanes apart', async () => {
    await addCallbacks(store, [
      record('1'),
      record('2', { lane: 'other' }),
      record('3', { url: URL_B }),
      record('4', { appId: OTHER_APP }),
    ]);
    expect(idsOf(await store.outbox.pending(HERE, 0, 10))).toEqual(['1', '2']);
    expect(idsOf(await store.outbox.pending(HERE, 0, 10, 'other'))).toEqual(['2']);
    const endpoints = await store.outbox.endpoints();
    expect(endpoints).toHaveLength(3);
    expect(endpoints).toEqual(
      expect.arrayContaining([HERE, { appId: APP, url: URL_B }, { appId: OTHER_APP, url: URL_A }]),
    );
  });

  it('notes a failed attempt, and keeps what was given up (CB-2)', async () => {
    await add('1', '2');
    await store.outbox.reschedule('1', { ...failure, attempts: 1, lastError: 'x'.repeat(9_000) }, 3_000);
    const [again] = await store.outbox.pending(HERE, 0, 1);
    expect(again).toMatchObject({ attempts: 1, nextAttemptAtMs: 3_000, lastStatus: 500 });
    expect(again?.lastError).toHaveLength(500);
    await store.outbox.fail('1', { ...failure, lastStatus: undefined });
    expect(idsOf(await store.outbox.pending(HERE, 0, 10))).toEqual(['2']);
    const [failed, ...others] = await store.outbox.list({ status: 'failed' }, 10);
    expect(others).toEqual([]);
    expect(failed).toMatchObject({ ...record('1'), attempts: 6, failedAtMs: 5_000, lastError: 'answered 500' });
    expect(await store.outbox.find('1')).toEqual(failed);
    expect(failed).not.toHaveProperty('lastStatus', null);
    expect(await store.outbox.count('failed')).toBe(1);
    expect(await store.outbox.find('9')).toBeUndefined();
  });

  it('lists by status and App, part by part', async () => {
    const kept = await add('1', '2', '3');
    await addCallbacks(store, [record('4', { appId: OTHER_APP })]);
    expect(idsOf(await store.outbox.list({ status: 'pending' }, 3))).toEqual(['1', '2', '3']);
    const afterSeq = kept[1]?.seq ?? 0;
    expect(idsOf(await store.outbox.list({ status: 'pending', appIds: [APP], afterSeq }, 10))).toEqual(['3']);
    expect(idsOf(await store.outbox.list({ status: 'pending', appIds: [OTHER_APP] }, 10))).toEqual(['4']);
    expect(await store.outbox.list({ status: 'failed' }, 10)).toEqual([]);
  });

  it('stores a callback again under its id, behind the others', async () => {
    await add('1', '2');
    await store.outbox.fail('1', failure);
    const [again] = await add('1');
    expect(await store.outbox.find('1')).toEqual(again);
    expect(idsOf(await store.outbox.pending(HERE, 0, 10))).toEqual(['2', '1']);
    expect(await store.outbox.list({ status: 'failed' }, 10)).toEqual([]);
  });

  it('forgets what was given up long ago, and nothing else', async () => {
    await add('1', '2', '3');
    await store.outbox.fail('1', failure);
    await store.outbox.fail('2', { ...failure, atMs: 7_000 });
    expect(await store.outbox.purgeFailed(7_000)).toBe(1);
    expect(await store.outbox.count('failed')).toBe(1);
    expect(await store.outbox.count('pending')).toBe(1);
  });

  it('has everything again after it was opened anew (CB-3)', async () => {
    const kept = await add('1', '2');
    await store.outbox.fail('2', failure);
    await database.close();
    store = await database.open();
    expect(await store.outbox.pending(HERE, 0, 10)).toEqual(kept.slice(0, 1));
    expect(idsOf(await store.outbox.list({ status: 'failed' }, 10))).toEqual(['2']);
    const [third] = await add('3');
    expect(third?.seq).toBeGreaterThan(kept[1]?.seq ?? 0);
  });
});
