import type { AppId, RoomId, RoomKey } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LEASE_MS } from './lease-table.ts';
import { NodeLeases, RENEWAL_MS } from './node-leases.ts';
import { MemoryLeaseTable } from './testing.ts';

const HALL: RoomKey = { appId: 1 as AppId, environment: 'production', roomId: 'hall' as RoomId };
const LOBBY: RoomKey = { ...HALL, roomId: 'lobby' as RoomId };
const NO_NODE = { code: 'server.node-unavailable' };

let clock: FakeClock;
let table: MemoryLeaseTable;
let warnings: string[];
let started: NodeLeases[];
beforeEach(() => {
  clock = new FakeClock();
  table = new MemoryLeaseTable(clock);
  [warnings, started] = [[], []];
});
afterEach(async () => {
  table.failure = undefined;
  for (const leases of started) await leases.close();
});

/** Lets promises settle. */
const settle = () => new Promise((resolve) => setImmediate(resolve));
/** Lets time pass, in which nodes renew their leases. */
async function pass(ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += RENEWAL_MS) {
    clock.advance(Math.min(RENEWAL_MS, ms - passedMs));
    await settle();
  }
}
/** A node on a clock of its own, or on that of the database. */
async function start(id: string, own: FakeClock = clock, mayTakeOver = () => true): Promise<NodeLeases> {
  const log = { warn: (_fields: object, message: string) => void warnings.push(message) };
  const leases = await NodeLeases.start({ table, clock: own, node: { id, addresses: [] }, log, mayTakeOver });
  started.push(leases);
  return leases;
}

it('a node owns what it has claimed, and knows it from memory (CLUS-2)', async () => {
  const [a, b] = [await start('a'), await start('b')];
  expect(await a.claim(HALL)).toEqual({ node: 'a', term: 1 });
  expect([a.ownerOf(HALL), a.termOf(HALL), b.termOf(HALL)]).toEqual([{ node: 'a', term: 1 }, 1, undefined]);
  expect(await b.claim(HALL)).toEqual({ node: 'a', term: 1 });
  expect(b.ownerOf(HALL)).toEqual({ node: 'a', term: 1 });
  expect(await b.ownerOf(LOBBY)).toBeUndefined();
});

it('a node whose renewals fail stops deciding before its lease is over in the database (CLUS-2)', async () => {
  const a = await start('a');
  await a.claim(HALL);
  table.failure = new Error('the database is gone');
  await pass(LEASE_MS - 101);
  expect(a.termOf(HALL)).toBe(1);
  clock.advance(1);
  expect([a.isValid, a.termOf(HALL)]).toEqual([false, undefined]);
  await expect(a.claim(LOBBY)).rejects.toMatchObject(NO_NODE);
  expect(warnings).toContain('the lease of this node was not renewed');
});

it('a node that slept past its lease decides nothing on waking, and then has the rooms that nobody claimed (CLUS-2)', async () => {
  const sleeper = new FakeClock();
  const a = await start('a', sleeper);
  const b = await start('b');
  await a.claim(HALL);
  await a.claim(LOBBY);
  await pass(3 * LEASE_MS);
  expect(await b.claim(HALL)).toEqual({ node: 'b', term: 2 });
  // It wakes: its clock has run on, none of its timers has.
  sleeper.advance(RENEWAL_MS - 1);
  expect(a.termOf(HALL)).toBe(1);
  sleeper.advance(3 * LEASE_MS);
  expect([a.termOf(HALL), a.termOf(LOBBY)]).toEqual([undefined, undefined]);
  await settle();
  sleeper.advance(RENEWAL_MS);
  await settle();
  expect([a.isValid, a.termOf(HALL), a.termOf(LOBBY)]).toEqual([true, undefined, 1]);
});

it('after a failure of the database all nodes have their rooms again, in the same terms (CLUS-6)', async () => {
  const [a, b] = [await start('a'), await start('b')];
  await a.claim(HALL);
  await b.claim(LOBBY);
  table.failure = new Error('the database restarts');
  await pass(4 * LEASE_MS);
  expect([a.termOf(HALL), b.termOf(LOBBY)]).toEqual([undefined, undefined]);
  table.failure = undefined;
  await pass(2 * RENEWAL_MS);
  expect([a.termOf(HALL), b.termOf(LOBBY)]).toEqual([1, 1]);
  expect(await b.claim(HALL)).toEqual({ node: 'a', term: 1 });
});

it('the death of a node is seen when its lease is over, and its rooms are claimed in the next term (CLUS-2)', async () => {
  const [a, b] = [await start('a'), await start('b')];
  await a.claim(HALL);
  await b.ownerOf(HALL);
  await pass(3 * LEASE_MS);
  const changes: (readonly string[])[] = [];
  b.onNodesChanged(() => changes.push(b.nodes()));
  await a.close();
  await pass(RENEWAL_MS);
  expect(changes).toEqual([['b']]);
  expect(await b.ownerOf(HALL)).toBeUndefined();
  expect(await b.claim(HALL)).toEqual({ node: 'b', term: 2 });
});

it('a node that begins is known to the others when they have been told, also those that are renewing (CLUS-1)', async () => {
  const a = await start('a');
  // Its renewal reads the nodes before there is another one.
  clock.advance(RENEWAL_MS);
  await start('b');
  await a.refresh();
  expect(a.nodes()).toEqual(['a', 'b']);
  table.failure = new Error('the database is gone');
  await a.refresh();
  expect(a.nodes()).toEqual(['a', 'b']);
});

it('a second process with the id of a live node does not start, and one after it waits for the lease (CLUS-2)', async () => {
  const first = await start('a');
  const refused = expect(start('a')).rejects.toThrow('another process runs as node "a"');
  await pass(3 * LEASE_MS);
  await refused;
  await first.claim(HALL);
  await first.close();
  const second = await start('a');
  expect([second.incarnation, second.termOf(HALL)]).toEqual([2, undefined]);
  expect(await second.claim(HALL)).toEqual({ node: 'a', term: 2 });
});

it('a node that does not reach the others, or has just started, takes over none of their rooms', async () => {
  let isConnected = true;
  const [a, b] = [await start('a'), await start('b', clock, () => isConnected)];
  await a.claim(HALL);
  await a.close();
  await expect(b.claim(HALL)).rejects.toMatchObject(NO_NODE);
  await pass(3 * LEASE_MS);
  isConnected = false;
  await expect(b.claim(HALL)).rejects.toMatchObject(NO_NODE);
  isConnected = true;
  expect(await b.claim(HALL)).toEqual({ node: 'b', term: 2 });
});

it('lookups of one room resolve in order, and a correction replaces what is known', async () => {
  const [a, b] = [await start('a'), await start('b')];
  await a.claim(HALL);
  const order: number[] = [];
  const lookups = [1, 2, 3].map(async (each) => {
    await b.ownerOf(HALL);
    order.push(each);
  });
  await Promise.all(lookups);
  expect(order).toEqual([1, 2, 3]);
  b.correct(HALL, { node: 'c', term: 5 });
  expect(b.ownerOf(HALL)).toEqual({ node: 'c', term: 5 });
  b.correct(HALL, undefined);
  expect(await b.ownerOf(HALL)).toEqual({ node: 'a', term: 1 });
});

it('a room that is given up belongs to the next node that claims it', async () => {
  const [a, b] = [await start('a'), await start('b')];
  await a.claim(HALL);
  await a.release(HALL);
  await a.release(LOBBY);
  expect(a.termOf(HALL)).toBeUndefined();
  expect(await b.claim(HALL)).toEqual({ node: 'b', term: 2 });
});

it('sees at once that the lease of another node is over, whenever its own renewals are due (CLUS-3)', async () => {
  const a = await start('a');
  await pass(400);
  const b = await start('b', new FakeClock());
  await pass(RENEWAL_MS);
  expect(a.nodes()).toEqual(['a', 'b']);
  // Its own clock stands still: it renews no more.
  let seenAtMs = 0;
  a.onNodesChanged(() => {
    seenAtMs = clock.monotonicMs();
  });
  const endsAtMs = clock.monotonicMs() - RENEWAL_MS + LEASE_MS;
  for (let step = 0; step < 60; step += 1) {
    clock.advance(50);
    await settle();
  }
  expect(a.nodes()).toEqual(['a']);
  expect(seenAtMs - endsAtMs).toBeLessThanOrEqual(70);
  expect(b.incarnation).toBe(1);
});

it('decides again after a gap only when everything was read that others may have changed (CLUS-2)', async () => {
  const a = await start('a');
  await a.claim(HALL);
  const read: PromiseWithResolvers<void>[] = [];
  a.beforeResume(() => {
    const next = Promise.withResolvers<void>();
    read.push(next);
    return next.promise;
  });
  table.failure = new Error('the database is gone');
  await pass(2 * LEASE_MS);
  table.failure = undefined;
  await pass(RENEWAL_MS);
  expect([a.isValid, read.length]).toEqual([false, 1]);
  read[0]?.reject(new Error('the database is gone'));
  await settle();
  await pass(RENEWAL_MS);
  expect([a.isValid, read.length]).toEqual([false, 2]);
  read[1]?.resolve();
  await settle();
  expect([a.isValid, a.termOf(HALL)]).toEqual([true, 1]);
});
