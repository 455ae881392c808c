/**
 * The journal of a cluster: rows of an ended term are refused (CLUS-2).
 */

import type { AppId, Epoch, RoomId, RoomKey } from '@gavel/protocol';
import { POSTGRES } from '@gavel/testkit/postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PostgresLeaseTable } from '../../cluster/leases/postgres-lease-table.ts';
import { auditRow } from '../../journal/testing.ts';
import type { JournalEntry } from '../journal.ts';
import { createSqlStore } from '../sql/sql-store.ts';
import type { Store } from '../store.ts';
import { openDatabase } from './database.ts';
import { borrowDatabase, type PostgresDatabase, returnDatabase, startPostgresBefore } from './testing.ts';

const HALL: RoomKey = { appId: 1 as AppId, environment: 'production', roomId: 'hall' as RoomId };
const STALE = { code: 'server.stale-term' };

describe.skipIf(POSTGRES === '')('the journal of a cluster', () => {
  startPostgresBefore();
  let database: PostgresDatabase;
  let store: Store;
  let table: PostgresLeaseTable;
  const [one, other] = ['a', 'b'].map((id) => ({ id, addresses: [], load: 0, incarnation: 1 }));
  if (!one || !other) throw new Error('there are two nodes');
  beforeEach(async () => {
    database = await borrowDatabase();
    const db = await openDatabase({ url: database.url, maxConnections: 4 });
    [store, table] = [createSqlStore(db), new PostgresLeaseTable(db, 600_000)];
    for (const node of [one, other]) await table.register(node);
    await table.claim(HALL, one);
  });
  afterEach(async () => {
    await store.close();
    await returnDatabase(database);
  });

  const entryOf = (id: string, term: number): JournalEntry => ({
    ...{ term: 1, audit: [auditRow(id)], owned: { key: HALL, term } },
  });
  const stored = async () => (await store.audit.list({}, 10)).rows.map(({ id, term }) => [id, term]);
  /** The room changes its owner. */
  const moveRoom = async () => {
    await table.release({ key: HALL, term: 1 }, one);
    await table.claim(HALL, other);
  };

  it('stores the rows of the owner, with its term (CLUS-2)', async () => {
    await moveRoom();
    await store.journal.apply([entryOf('x', 2)]);
    expect(await stored()).toEqual([['x', 2]]);
  });

  it('keeps the last life whose end the owner has stored, for the next owners (CLUS-7)', async () => {
    const ended = { epoch: '7' as Epoch, cause: 'kicked', reason: 'over' } as const;
    expect(await store.journal.findEnd(HALL)).toBeUndefined();
    await store.journal.apply([{ ...entryOf('x', 1), owned: { key: HALL, term: 1, ended } }, entryOf('y', 1)]);
    await moveRoom();
    const late = { ...entryOf('late', 1), owned: { key: HALL, term: 1, ended: { ...ended, reason: 'late' } } };
    await expect(store.journal.apply([late])).rejects.toMatchObject(STALE);
    expect(await store.journal.findEnd(HALL)).toEqual(ended);
  });

  it('refuses those of an owner of an ended term, of none and of a lease that is over (CLUS-2)', async () => {
    await moveRoom();
    await expect(store.journal.apply([entryOf('late', 1)])).rejects.toMatchObject(STALE);
    await expect(store.journal.apply([entryOf('over', 0)])).rejects.toMatchObject(STALE);
    await table.release({ key: HALL, term: 2 }, other);
    await expect(store.journal.apply([entryOf('given up', 2)])).rejects.toMatchObject(STALE);
    expect(await stored()).toEqual([]);
  });

  it('stores nothing of a term after the next owner has claimed the room, also at the same moment (CLUS-2)', async () => {
    const late = Array.from({ length: 20 }, (_, index) =>
      store.journal.apply([entryOf(`late ${index}`, 1)]).then(
        () => 'stored',
        (error: { code?: string }) => error.code,
      ),
    );
    await moveRoom();
    const before = (await stored()).length;
    const results = await Promise.all(late);
    expect(new Set(results).difference(new Set(['stored', STALE.code]))).toEqual(new Set());
    expect(await stored()).toHaveLength(before);
    await store.journal.apply([entryOf('next', 2)]);
  });
});
