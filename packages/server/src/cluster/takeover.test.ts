import type { Epoch, MemberId, RoomKey } from '@gavel/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import type { RoomState } from '../rooms/room-state.ts';
import { KEY, kick, login, ORIGIN } from '../rooms/testing.ts';
import type { LiveRoom } from '../store/live-rooms.ts';
import type { Owner } from './ownership.ts';
import { OTHER_KEY, openNetwork } from './testing.ts';

let { network, table, open } = openNetwork();
beforeEach(() => {
  ({ network, table, open } = openNetwork());
});

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

  test('a room whose end was stored and not published ends at the next owner, with no second callback (CLUS-3, CLUS-7)', async () => {
    const [a, b, c] = [open('a'), open('b'), open('c')];
    await a.enter('ann');
    await b.enter('ben');
    const { epoch, members } = a.rooms.transfer.stateOf(KEY) as RoomState;
    table.ends.set(KEY.roomId, { epoch, cause: 'room-closed', reason: 'over' });
    network.leave('a');
    await expect
      .poll(() => [b.rooms.size, c.rooms.size, b.got.at(-1), c.got.at(-1)])
      .toEqual([...[0, 0], ...['room 6 roomClosed', 'room 6 roomClosed']]);
    const ends = b.batches.at(-1)?.events;
    expect(ends?.map(({ type }) => type)).toEqual(['memberLeft', 'memberLeft', 'roomClosed']);
    expect(ends).toMatchObject([{ reason: 'over' }, {}, { cause: 'room-closed', reason: 'over' }]);
    expect([...b.omitted, ...c.omitted].sort()).toEqual(
      [epoch, ...members.members.map(({ member }) => member.memberId)].sort(),
    );
    expect((await b.enter('cem')).session?.room.members.map(({ user }) => user.id)).toEqual(['cem']);
    expect([...b.errors, ...c.errors, ...b.lost, ...c.lost]).toEqual([]);
  });

  test('a room whose last member has left, and nobody was told, ends at the next owner; so does a life that began then (CLUS-7)', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    const { epoch } = a.rooms.transfer.stateOf(KEY) as RoomState;
    const next = String(BigInt(epoch) + 1n) as Epoch;
    const stored: LiveRoom = { key: KEY, epoch: next, userSeq: 1, streamSeq: 0, members: [], streams: [] };
    table.ends.set(KEY.roomId, { epoch, cause: 'logout', reason: '' });
    table.liveRooms.set(KEY.roomId, stored);
    network.leave('a');
    await expect.poll(() => b.got.slice(-2)).toEqual(['room 3 memberLeft', 'room 4 roomClosed']);
    expect([b.closedLeft, b.rooms.size, b.errors]).toEqual([[stored], 0, []]);
  });

  test('the end of an earlier life does not end the room (CLUS-3)', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.enter('ann');
    const { epoch } = a.rooms.transfer.stateOf(KEY) as RoomState;
    table.ends.set(KEY.roomId, { epoch: String(BigInt(epoch) - 1n) as Epoch, cause: 'room-closed', reason: '' });
    network.leave('a');
    await expect.poll(() => b.takenOver).toHaveLength(1);
    expect([b.rooms.size, b.omitted, b.errors]).toEqual([1, [], []]);
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
    const owner = table.ownerOf(KEY);
    // Between the two owners, nobody has it.
    table.setOwner(KEY, { node: 'nobody', term: 1 });
    await a.replicas.sendDigest();
    expect(follower.lost).toEqual([]);
    table.setOwner(KEY, owner as Owner);
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
    // Also the clients of a node that has lacked it.
    expect(b.got).toEqual(c.got);
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

  test('the session of an empty room goes on with what hosts have restricted, within its time (CLUS-3, HOST-4)', async () => {
    const [a, b, c] = [open('a'), open('b'), open('c')];
    const KEPT_MS = 60_000;
    const join = (node: typeof a, userId: string) =>
      node.bus.call({ key: KEY, command: login(userId, { sessionKeptMs: KEPT_MS }), origin: ORIGIN });
    const leave = async (node: typeof a, userId: string) => {
      const { session } = await join(node, userId);
      await node.bus.call({
        key: KEY,
        command: { type: 'logout', memberId: session?.member.memberId as never },
        origin: ORIGIN,
      });
    };
    const mute = { type: 'mute', require: 'all', kinds: { audio: true, video: false }, allowUnmute: false } as const;
    await join(a, 'ann');
    await a.bus.call({ key: KEY, command: mute, origin: ORIGIN });
    const { moderation } = a.rooms.transfer.stateOf(KEY) ?? {};
    await leave(b, 'ann');
    network.leave('a');
    for (const node of [b, c]) node.clock.advance(KEPT_MS - 1);
    const { session } = await join(c, 'ann');
    expect(session?.room.members).toHaveLength(1);
    const owner = table.ownerOf(KEY)?.node === 'b' ? b : c;
    expect(owner.rooms.transfer.stateOf(KEY)?.moderation).toEqual(moderation);
    // Another time, too late.
    await leave(c, 'ann');
    for (const node of [b, c]) node.clock.advance(KEPT_MS);
    network.leave(table.ownerOf(KEY)?.node ?? '');
    const last = owner === b ? c : b;
    await join(last, 'ann');
    expect(last.rooms.transfer.stateOf(KEY)?.moderation).not.toEqual(moderation);
  });

  test('who waits goes on waiting at the next owner, and who was accepted is let in (CLUS-3, WAIT-3)', async () => {
    const [a, b, c] = [open('a'), open('b'), open('c')];
    const HOST = { publishAudio: true, publishVideo: true, moderation: { kick: true, acceptWaiting: true } };
    const askAt = async (node: typeof a, userId: string, until: 'accepted' | 'attended', key = KEY) => {
      const command = login(userId, { waits: { until, rememberedForMs: 60_000 } });
      return (await node.bus.call({ key, command, origin: ORIGIN })).waiting;
    };
    const enterAsHost = async (key = KEY) =>
      (await b.bus.call({ key, command: login('host', { permissions: HOST }), origin: ORIGIN })).session;
    await a.enter('ann');
    const host = await enterAsHost();
    const [ben, cem] = [await askAt(c, 'ben', 'accepted'), await askAt(c, 'cem', 'accepted')];
    // Nobody is in this room yet.
    const dan = await askAt(a, 'dan', 'attended', OTHER_KEY);
    await c.bus.call({ key: KEY, command: kick('cem'), origin: ORIGIN });
    network.leave('a');
    await expect.poll(() => [KEY, OTHER_KEY].map((key) => table.ownerOf(key)?.term)).toEqual([2, 2]);
    const { waiting } = await b.bus.query(KEY, { type: 'waiting' });
    expect(waiting.map(({ memberId }) => memberId)).toEqual([ben?.memberId]);
    const by = host?.member.memberId as MemberId;
    const memberIds = [ben, cem].flatMap((each) => each?.memberId ?? []);
    const answer = { type: 'answerWaiting', by, memberIds, isAccepted: true } as const;
    await c.bus.call({ key: KEY, command: answer, origin: ORIGIN });
    await enterAsHost(OTHER_KEY);
    const admitted = () =>
      c.batches.flatMap(({ events }) =>
        events.flatMap((event) => (event.type === 'admissionAnswered' ? event.waiting.memberId : [])),
      );
    await expect.poll(admitted).toEqual([ben?.memberId, dan?.memberId]);
    await expect.poll(() => b.got.toSorted()).toEqual(c.got.toSorted());
    // Who was accepted enters at the owner after the next one too.
    await b.bus.call({ key: KEY, command: { type: 'logout', memberId: ben?.memberId as MemberId }, origin: ORIGIN });
    const owner = table.ownerOf(KEY)?.node;
    network.leave(owner ?? '');
    expect(await askAt(owner === 'b' ? c : b, 'ben', 'accepted')).toBeUndefined();
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
