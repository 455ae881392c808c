/**
 * What every table of leases promises, as one suite that is run on each implementation.
 */

import type { AppId, RoomId, RoomKey } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { POSTGRES } from '@gavel/testkit/postgres';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../store/postgres/database.ts';
import { borrowDatabase, returnDatabase, startPostgresBefore } from '../../store/postgres/testing.ts';
import type { LeaseTable, LiveNode } from './lease-table.ts';
import { PostgresLeaseTable } from './postgres-lease-table.ts';
import { MemoryLeaseTable } from './testing.ts';

/** Longer than any test takes. */
const LEASE_MS = 600_000;

/** A table, and how time passes for it. */
interface Setting {
  readonly table: LeaseTable;
  pass(ms: number): Promise<void>;
  remove(): Promise<void>;
}

async function createMemory(): Promise<Setting> {
  const clock = new FakeClock();
  return {
    table: new MemoryLeaseTable(clock, LEASE_MS),
    pass: async (ms) => clock.advance(ms),
    remove: async () => {},
  };
}

/** For PostgreSQL time passes when what it has stored becomes older. */
async function createPostgres(): Promise<Setting> {
  const database = await borrowDatabase();
  const db = await openDatabase({ url: database.url, maxConnections: 6 });
  return {
    table: new PostgresLeaseTable(db, LEASE_MS),
    async pass(ms) {
      const span = sql.raw(`interval '${ms} milliseconds'`);
      await sql`update node set expires_at = expires_at - ${span}, healthy_since = healthy_since - ${span}`.execute(
        database.db,
      );
      await sql`update room_owner set released_at = released_at - ${span}`.execute(database.db);
    },
    async remove() {
      await db.destroy();
      await returnDatabase(database);
    },
  };
}

const keyOf = (roomId: string, appId = 1): RoomKey => ({
  ...{ appId: appId as AppId, environment: 'production', roomId: roomId as RoomId },
});
const HALL = keyOf('hall');

describe.each([
  ['memory', createMemory, true],
  ['PostgreSQL', createPostgres, POSTGRES !== ''],
])('a table of leases in %s', (_name, create, isAvailable) => {
  if (isAvailable && create === createPostgres) startPostgresBefore();
  let setting: Setting;
  let table: LeaseTable;
  beforeEach(async () => {
    if (!isAvailable) return;
    setting = await create();
    table = setting.table;
  });
  afterEach(() => setting?.remove());
  const test = it.skipIf(!isAvailable);

  async function start(id: string): Promise<LiveNode> {
    const facts = { id, addresses: ['10.0.0.1'], load: 0 };
    return { ...facts, incarnation: (await table.register(facts)) ?? Number.NaN };
  }
  /** Lets time pass until nodes that renew their leases in time may take over rooms. */
  async function beHealthy(...nodes: readonly LiveNode[]): Promise<void> {
    for (let part = 0; part < 5; part += 1) {
      await setting.pass(LEASE_MS / 2);
      for (const node of nodes) await table.renew(node);
    }
  }
  const lapse = () => setting.pass(LEASE_MS + 1);

  test('a node is live until its lease is over, and again when it is renewed', async () => {
    const node = await start('a');
    expect(await table.renew({ ...node, load: 7 })).toMatchObject([{ ...node, load: 7 }]);
    await lapse();
    const other = await start('b');
    expect(await table.renew(other)).toMatchObject([other]);
    const live = await table.renew(node);
    expect(live).toMatchObject([node, other]);
    for (const { remainingMs } of live ?? []) {
      expect(remainingMs).toBeGreaterThan(0);
      expect(remainingMs).toBeLessThanOrEqual(LEASE_MS);
    }
  });

  test('a second process with the id of a live node is refused; after its end it has the next incarnation', async () => {
    const first = await start('a');
    expect(await table.register(first)).toBeUndefined();
    await table.end(first);
    expect(await table.register(first)).toBe(2);
    expect(await table.renew(first)).toBeUndefined();
  });

  test('a room has the owner that claimed it first, and no other while its lease lasts (CLUS-2)', async () => {
    const [one, other] = [await start('a'), await start('b')];
    await beHealthy(one, other);
    expect(await table.ownerOf(HALL)).toBeUndefined();
    const claims = await Promise.all([table.claim(HALL, one), table.claim(HALL, other), table.claim(HALL, one)]);
    expect(new Set(claims.map((owner) => owner?.node)).size).toBe(1);
    expect(await table.ownerOf(HALL)).toEqual({ node: claims[0]?.node, term: 1 });
    expect(await table.ownerOf(keyOf('hall', 2))).toBeUndefined();
  });

  test('of many that claim a room whose owner is gone, one gets it, in the next term (CLUS-2)', async () => {
    const gone = await start('gone');
    await table.claim(HALL, gone);
    await lapse();
    const nodes: LiveNode[] = [];
    for (const id of ['a', 'b', 'c']) nodes.push(await start(id));
    await beHealthy(...nodes);
    const claims = await Promise.all(nodes.map((node) => table.claim(HALL, node)));
    expect(new Set(claims.map((owner) => JSON.stringify(owner))).size).toBe(1);
    expect(claims[0]?.term).toBe(2);
    expect(await table.roomsOf(gone)).toEqual([]);
  });

  test('a node whose lease has just begun takes over no room of another, but has new rooms and its own (CLUS-2)', async () => {
    const gone = await start('gone');
    await table.claim(HALL, gone);
    await table.claim(keyOf('own'), gone);
    await lapse();
    const fresh = await start('fresh');
    expect(await table.claim(HALL, fresh)).toBeUndefined();
    expect(await table.claim(keyOf('new'), fresh)).toEqual({ node: 'fresh', term: 1 });
    const again = await start('gone');
    expect(await table.claim(keyOf('own'), again)).toEqual({ node: 'gone', term: 2 });
  });

  test('a node that returns after its lease has the rooms that nobody has claimed meanwhile (CLUS-2)', async () => {
    const slept = await start('slept');
    await table.claim(HALL, slept);
    await table.claim(keyOf('left'), slept);
    await lapse();
    const other = await start('b');
    await beHealthy(other);
    expect(await table.claim(HALL, slept)).toBeUndefined();
    expect(await table.claim(HALL, other)).toEqual({ node: 'b', term: 2 });
    await table.renew(slept);
    expect(await table.roomsOf(slept)).toEqual([{ key: keyOf('left'), term: 1 }]);
    expect(await table.claim(HALL, slept)).toEqual({ node: 'b', term: 2 });
  });

  test('of a node that returns and one that claims its room at the same moment, one has the room (CLUS-2)', async () => {
    const slept = await start('slept');
    const other = await start('b');
    await beHealthy(other);
    for (let round = 1; round <= 20; round += 1) {
      const key = keyOf(`round ${round}`);
      await table.renew(slept);
      await table.claim(key, slept);
      await table.end(slept);
      const back = table.renew(slept).then(() => table.roomsOf(slept));
      const [claimed, rooms] = await Promise.all([table.claim(key, other), back]);
      const hasRoom = rooms.some((room) => room.key.roomId === key.roomId);
      expect([round, claimed?.node, hasRoom]).toEqual([round, hasRoom ? 'slept' : 'b', hasRoom]);
    }
  });

  test('a room that is given up has no owner, and its next one has a higher term', async () => {
    const [one, other] = [await start('a'), await start('b')];
    await table.claim(HALL, one);
    await table.release({ key: HALL, term: 2 }, one);
    await table.release({ key: HALL, term: 1 }, other);
    expect(await table.ownerOf(HALL)).toEqual({ node: 'a', term: 1 });
    await table.release({ key: HALL, term: 1 }, one);
    expect(await table.ownerOf(HALL)).toBeUndefined();
    expect(await table.claim(HALL, other)).toEqual({ node: 'b', term: 2 });
  });

  test('rooms that were given up are deleted after an hour, a few at a time', async () => {
    const node = await start('a');
    for (const id of ['1', '2', '3']) await table.claim(keyOf(id), node);
    for (const id of ['1', '2']) await table.release({ key: keyOf(id), term: 1 }, node);
    expect(await table.purge(10)).toBe(0);
    await setting.pass(3_601_000);
    expect([await table.purge(1), await table.purge(10)]).toEqual([1, 1]);
    expect(await table.roomsOf(node)).toEqual([{ key: keyOf('3'), term: 1 }]);
  });

  test('an hour after a node has died, its rooms are given up, and then it is deleted', async () => {
    const gone = await start('gone');
    await table.claim(HALL, gone);
    await lapse();
    expect(await table.purge(10)).toBe(0);
    await setting.pass(3_601_000);
    const other = await start('b');
    expect([await table.purge(10), await table.roomsOf(gone)]).toEqual([2, []]);
    expect(await table.renew(gone)).toBeUndefined();
    expect(await table.claim(HALL, other)).toEqual({ node: 'b', term: 2 });
    expect((await start('gone')).incarnation).toBe(1);
  });
});
