import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppId } from '@gavel/protocol';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewOutboxRecord } from './outbox.ts';
import { openSqliteStore } from './sqlite/open.ts';
import type { Store } from './store.ts';

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

function describeOutbox(name: string, open: () => Promise<Store>, reopen?: (store: Store) => Promise<Store>): void {
  describe(`an outbox in ${name}`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());
    const add = (...ids: string[]) => store.outbox.add(ids.map((id) => record(id)));
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
      await expect(add(...ids.map((id) => `new-${id}`), 'id-7')).rejects.toThrow();
      expect(await store.outbox.count('pending')).toBe(450);
      await store.outbox.delete(ids);
      expect(await store.outbox.count('pending')).toBe(0);
    });

    it('keeps callbacks and rows of the history together, or none of them (RTK-11, CB-3)', async () => {
      const session = { id: 's', appId: APP, meetingId: 'm', title: '', startedAtMs: 1 };
      const begin = { type: 'begin', session } as const;
      await store.outbox.add([record('1')], { sessions: [begin] });
      expect(await store.sessions.find(APP, 's', 2)).toMatchObject({ id: 's' });
      // The session is there already: its callback is not kept either. A callback that is there keeps no session.
      await expect(store.outbox.add([record('2')], { sessions: [begin] })).rejects.toThrow();
      const other = { ...begin, session: { ...session, id: 's2', meetingId: 'm2' } };
      await expect(store.outbox.add([record('1')], { sessions: [other] })).rejects.toThrow();
      expect(await store.outbox.count('pending')).toBe(1);
      expect(await store.sessions.find(APP, 's2', 2)).toBeUndefined();
    });

    it('tells Apps, addresses and lanes apart', async () => {
      await store.outbox.add([
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
      await store.outbox.add([record('4', { appId: OTHER_APP })]);
      expect(idsOf(await store.outbox.list({ status: 'pending' }, 3))).toEqual(['1', '2', '3']);
      const afterSeq = kept[1]?.seq ?? 0;
      expect(idsOf(await store.outbox.list({ status: 'pending', appId: APP, afterSeq }, 10))).toEqual(['3']);
      expect(idsOf(await store.outbox.list({ status: 'pending', appId: OTHER_APP }, 10))).toEqual(['4']);
      expect(await store.outbox.list({ status: 'failed' }, 10)).toEqual([]);
    });

    it('owes again what was given up, under its id and behind the rest', async () => {
      await add('1', '2', '3', '4');
      await store.outbox.add([record('5', { appId: OTHER_APP })]);
      for (const id of ['1', '2', '3', '5']) await store.outbox.fail(id, failure);
      expect(await store.outbox.replay({ id: '4' }, 1, 9_000)).toEqual([]);
      const [second] = await store.outbox.replay({ id: '2' }, 1, 9_000);
      expect(second).toEqual({ ...record('2'), seq: second?.seq, attempts: 0, nextAttemptAtMs: 9_000 });
      expect(idsOf(await store.outbox.replay({ appId: APP }, 1, 9_000))).toEqual(['1']);
      expect(idsOf(await store.outbox.replay({ appId: APP }, 9, 9_000))).toEqual(['3']);
      expect(idsOf(await store.outbox.pending(HERE, 0, 10))).toEqual(['4', '2', '1', '3']);
      expect(idsOf(await store.outbox.list({ status: 'failed' }, 10))).toEqual(['5']);
    });

    it('forgets what was given up long ago, and nothing else', async () => {
      await add('1', '2', '3');
      await store.outbox.fail('1', failure);
      await store.outbox.fail('2', { ...failure, atMs: 7_000 });
      expect(await store.outbox.purgeFailed(7_000)).toBe(1);
      expect(await store.outbox.count('failed')).toBe(1);
      expect(await store.outbox.count('pending')).toBe(1);
    });

    if (!reopen) return;
    it('has everything again after it was opened anew (CB-3)', async () => {
      const kept = await add('1', '2');
      await store.outbox.fail('2', failure);
      store = await reopen(store);
      expect(await store.outbox.pending(HERE, 0, 10)).toEqual(kept.slice(0, 1));
      expect(idsOf(await store.outbox.list({ status: 'failed' }, 10))).toEqual(['2']);
      const [third] = await add('3');
      expect(third?.seq).toBeGreaterThan(kept[1]?.seq ?? 0);
    });
  });
}

describeOutbox('memory', () => openSqliteStore(':memory:'));

const folder = mkdtempSync(join(tmpdir(), 'gavel-outbox-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
describeOutbox(
  'an SQLite file',
  () => {
    files += 1;
    return openSqliteStore(join(folder, `${files}.db`));
  },
  async (store) => {
    await store.close();
    return openSqliteStore(join(folder, `${files}.db`));
  },
);
