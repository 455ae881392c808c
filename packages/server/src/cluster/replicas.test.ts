import type { RoomKey } from '@gavel/protocol';
import { MemoryNetwork } from '@gavel/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { LocalBus } from '../bus/local-bus.ts';
import { Publisher } from '../bus/publisher.ts';
import { NO_MEDIA } from '../bus/testing.ts';
import type { RoomState } from '../rooms/room-state.ts';
import { type EventBatch, Rooms } from '../rooms/rooms.ts';
import { KEY, kick, login, ORIGIN, testSettings } from '../rooms/testing.ts';
import { ClusterBus, type OwnedBatch } from './cluster-bus.ts';
import type { NodeId } from './node-link.ts';
import type { Owner, Ownership } from './ownership.ts';
import { ClusterPeers } from './peers.ts';
import { Replicas } from './replicas.ts';
import { Takeover } from './takeover.ts';

const OTHER_KEY: RoomKey = { ...KEY, roomId: 'other' as never };

/** Owners in a table that all nodes see; a claim succeeds if the owner has left the network. */
class OwnerTable {
  readonly #owners = new Map<string, Owner>();
  readonly #isAlive: (node: NodeId) => boolean;

  constructor(isAlive: (node: NodeId) => boolean) {
    this.#isAlive = isAlive;
  }

  give({ roomId }: RoomKey, owner: Owner): void {
    this.#owners.set(roomId, owner);
  }

  ownerOf({ roomId }: RoomKey): Owner | undefined {
    const owner = this.#owners.get(roomId);
    return owner && this.#isAlive(owner.node) ? owner : undefined;
  }

  ofNode(self: NodeId): Ownership {
    return {
      ownerOf: async (key) => this.ownerOf(key),
      claim: async (key) => {
        const term = (this.#owners.get(key.roomId)?.term ?? 0) + 1;
        const owner = this.ownerOf(key) ?? { node: self, term };
        this.#owners.set(key.roomId, owner);
        return owner;
      },
      termOf: (key) => (this.ownerOf(key)?.node === self ? this.ownerOf(key)?.term : undefined),
      correct: () => undefined,
      release: async ({ roomId }) => {
        const owner = this.#owners.get(roomId);
        // Without an owner that is alive, the next term is higher.
        if (owner) this.#owners.set(roomId, { node: 'nobody', term: owner.term });
      },
    };
  }
}

/** A node, with what its subscribers got and the way to lose batches on their way to it. */
function openNode(network: MemoryNetwork, table: OwnerTable, id: NodeId) {
  const settings = testSettings();
  const publisher = new Publisher();
  const rooms = new Rooms(settings, { first: [], after: [publisher] });
  const peers = new ClusterPeers(network.join(id));
  const got: string[] = [];
  const batches: EventBatch[] = [];
  const [lost, takenOver, errors]: [RoomKey[], Owner[], unknown[]] = [[], [], []];
  const prepared: string[] = [];
  const report = (error: unknown): void => void errors.push(error);
  const ownership = table.ofNode(id);
  const replicas: Replicas = new Replicas({
    ...{ peers, settings, report },
    stateOf: (key) => rooms.transfer.stateOf(key),
    termOf: (key) => ownership.termOf(key),
    ownerOf: (key) => ownership.ownerOf(key),
    onLost: (key) => lost.push(key),
  });
  const takeover = new Takeover({
    ...{ peers, ownership, replicas, report },
    has: (key) => rooms.transfer.has(key),
    prepare: async (key) => void prepared.push(key.roomId),
    async letGo(key, term) {
      const state = rooms.transfer.stateOf(key);
      rooms.transfer.forget(key);
      if (state) replicas.recordForgotten(state, term);
    },
    adopt: async (state) => rooms.transfer.adopt(state),
    onTakeover: (_key, owner) => takenOver.push(owner),
  });
  /** Loses so many of the next batches. */
  const link = { losing: 0 };
  const bus = new ClusterBus({
    ...{ peers, report, ownership: takeover, termOf: (key: RoomKey) => ownership.termOf(key) },
    own: new LocalBus({ rooms, media: NO_MEDIA, publisher }),
    replicas: {
      deliverTo: (deliver) => replicas.deliverTo(deliver),
      recordSent: (owned) => replicas.recordSent(owned),
      receive: (from: NodeId, owned: OwnedBatch) => {
        link.losing -= 1;
        return link.losing >= 0 ? undefined : replicas.receive(from, owned);
      },
    },
  });
  bus.subscribe({
    handle: (batch) => {
      batches.push(batch);
      for (const { type, seq } of batch.events) got.push(`${batch.key.roomId} ${seq} ${type}`);
    },
  });
  peers.start();
  const enter = (userId: string, key = KEY) => bus.call({ key, command: login(userId), origin: ORIGIN });
  return {
    bus,
    rooms,
    replicas,
    takeover,
    got,
    batches,
    lost,
    prepared,
    takenOver,
    errors,
    link,
    enter,
    clock: settings.clock,
  };
}

let network: MemoryNetwork;
let table: OwnerTable;
let open: (id: NodeId) => ReturnType<typeof openNode>;
beforeEach(() => {
  network = new MemoryNetwork({ seed: 1, maxMs: 1 });
  const alive = new Set<NodeId>();
  table = new OwnerTable((node) => alive.has(node));
  open = (id) => {
    alive.add(id);
    return openNode(network, table, id);
  };
  const leave = network.leave.bind(network);
  network.leave = (id) => {
    alive.delete(id);
    leave(id);
  };
});

const messageOf = (text: string) =>
  ({ type: 'send', kind: 'broadcast', from: { id: 'backend', name: 'backend' }, text }) as never;

describe('replicas', () => {
  test('a room at another node is the same as at its owner, after every batch (BUS-3)', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    await b.enter('ben');
    await b.bus.call({ key: KEY, command: kick('ann'), origin: ORIGIN });
    const { epoch, seq, streams, polls, messages } = a.rooms.transfer.stateOf(KEY) as RoomState;
    expect(b.replicas.find(KEY)).toMatchObject({ term: 1, state: { epoch, seq, streams, polls, messages } });
    expect(b.replicas.find(KEY)?.state.members.members.map(({ member }) => member.user.id)).toEqual(['ben']);
    expect(a.got).toEqual(b.got);
    await b.bus.call({ key: KEY, command: kick('ben'), origin: ORIGIN });
    expect(b.replicas.find(KEY)).toBeUndefined();
  });

  test('a lost batch is asked for when the next one arrives: subscribers get every event once and in order', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    b.link.losing = 2;
    await a.enter('ben');
    await a.enter('cem');
    await a.enter('dan');
    expect(b.got).toEqual(a.got);
    expect(b.lost).toEqual([]);
  });

  test('a lost batch that no other follows is found by the digest, 5 s later at the latest', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    b.link.losing = 1;
    await a.enter('ben');
    expect(b.got).not.toEqual(a.got);
    a.replicas.start();
    a.clock.advance(5000);
    await expect.poll(() => b.got, { timeout: 10_000 }).toEqual(a.got);
    a.replicas.stop();
  });

  test('a node that joins later knows all rooms after a digest, and the end of a room that it has missed', async () => {
    const a = open('a');
    await a.enter('ann');
    await a.enter('ben', OTHER_KEY);
    const b = open('b');
    await a.replicas.sendDigest();
    expect([KEY, OTHER_KEY].map((key) => b.replicas.find(key)?.state.members.members.length)).toEqual([1, 1]);
    b.link.losing = 1;
    await a.bus.call({ key: KEY, command: kick('ann'), origin: ORIGIN });
    expect(b.replicas.find(KEY)).toBeDefined();
    await a.replicas.sendDigest();
    expect([KEY, OTHER_KEY].map((key) => b.replicas.find(key)?.state.members.members.length)).toEqual([undefined, 1]);
    // What its clients know of the room is outdated.
    expect(b.lost).toEqual([KEY]);
  });

  test('a digest is not sent while the one before is not answered: none gather at a slow node', async () => {
    const answers = [Promise.withResolvers<null[]>(), Promise.withResolvers<null[]>()];
    const sent: unknown[] = [];
    const askOthers = (_topic: unknown, request: unknown) => answers[sent.push(request) - 1]?.promise;
    const peers = { self: 'a', serve: () => {}, ask: () => {}, askOthers } as never;
    const replicas = new Replicas({
      ...{ peers, settings: testSettings(), stateOf: () => undefined, termOf: () => undefined },
      ...{ onLost: () => {}, report: () => {} },
    });
    const first = replicas.sendDigest();
    await replicas.sendDigest();
    expect(sent).toHaveLength(1);
    // An answer that says that the digest has failed ends it too.
    answers[0]?.reject(new Error('the node is gone'));
    await expect(first).rejects.toThrow('the node is gone');
    const second = replicas.sendDigest();
    expect(sent).toHaveLength(2);
    answers[1]?.resolve([]);
    await second;
  });

  test('more events than the owner keeps are lost: the clients of the node get the whole state', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    // Twice the 100 events that the owner keeps in this test, and one.
    b.link.losing = 201;
    for (let count = 0; count < 201; count++) await a.bus.call({ key: KEY, command: messageOf('hi'), origin: ORIGIN });
    b.link.losing = 0;
    await a.enter('ben');
    expect(b.lost).toEqual([KEY]);
    expect(b.replicas.find(KEY)?.state.seq).toBe(a.rooms.transfer.stateOf(KEY)?.seq);
  });

  test('a node that has lost a room follows it: its clients get what has happened since, once', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    const before = a.got.length;
    a.replicas.recordForgotten(a.rooms.transfer.stateOf(KEY) as RoomState, 0);
    a.rooms.transfer.forget(KEY);
    expect(a.rooms.size).toBe(0);
    table.give(KEY, { node: 'b', term: 2 });
    b.rooms.transfer.adopt(b.replicas.find(KEY)?.state as RoomState);
    await a.enter('ben');
    expect(b.rooms.size).toBe(1);
    expect(a.got.slice(before)).toEqual(['room 3 memberJoined']);
    expect(a.replicas.find(KEY)).toMatchObject({ term: 2, state: { seq: 3 } });
    expect(a.lost).toEqual([]);
  });

  test('an owner without a valid lease says nothing of its rooms: the replicas stay for the takeover (CLUS-3)', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    table.give(KEY, { node: 'nobody', term: 1 });
    await a.replicas.sendDigest();
    b.link.losing = 1;
    await b.replicas.receive('a', { term: 1, batch: a.batches[0] as EventBatch });
    expect(b.replicas.find(KEY)?.state.members.members).toHaveLength(1);
    expect(b.lost).toEqual([]);
  });

  test('what a former owner has sent late changes nothing at any node after a claim (CLUS-2)', async () => {
    const [a, b, c] = [open('a'), open('b'), open('c')];
    await a.enter('ann');
    const [batch] = a.batches as [EventBatch];
    network.leave('a');
    await expect.poll(() => table.ownerOf(KEY)?.term, { timeout: 10_000 }).toBe(2);
    await expect.poll(() => [...b.takenOver, ...c.takenOver]).toHaveLength(1);
    const late = { ...batch, events: batch.events.slice(-1).map((event) => ({ ...event, seq: 3 })) };
    for (const node of [b, c]) await node.replicas.receive('a', { term: 1, batch: late });
    expect([...b.got, ...c.got].filter((text) => text.includes(' 3 '))).toEqual([]);
    await b.enter('ben');
    expect(b.got).toEqual(c.got);
    expect([...b.lost, ...c.lost]).toEqual([]);
  });

  test('clients that have got what did not survive their owner get the whole state (CLUS-3)', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    const [batch] = a.batches as [EventBatch];
    const events = batch.events.slice(-1).map((event) => ({ ...event, atMs: 1 }));
    // The new owner does not answer.
    await expect(b.replicas.receive('c', { term: 2, batch: { ...batch, events } })).rejects.toThrow();
    expect(b.lost).toEqual([KEY]);
  });

  test('a batch of an ended term changes nothing (CLUS-2)', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    const [batch] = a.batches as [EventBatch];
    await b.replicas.receive('c', {
      term: 2,
      batch: { ...batch, epoch: '99' as never, events: renumber(batch, '99') },
    });
    const before = b.got.length;
    await a.enter('ben');
    expect(b.got).toHaveLength(before);
    expect(b.replicas.find(KEY)).toMatchObject({ term: 2, state: { epoch: '99' } });
  });
});

const renumber = ({ events }: EventBatch, epoch: string) =>
  events.map((event) => ({ ...event, epoch: epoch as never }));

describe('takeover', () => {
  test('when the owner dies, another node goes on with the room: same epoch, next number, higher term (CLUS-3)', async () => {
    const [a, b, c] = [open('a'), open('b'), open('c')];
    await a.enter('ann');
    await b.enter('ben');
    const before = a.rooms.transfer.stateOf(KEY);
    network.leave('a');
    await expect.poll(() => table.ownerOf(KEY)?.term, { timeout: 10_000 }).toBe(2);
    const { session } = await c.enter('cem');
    expect(session?.room).toMatchObject({ epoch: before?.epoch });
    expect(session?.room.members.map(({ user }) => user.id)).toEqual(['ann', 'ben', 'cem']);
    expect([...b.takenOver, ...c.takenOver]).toEqual([table.ownerOf(KEY)]);
    expect(b.got).toEqual(c.got);
    expect(b.got.at(-1)).toBe(`room ${(before?.seq ?? 0) + 1} memberJoined`);
    expect([...b.errors, ...c.errors, ...b.lost, ...c.lost]).toEqual([]);
  });

  test('a node that drains gives its rooms away, and new ones begin elsewhere: nobody is disconnected (CLUS-9)', async () => {
    const [a, b, c] = [open('a'), open('b'), open('c')];
    await a.enter('ann');
    const before = a.rooms.transfer.stateOf(KEY);
    a.takeover.beginDrain();
    const [isGiven, kicked] = await Promise.all([
      a.takeover.handOver(KEY),
      b.bus.call({ key: KEY, command: kick('ann'), origin: ORIGIN }).then(() => b.enter('ben')),
    ]);
    expect([isGiven, kicked.session?.member.user.id, a.rooms.size]).toEqual([true, 'ben', 0]);
    expect(table.ownerOf(KEY)).toMatchObject({ term: 2 });
    const { session } = await a.enter('cem', OTHER_KEY);
    expect(session).toBeDefined();
    expect(table.ownerOf(OTHER_KEY)?.node).not.toBe('a');
    expect(a.rooms.size).toBe(0);
    expect(before?.members.members).toHaveLength(1);
    expect([...a.errors, ...a.lost, ...b.lost, ...c.lost]).toEqual([]);
  });

  test('a node that hears of a new owner late asks it, and disconnects nobody (CLUS-3, CLUS-9)', async () => {
    const nodes = { a: open('a'), b: open('b'), c: open('c') };
    const { a } = nodes;
    await a.enter('ann');
    await a.takeover.handOver(KEY);
    const follower = table.ownerOf(KEY)?.node === 'b' ? nodes.c : nodes.b;
    // The room is not among those of its former owner.
    await a.replicas.sendDigest();
    expect(follower.lost).toEqual([]);
    expect(follower.replicas.find(KEY)).toMatchObject({ term: 2 });
  });

  test('what an owner decides while its room is claimed once more reaches every node (CLUS-4)', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    await a.enter('ben');
    const kicked = a.bus.call({ key: KEY, command: kick('ann'), origin: ORIGIN });
    const claims = Array.from({ length: 50 }, () => a.takeover.claim(KEY));
    await Promise.all([kicked, ...claims]);
    expect(b.got.at(-1)).toContain('memberLeft');
    expect(b.got).toEqual(a.got);
  });

  test('a node that nobody takes rooms from keeps them (CLUS-9)', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    b.takeover.beginDrain();
    a.takeover.beginDrain();
    expect(await a.takeover.handOver(KEY)).toBe(false);
    expect((await a.enter('ben')).session?.room.members).toHaveLength(2);
    expect(table.ownerOf(KEY)).toEqual({ node: 'a', term: 2 });
  });

  test('the newest replica of all nodes wins, whichever node claims', async () => {
    const [a, b, c] = [open('a'), open('b'), open('c')];
    await a.enter('ann');
    // The last batch reached only one of the two.
    b.link.losing = 1;
    await a.enter('ben');
    network.leave('a');
    const { session } = await b.enter('cem');
    expect(session?.room.members.map(({ user }) => user.id)).toEqual(['ann', 'ben', 'cem']);
    await b.enter('dan');
    expect(c.got.at(-1)).toBe(b.got.at(-1));
    expect(b.replicas.find(KEY)?.term ?? b.rooms.size).toBeGreaterThan(0);
  });

  test('commands that come before the takeover wait for it, at every node (CLUS-3)', async () => {
    const [a, b, c] = [open('a'), open('b'), open('c')];
    await a.enter('ann');
    network.leave('a');
    const [kicked, { session }] = await Promise.all([
      c.bus.call({ key: KEY, command: kick('ann'), origin: ORIGIN }),
      b.enter('ben'),
    ]);
    expect(kicked.members.map(({ user }) => user.id)).toEqual(['ann']);
    expect(session?.member.user.id).toBe('ben');
    const answers = [b, c].map(({ bus }) => bus.query(KEY, { type: 'snapshot' }));
    for (const { room } of await Promise.all(answers))
      expect(room?.members.map(({ user }) => user.id)).toEqual(['ben']);
  });

  test('all rooms of a dead owner are taken over without a call, and shared by the others', async () => {
    const nodes = [open('a'), open('b'), open('c')] as const;
    const keys = Array.from({ length: 20 }, (_, index): RoomKey => ({ ...KEY, roomId: `room-${index}` as never }));
    await Promise.all(keys.map((key) => nodes[0].enter('ann', key)));
    network.leave('a');
    const ownerOf = (key: RoomKey) => table.ownerOf(key)?.node;
    await expect.poll(() => keys.every((key) => ownerOf(key)), { timeout: 10_000 }).toBe(true);
    expect(new Set(keys.map(ownerOf))).toEqual(new Set(['b', 'c']));
    await expect.poll(() => nodes[1].rooms.size + nodes[2].rooms.size, { timeout: 10_000 }).toBe(20);
  });
});
