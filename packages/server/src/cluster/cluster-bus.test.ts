import type { RoomKey } from '@gavel/protocol';
import { MemoryNetwork } from '@gavel/testkit';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { expect, test } from 'vitest';
import type { Command } from '../bus/bus.ts';
import { LocalBus } from '../bus/local-bus.ts';
import { Publisher } from '../bus/publisher.ts';
import { NO_MEDIA } from '../bus/testing.ts';
import { Rooms } from '../owner/rooms.ts';
import type { CallTerms } from '../rooms/commands.ts';
import { KEY, kick, login, ORIGIN, testSettings } from '../rooms/testing.ts';
import { ClusterBus } from './cluster-bus.ts';
import type { Owner, Ownership } from './ownership.ts';
import { ClusterPeers } from './peers.ts';

/** Ownership in a table that all nodes read, beside what each node believes to know. */
function openOwnership(self: string, table: Map<string, Owner>): Ownership & { readonly known: Map<string, Owner> } {
  const known = new Map<string, Owner>();
  const textOf = ({ roomId }: RoomKey): string => roomId;
  return {
    known,
    ownerOf: async (key) => known.get(textOf(key)) ?? table.get(textOf(key)),
    claim: async (key) => {
      const owner = table.get(textOf(key)) ?? { node: self, term: 1 };
      table.set(textOf(key), owner);
      return owner;
    },
    termOf: (key) => (table.get(textOf(key))?.node === self ? table.get(textOf(key))?.term : undefined),
    correct: (key, owner) => void (owner ? known.set(textOf(key), owner) : known.delete(textOf(key))),
    release: async (key) => void known.delete(textOf(key)),
  };
}

/** Lets time pass, and what waits for it happen. */
async function passTime(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    clock.advance(100);
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

function openNodes() {
  const clock = new FakeClock();
  const network = new MemoryNetwork({ seed: 1, maxMs: 0 });
  const table = new Map<string, Owner>();
  const open = (id: string) => {
    const publisher = new Publisher();
    const rooms = new Rooms(testSettings(), { first: [], after: [publisher] });
    const own = new LocalBus({ rooms, media: NO_MEDIA, publisher });
    const peers = new ClusterPeers(network.join(id));
    const ownership = openOwnership(id, table);
    const bus = new ClusterBus({ peers, ownership, own, clock, report: (error) => expect.fail(String(error)) });
    peers.start();
    return { bus, rooms, ownership };
  };
  return { network, table, clock, a: open('a'), b: open('b') };
}

test('the first login claims a room for its node; commands and queries of others go there', async () => {
  const { a, b, table } = openNodes();
  await a.bus.call({ key: KEY, command: login('ann'), origin: ORIGIN });
  await b.bus.call({ key: KEY, command: login('ben'), origin: ORIGIN });
  expect(table.get(KEY.roomId)).toEqual({ node: 'a', term: 1 });
  expect([a.rooms.size, b.rooms.size]).toEqual([1, 0]);
  const { room } = await b.bus.query(KEY, { type: 'summary' });
  expect(room?.memberCount).toBe(2);
});

test('a room that nobody owns is not found, and is not claimed by anything but a login', async () => {
  const { b, table } = openNodes();
  await expect(b.bus.call({ key: KEY, command: kick('ann'), origin: ORIGIN })).rejects.toMatchObject({
    code: 'room.not-found',
  });
  expect(await b.bus.query(KEY, { type: 'summary' })).toEqual({});
  expect(table.size).toBe(0);
});

test('a node that is not the owner says who is, and the caller asks that node', async () => {
  const { a, b } = openNodes();
  await a.bus.call({ key: KEY, command: login('ann'), origin: ORIGIN });
  a.ownership.known.set(KEY.roomId, { node: 'b', term: 1 });
  const { members } = await a.bus.call({ key: KEY, command: kick('ann'), origin: ORIGIN });
  expect(members.map(({ user }) => user.id)).toEqual(['ann']);
  expect(a.ownership.known.get(KEY.roomId)).toEqual({ node: 'a', term: 1 });
  expect(b.rooms.size).toBe(0);
});

test('a command that does not reach an owner that is gone is executed at the next one (CLUS-3)', async () => {
  const { a, b, network, table, clock } = openNodes();
  await a.bus.call({ key: KEY, command: login('ann'), origin: ORIGIN });
  network.leave('a');
  const order: string[] = [];
  const entered = ['ben', 'cem'].map((userId) =>
    b.bus.call({ key: KEY, command: login(userId), origin: ORIGIN }).then(() => order.push(userId)),
  );
  await passTime(clock, 1000);
  expect(order).toEqual([]);
  table.set(KEY.roomId, { node: 'b', term: 2 });
  await passTime(clock, 200);
  await Promise.all(entered);
  expect(order).toEqual(['ben', 'cem']);
});

test('of what an owner has got and not answered, a query is repeated and a command is not (CLUS-3)', async () => {
  const { a, b, network, table, clock } = openNodes();
  await a.bus.call({ key: KEY, command: login('ann'), origin: ORIGIN });
  b.ownership.known.set(KEY.roomId, { node: 'a', term: 1 });
  const hang = () => new Promise(() => {});
  Object.assign(a.rooms, { execute: hang, answer: hang });
  const query = b.bus.query(KEY, { type: 'summary' });
  const failed = expect(b.bus.call({ key: KEY, command: kick('ann'), origin: ORIGIN })).rejects.toMatchObject({
    code: 'server.node-unavailable',
  });
  await passTime(clock, 100);
  network.leave('a');
  table.set(KEY.roomId, { node: 'b', term: 2 });
  await passTime(clock, 500);
  await failed;
  expect(await query).toEqual({});
});

test.each([
  ['a kick', kick('ann'), 'in its place'],
  ['a kick with a ban', { ...kick('ann'), ban: { of: 'user', in: 'room' } }, 'in its place'],
  ['a message', { type: 'send', kind: 'broadcast', from: { id: 'backend', name: '' }, text: 'hi' }, undefined],
] as [string, Command, string | undefined][])(
  'a command with an id that an owner has got and not answered: %s (CLUS-3, BUS-2)',
  async (_name, command, expected) => {
    const { a, b, network, table, clock } = openNodes();
    await a.bus.call({ key: KEY, command: login('ann'), origin: ORIGIN });
    b.ownership.known.set(KEY.roomId, { node: 'a', term: 1 });
    Object.assign(a.rooms, { execute: () => new Promise(() => {}) });
    let terms: CallTerms | undefined;
    const execute = async (_key: RoomKey, _command: unknown, _origin: unknown, given: CallTerms): Promise<string> => {
      terms = given;
      return 'in its place';
    };
    Object.assign(b.rooms, { execute });
    const answered = b.bus.call({ key: KEY, command, origin: ORIGIN, commandId: 'c1' }).catch(({ code }) => code);
    await passTime(clock, 100);
    network.leave('a');
    table.set(KEY.roomId, { node: 'b', term: 2 });
    await passTime(clock, 500);
    expect(await answered).toBe(expected ?? 'server.node-unavailable');
    expect(terms).toEqual(expected && { commandId: 'c1', isRetried: true });
  },
);

test('a command whose owner is gone fails with a clear error if there is no next one, and the owner is asked for anew', async () => {
  const { a, b, network, clock } = openNodes();
  await a.bus.call({ key: KEY, command: login('ann'), origin: ORIGIN });
  b.ownership.known.set(KEY.roomId, { node: 'a', term: 1 });
  network.leave('a');
  const failed = expect(b.bus.call({ key: KEY, command: kick('ann'), origin: ORIGIN })).rejects.toMatchObject({
    code: 'server.node-unavailable',
  });
  await passTime(clock, 4500);
  await failed;
  expect(b.ownership.known.has(KEY.roomId)).toBe(false);
});

test('a command is answered although a node that should get its events is gone', async () => {
  const { a, network } = openNodes();
  await a.bus.call({ key: KEY, command: login('ann'), origin: ORIGIN });
  network.leave('b');
  const { members } = await a.bus.call({ key: KEY, command: kick('ann'), origin: ORIGIN });
  expect(members).toHaveLength(1);
});
