/**
 * What every store promises of ended tickets, as one suite that is run on each implementation.
 *
 * @module
 */

import type { Epoch } from '@gavel/protocol';
import { beforeEach, expect, it } from 'vitest';
import type { EndedTicket } from '../rooms/ended-tickets.ts';
import type { Store } from './store.ts';
import { describeStores, type TestDatabase } from './testing.ts';

const row = (over: Partial<EndedTicket> = {}): EndedTicket => ({
  scope: 'user/1/production/room/ann',
  position: { epoch: '18446744073709551615' as Epoch, seq: 7 },
  cause: 'kicked',
  reason: '违规 🙂',
  endedAtMs: 1_000,
  ...over,
});

describeStores('ended tickets', (createDatabase) => {
  let database: TestDatabase;
  let store: Store;
  beforeEach(async () => {
    database = await createDatabase();
    store = await database.open();
  });

  const put = (endedTickets: readonly EndedTicket[]) => store.journal.apply([{ term: 1, endedTickets }]);

  it('gives rows as they were put, also to another process, and nothing of other scopes (KICK-12)', async () => {
    const member: EndedTicket = { scope: 'member/m', cause: 'rejected', reason: '', endedAtMs: 2 };
    await put([row(), member, row({ scope: 'user/1/production/room/ben' })]);
    const other = await database.open();
    const found = await other.endedTickets.find([row().scope, 'member/m', 'none']);
    expect(new Set(found)).toEqual(new Set([row(), member]));
  });

  it('keeps one row of a scope, the last, also of one call', async () => {
    const last = row({ cause: 'replaced', position: { epoch: '1' as Epoch, seq: 1 }, endedAtMs: 3 });
    await put([row({ scope: 'room/x' }), row(), row({ reason: 'again' }), last]);
    expect(await store.endedTickets.find([last.scope])).toEqual([last]);
  });

  it('takes many rows at once', async () => {
    const rows = Array.from({ length: 1_234 }, (_, i) => row({ scope: `member/${i}` }));
    await put(rows);
    expect(await store.endedTickets.deleteBefore(2_000, 2_000)).toBe(1_234);
  });

  it('deletes rows before a time, the oldest first, and no more than asked', async () => {
    const scopes = [4, 1, 3, 2].map((endedAtMs) => row({ scope: `member/${endedAtMs}`, endedAtMs }));
    await put(scopes);
    expect(await store.endedTickets.deleteBefore(4, 2)).toBe(2);
    const left = await store.endedTickets.find(scopes.map(({ scope }) => scope));
    expect(left.map(({ endedAtMs }) => endedAtMs).sort()).toEqual([3, 4]);
    expect(await store.endedTickets.deleteBefore(4, 2)).toBe(1);
  });

  it('issues tickets under one name for the whole life of a database, and another in another', async () => {
    const issuer = await store.endedTickets.issuer();
    const same = await database.open();
    const other = await (await createDatabase()).open();
    expect(await same.endedTickets.issuer()).toBe(issuer);
    expect(await other.endedTickets.issuer()).not.toBe(issuer);
  });
});
