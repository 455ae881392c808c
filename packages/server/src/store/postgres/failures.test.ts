/**
 * What a store in PostgreSQL does when its server fails. Every failure is `server.store-unavailable`, and calls succeed again
 * when the server does (CLUS-6).
 */

import type { AppId } from '@gavel/protocol';
import { PASSWORD_USER, POSTGRES, type PostgresServer, startPostgres } from '@gavel/testkit/postgres';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Store } from '../store.ts';
import { openDatabase } from './database.ts';
import { openPostgresStore } from './open.ts';

const APP = 1 as AppId;
const UNAVAILABLE = { code: 'server.store-unavailable' };
const MEETING = {
  ...{ id: 'm', appId: APP, title: 'before', status: 'ACTIVE' as const },
  ...{ settings: {}, createdAtMs: 1, updatedAtMs: 1 },
};

describe.skipIf(POSTGRES === '')('a store in PostgreSQL', () => {
  let server: PostgresServer;
  let url: string;
  let store: Store;
  beforeAll(async () => {
    server = await startPostgres();
  }, 90_000);
  afterAll(() => server.close());
  beforeEach(async () => {
    url = await server.createDatabase();
    store = await openPostgresStore({ url, maxConnections: 4, statementTimeoutMs: 60_000, connectTimeoutMs: 60_000 });
    await store.apps.add({ appId: APP, rtkAppId: 'rtk', accountId: 'a', name: 'app', createdAtMs: 1 }, []);
    await store.meetings.add(MEETING);
  });
  afterEach(() => store.close());

  const rename = (title: string, of = store) => of.meetings.update(APP, 'm', (meeting) => ({ ...meeting, title }));
  const titleOf = async () => (await store.meetings.find(APP, 'm'))?.title;
  /** Repeats a call until it succeeds. Every failure before is the documented one. */
  const untilSuccess = async <T>(call: () => Promise<T>): Promise<T> => {
    const failures: unknown[] = [];
    const result = await vi.waitFor(
      () =>
        call().catch((error: unknown) => {
          failures.push(error);
          throw error;
        }),
      { timeout: 60_000, interval: 50 },
    );
    for (const failure of failures) expect(failure).toMatchObject(UNAVAILABLE);
    return result;
  };

  it('goes on after a restart of the server, with what was stored before (CLUS-6)', async () => {
    await rename('stored');
    const restarted = server.restart();
    await Promise.allSettled([titleOf(), titleOf(), titleOf()]);
    await restarted;
    expect(await untilSuccess(titleOf)).toBe('stored');
    await untilSuccess(() => rename('later'));
    expect(await titleOf()).toBe('later');
  }, 90_000);

  it('gives up calls while the server hangs, and no later call runs in their transactions (CLUS-6)', async () => {
    const limits = { statementTimeoutMs: 500, connectTimeoutMs: 500 };
    const impatient = await untilSuccess(() => openPostgresStore({ url, maxConnections: 2, ...limits }));
    server.pause();
    try {
      await expect(rename('lost', impatient)).rejects.toMatchObject(UNAVAILABLE);
      await expect(impatient.ping()).rejects.toMatchObject(UNAVAILABLE);
    } finally {
      server.resume();
    }
    await untilSuccess(() => impatient.ping());
    expect(await titleOf()).toBe('before');
    await untilSuccess(() => rename('later', impatient));
    expect(await titleOf()).toBe('later');
    await impatient.close();
  }, 90_000);

  it('waits for a row that another transaction has locked, and gives up in time', async () => {
    const limits = { maxConnections: 2, statementTimeoutMs: 500 };
    const impatient = await untilSuccess(() => openPostgresStore({ url, ...limits }));
    const other = await openDatabase({ url, maxConnections: 1 });
    await other.transaction().execute(async (tx) => {
      await sql`select 1 from meetings for update`.execute(tx);
      await expect(rename('lost', impatient)).rejects.toMatchObject(UNAVAILABLE);
      expect(await titleOf()).toBe('before');
    });
    await rename('later');
    expect(await titleOf()).toBe('later');
    await impatient.close();
    await other.destroy();
  });

  it('refuses a call that gets no connection in time, and serves it when one is free', async () => {
    const limits = { maxConnections: 2, statementTimeoutMs: 60_000, connectTimeoutMs: 1_000 };
    const small = await untilSuccess(() => openPostgresStore({ url, ...limits }));
    // Both connections are there before the rows are locked: opening one may take longer on a busy machine.
    await untilSuccess(() => Promise.all([small.ping(), small.ping()]));
    const other = await openDatabase({ url, maxConnections: 1 });
    const waiting = await other.transaction().execute(async (tx) => {
      await sql`select 1 from meetings for update`.execute(tx);
      const renamed = [rename('one', small), rename('two', small)];
      await expect(small.ping()).rejects.toMatchObject(UNAVAILABLE);
      return renamed;
    });
    await Promise.all(waiting);
    await untilSuccess(() => small.ping());
    await small.close();
    await other.destroy();
  });

  it('changes a record atomically, also where several processes change it', async () => {
    const others = await Promise.all([1, 2].map(() => openPostgresStore({ url, maxConnections: 2 })));
    const add = (each: Store) =>
      each.meetings.update(APP, 'm', (meeting) => ({ ...meeting, updatedAtMs: meeting.updatedAtMs + 1 }));
    await Promise.all(others.flatMap((each) => Array.from({ length: 10 }, () => add(each))));
    expect((await store.meetings.find(APP, 'm'))?.updatedAtMs).toBe(21);
    for (const each of others) await each.close();
  });

  it('opens one schema, however many processes open it at once', async () => {
    const empty = await server.createDatabase();
    const stores = await Promise.all([1, 2, 3].map(() => openPostgresStore({ url: empty, maxConnections: 2 })));
    const issuers = await Promise.all(stores.map((each) => each.endedTickets.issuer()));
    expect(new Set(issuers).size).toBe(1);
    for (const each of stores) await each.close();
  });

  it('refuses a schema of a newer version', async () => {
    const db = await openDatabase({ url, maxConnections: 1 });
    await sql`insert into kysely_migration (name, timestamp) values ('9999', 'later')`.execute(db);
    await db.destroy();
    await expect(openPostgresStore({ url })).rejects.toThrow(/Use a newer version of Gavel/);
  });

  it('does not open with a wrong password, a missing database or without a server, and names no secret', async () => {
    const db = await openDatabase({ url, maxConnections: 1 });
    await sql.raw(`create role ${PASSWORD_USER} login password 'right'`).execute(db);
    await db.destroy();
    const secret = 'wrong-secret';
    const addresses = [
      url.replace('postgres@', `${PASSWORD_USER}:${secret}@`),
      url.replace(/\/gavel_\w+/, '/no_such_database'),
      `postgres://gavel:${secret}@127.0.0.1:1/gavel`,
    ];
    const errors: unknown[] = [];
    for (const address of addresses) {
      await openPostgresStore({ url: address }).catch((error: unknown) => errors.push(error));
    }
    expect(errors).toMatchObject([
      { ...UNAVAILABLE, message: expect.stringContaining('refused the login (28P01)') },
      { ...UNAVAILABLE, message: expect.stringContaining('no database of that name (3D000)') },
      { ...UNAVAILABLE, message: expect.stringContaining('ECONNREFUSED') },
    ]);
    for (const error of errors) expect(`${error} ${JSON.stringify(error)}`).not.toContain(secret);
  });
});
