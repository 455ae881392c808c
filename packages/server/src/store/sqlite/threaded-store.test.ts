import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AppId, GavelError } from '@gavel/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openThreadedStore, type ThreadedStore } from './threaded-store.ts';

const APP = 1 as AppId;
const MEETING = {
  id: 'm',
  appId: APP,
  title: null,
  status: 'ACTIVE',
  settings: {},
  createdAtMs: 1,
  updatedAtMs: 1,
} as const;

let folder: string;
let store: ThreadedStore;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gavel-thread-'));
  store = await openThreadedStore({ path: join(folder, 'gavel.db') });
  await store.apps.add({ appId: APP, rtkAppId: 'rtk', accountId: 'a', name: 'app', createdAtMs: 1 }, []);
  await store.meetings.add(MEETING);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

it('a change of a record is computed in the calling thread, within the transaction', async () => {
  const seen: unknown[] = [];
  const rename = (title: string) =>
    store.meetings.update(APP, 'm', (meeting) => {
      seen.push(meeting.title);
      return { ...meeting, title };
    });
  await Promise.all([rename('one'), rename('two')]);
  expect(seen).toEqual([null, 'one']);
  expect((await store.meetings.find(APP, 'm'))?.title).toBe('two');
});

it('an error of such a change is passed on as it was thrown, and nothing is changed', async () => {
  const refusal = new RangeError('no');
  const refuse = () => {
    throw refusal;
  };
  await expect(store.meetings.update(APP, 'm', refuse)).rejects.toBe(refusal);
  expect(await store.meetings.find(APP, 'm')).toEqual(MEETING);
});

it('errors of the store arrive as they are, with their codes', async () => {
  await store.journal.apply([{ term: 2 }]);
  const stale = await store.journal.apply([{ term: 1 }]).catch((error: unknown) => error);
  expect(stale).toBeInstanceOf(GavelError);
  expect(stale).toMatchObject({ code: 'server.stale-term' });
  await expect(store.meetings.add(MEETING)).rejects.toThrow(/UNIQUE/);
});

it('a file that is no database is refused, and the thread ends', async () => {
  const path = join(folder, 'other.db');
  writeFileSync(path, 'this is some text that is long enough to be read as the header of a database file, but is none');
  await expect(openThreadedStore({ path })).rejects.toThrow(/not a database/);
});

it('calls after the end are refused with a clear error', async () => {
  const other = await openThreadedStore({ path: join(folder, 'other.db') });
  const running = other.apps.all();
  await other.close();
  expect(await running).toEqual([]);
  await expect(other.apps.all()).rejects.toMatchObject({ code: 'server.store-unavailable' });
});

it('a store that is opened after another was closed has its own rows, and the closed one refuses calls', async () => {
  const closed = store;
  await closed.close();
  store = await openThreadedStore({ path: join(folder, 'next.db') });
  expect(await store.meetings.find(APP, 'm')).toBeUndefined();
  await expect(closed.meetings.find(APP, 'm')).rejects.toMatchObject({ code: 'server.store-unavailable' });
});

it('a call that was running when its store was closed disturbs no later store', async () => {
  const journalFolder = join(folder, 'journal');
  mkdirSync(journalFolder);
  const closed = await openThreadedStore({ path: join(folder, 'other.db'), journalFolder });
  // They read the folder, which takes longer than to close the database.
  const running = Array.from({ length: 100 }, () => closed.mover.moveAll().catch(() => 0));
  await closed.close();
  const next = await openThreadedStore({ path: join(folder, 'next.db') });
  expect(await next.apps.all()).toEqual([]);
  await next.close();
  await Promise.all(running);
});
