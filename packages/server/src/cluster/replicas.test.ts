import { beforeEach, describe, expect, test } from 'vitest';
import type { EventBatch } from '../owner/rooms.ts';
import type { RoomState } from '../rooms/room-state.ts';
import { KEY, kick, ORIGIN, testSettings } from '../rooms/testing.ts';
import { Replicas } from './replicas.ts';
import { OTHER_KEY, openNetwork } from './testing.ts';

let { network, table, open } = openNetwork();
beforeEach(() => {
  ({ network, table, open } = openNetwork());
});

const messageOf = (text: string) =>
  ({ type: 'send', kind: 'broadcast', from: { id: 'backend', name: 'backend' }, text }) as never;

const renumber = ({ events }: EventBatch, epoch: string) =>
  events.map((event) => ({ ...event, epoch: epoch as never }));

/** Node b becomes the owner of the room with a state. */
async function goOn(b: ReturnType<typeof open>, state: RoomState): Promise<void> {
  table.setOwner(KEY, { node: 'b', term: 2 });
  b.rooms.transfer.adopt(state);
  await b.replicas.recordAdopted(state, 2);
}

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

  test('a member that has come and was kicked while batches were lost does not come and leave in one batch (CLUS-4)', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    b.link.losing = 2;
    await a.enter('ben');
    await a.bus.call({ key: KEY, command: kick('ben'), origin: ORIGIN });
    await a.enter('cem');
    expect(b.got).toEqual(a.got);
    const hasBoth = ({ events }: EventBatch) => {
      const types = events.flatMap((event) => ('member' in event && event.member.user.id === 'ben' ? event.type : []));
      return types.length > 1;
    };
    expect(b.batches.filter(hasBoth)).toEqual([]);
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
      ...{
        peers,
        settings: testSettings(),
        stateOf: () => undefined,
        termOf: () => undefined,
        ownerOf: () => undefined,
      },
      ...{ onLost: () => {}, onReplaced: () => {}, report: () => {} },
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
    table.setOwner(KEY, { node: 'b', term: 2 });
    b.rooms.transfer.adopt(b.replicas.find(KEY)?.state as RoomState);
    await a.enter('ben');
    expect(b.rooms.size).toBe(1);
    expect(a.got.slice(before)).toEqual(['room 3 memberJoined']);
    expect(a.replicas.find(KEY)).toMatchObject({ term: 2, state: { seq: 3 } });
    expect(a.lost).toEqual([]);
  });

  test('a node that has lost a room asks the next owner at once for what its clients lack (CLUS-3)', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    const before = a.rooms.transfer.stateOf(KEY) as RoomState;
    await goOn(b, before);
    a.link.losing = 1;
    await b.enter('ben');
    a.replicas.recordForgotten(before, 0);
    a.rooms.transfer.forget(KEY);
    await a.replicas.refresh(KEY);
    expect([a.got, a.lost]).toEqual([['room 1 roomCreated', 'room 2 memberJoined', 'room 3 memberJoined'], []]);
  });

  test('an owner without a valid lease says nothing of its rooms: the replicas stay for the takeover (CLUS-3)', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    table.setOwner(KEY, { node: 'nobody', term: 1 });
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

  test('a node that still has a room of which another one has a higher term follows it (CLUS-2)', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    const before = a.rooms.transfer.stateOf(KEY) as RoomState;
    await goOn(b, before);
    await b.enter('ben');
    expect([a.rooms.size, a.lost, a.got.at(-1)]).toEqual([0, [], 'room 3 memberJoined']);
    expect(a.replicas.find(KEY)).toMatchObject({ term: 2, state: { seq: 3 } });
  });

  test('clients that have got what did not survive their owner get the whole state (CLUS-3)', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    const before = a.rooms.transfer.stateOf(KEY) as RoomState;
    // What only the clients of the first owner get.
    b.link.losing = 1;
    await a.bus.call({ key: KEY, command: messageOf('hi'), origin: ORIGIN });
    await goOn(b, before);
    await b.enter('ben');
    expect(a.lost).toEqual([KEY]);
    expect(a.replicas.find(KEY)).toMatchObject({ term: 2, state: { seq: 3 } });
  });

  test('what a former owner has decided and told nobody disconnects none of its clients (CLUS-3)', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    const before = a.rooms.transfer.stateOf(KEY) as RoomState;
    const stored = Promise.withResolvers<void>();
    a.store.pending = stored.promise;
    const refused = a.bus.call({ key: KEY, command: messageOf('hi'), origin: ORIGIN }).catch((error) => error.code);
    await expect.poll(() => a.rooms.transfer.stateOf(KEY)?.seq).toBe(3);
    // Meanwhile another node has the room.
    await goOn(b, before);
    await b.enter('ben');
    stored.resolve();
    expect(await refused).toBe('server.node-unavailable');
    await b.enter('cem');
    expect([a.lost, a.got.slice(2)]).toEqual([[], ['room 3 memberJoined', 'room 4 memberJoined']]);
    expect(a.got).toEqual(b.got);
  });

  test('a room that a node has lost does not keep its other rooms from its digests (CLUS-3)', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    await a.enter('ann', OTHER_KEY);
    table.setOwner(KEY, { node: 'nobody', term: 2 });
    b.link.losing = 1;
    await a.enter('ben', OTHER_KEY);
    await a.replicas.sendDigest();
    expect([KEY, OTHER_KEY].map((key) => b.replicas.find(key)?.state.members.members.length)).toEqual([1, 2]);
    expect(b.lost).toEqual([]);
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
