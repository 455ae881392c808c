import { compareEpochs, isGavelError, type RoomId, type RoomKey, type StreamId } from '@gavel/protocol';
import { expect, test } from 'vitest';
import type { DuplicatePolicy } from '../rooms/commands.ts';
import { eventsOf, type RoomEvent } from '../rooms/events.ts';
import { KEY, kick, login, ORIGIN, resume, testSettings } from '../rooms/testing.ts';
import { type EventBatch, type EventSink, Rooms } from './rooms.ts';

function openRooms(sinks: EventSink[] = [], limits: { readonly maxStreamsPerApp?: number } = {}) {
  const settings = { ...testSettings(), ...limits };
  const batches: EventBatch[] = [];
  const rooms = new Rooms(settings, { first: [{ handle: (batch) => void batches.push(batch) }, ...sinks], after: [] });
  const join = async (
    userId: string,
    key: RoomKey = KEY,
    clientId = `client-of-${userId}`,
    onDuplicate: DuplicatePolicy = 'replace',
  ) => {
    const { session } = await rooms.execute(key, login(userId, { clientId, onDuplicate }), ORIGIN);
    if (!session) throw new Error('no session');
    return session;
  };
  const events = (): RoomEvent[] => batches.flatMap((batch) => [...batch.events]);
  return { rooms, clock: settings.clock, join, events };
}

const other: RoomKey = { ...KEY, roomId: 'other' as RoomId };
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (isGavelError(error) ? error.code : String(error)),
  );

test('a command to a room that is not there is refused, and makes none (ROOM-1)', async () => {
  const { rooms } = openRooms();
  expect(await codeOf(rooms.execute(KEY, kick('alice'), ORIGIN))).toBe('room.not-found');
  expect(rooms.size).toBe(0);
});

test('a refused first login leaves no room behind (ROOM-2)', async () => {
  const { rooms, join } = openRooms();
  await join('bob', other);
  const add = { type: 'addStream', streamId: 's' as StreamId, title: '', extraInfo: '' } as const;
  expect(await codeOf(rooms.execute(KEY, { ...add, user: login('x').user }, ORIGIN))).toBe('room.not-found');
  expect(rooms.size).toBe(1);
});

test('when a close is answered the id is free, and a login makes a new epoch (CLOSE-5, ROOM-3)', async () => {
  const { rooms, join } = openRooms();
  const first = await join('alice');
  await rooms.execute(KEY, { type: 'close', reason: '', announce: true }, ORIGIN);
  expect(rooms.answer(KEY, { type: 'summary' }).room).toBeUndefined();
  const second = await join('alice');
  expect(compareEpochs(second.room.epoch, first.room.epoch)).toBeGreaterThan(0);
  expect(second.room).toMatchObject({ seq: 2, userSeq: 1, streamSeq: 0, memberCount: 1 });
});

test('the answer waits for every sink, so that media is closed before it leaves (KICK-4)', async () => {
  let release = () => {};
  const slow: EventSink = {
    handle: ({ events }) =>
      eventsOf(events, 'memberLeft').length > 0 ? new Promise<void>((resolve) => (release = resolve)) : undefined,
  };
  const { rooms, join } = openRooms([slow]);
  await join('alice');
  let answered = false;
  const kicked = rooms.execute(KEY, kick('alice'), ORIGIN).then(() => (answered = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(answered).toBe(false);
  release();
  await kicked;
  expect(answered).toBe(true);
});

test('a ticket refused after a kick tells the cause and the reason (KICK-9, KICK-11)', async () => {
  const { rooms, join } = openRooms();
  const session = await join('alice');
  await rooms.execute(KEY, { ...kick('alice'), reason: '违规 🙂' }, ORIGIN);
  const refused = await rooms.execute(KEY, resume(session), ORIGIN).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'resume.refused', details: { cause: 'kicked', reason: '违规 🙂' } });
});

test('a ticket of an earlier life of the room is refused in the next one (ROOM-3, KICK-9)', async () => {
  const { rooms, join } = openRooms();
  const session = await join('alice');
  await rooms.execute(KEY, { type: 'close', reason: '', announce: true }, ORIGIN);
  await join('alice');
  expect(await codeOf(rooms.execute(KEY, resume(session), ORIGIN))).toBe('resume.refused');
});

test('the sweep takes out silent members of every room, and ends the rooms (ROOM-4)', async () => {
  const { rooms, clock, join, events } = openRooms();
  rooms.start();
  await join('alice');
  await join('bob', other);
  clock.advance(99_000);
  await rooms.execute(other, { type: 'touch', memberIds: [(await join('carol', other)).member.memberId] }, ORIGIN);
  clock.advance(1000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(eventsOf(events(), 'memberLeft').map((event) => event.member.user.id)).toEqual(['alice', 'bob']);
  expect(rooms.answer(KEY, { type: 'summary' }).room).toBeUndefined();
  expect(rooms.answer(other, { type: 'summary' }).room?.memberCount).toBe(1);
  rooms.stop();
});

test('a login replaces the user’s logins in other rooms of the App, but not those of the same client', async () => {
  const { rooms, join } = openRooms();
  await join('alice', KEY, 'phone');
  await join('alice', other, 'phone');
  expect(rooms.answer(KEY, { type: 'summary' }).room?.memberCount).toBe(1);
  await join('alice', other, 'laptop');
  expect(rooms.answer(KEY, { type: 'summary' }).room).toBeUndefined();
  expect(rooms.answer(other, { type: 'summary' }).room?.memberCount).toBe(1);
});

test('a login of another App, or in the test environment, replaces nobody (ACC-6)', async () => {
  const { rooms, join } = openRooms();
  await join('alice', KEY, 'phone');
  await join('alice', { ...KEY, appId: 2 as RoomKey['appId'] }, 'laptop');
  await join('alice', { ...KEY, environment: 'test' }, 'tablet');
  expect(rooms.answer(KEY, { type: 'summary' }).room?.memberCount).toBe(1);
});

test('a stream id is one user’s in the whole App, until it is free again (STRM-6)', async () => {
  const { rooms, join } = openRooms();
  const alice = await join('alice');
  const bob = await join('bob', other);
  const reserve = (memberId: typeof alice.member.memberId) =>
    ({
      type: 'reserveStream',
      memberId,
      streamId: 'cam' as StreamId,
      extraInfo: '',
      audio: true,
      video: true,
    }) as const;
  await rooms.execute(KEY, reserve(alice.member.memberId), ORIGIN);
  expect(await codeOf(rooms.execute(other, reserve(bob.member.memberId), ORIGIN))).toBe('stream.taken');
  await rooms.execute(KEY, kick('alice'), ORIGIN);
  expect(await codeOf(rooms.execute(other, reserve(bob.member.memberId), ORIGIN))).toBe('done');
});

test('the cap is exact under many logins at once (ROOM-7)', async () => {
  const { rooms } = openRooms();
  const attempts = Array.from({ length: 200 }, (_, i) =>
    codeOf(rooms.execute(KEY, login(`user-${i}`, { maxMemberCount: 50 }), ORIGIN)),
  );
  const answers = await Promise.all(attempts);
  expect(answers.filter((code) => code === 'done')).toHaveLength(50);
  expect(answers.filter((code) => code === 'login.room-full')).toHaveLength(150);
  expect(rooms.answer(KEY, { type: 'summary' }).room?.memberCount).toBe(50);
});

test('events that are kept late hold back later ones of their room, and of no other (CB-3, CB-4)', async () => {
  const settings = testSettings();
  const delivered: string[] = [];
  let keep = () => {};
  // Keeps logins only, and not before it is told to.
  const journal: EventSink = {
    handle: ({ key, events }) =>
      key.roomId === KEY.roomId && eventsOf(events, 'memberJoined').length > 0
        ? new Promise<void>((resolve) => (keep = resolve))
        : undefined,
  };
  const after: EventSink = {
    handle: ({ key, events }) => void delivered.push(...events.map(({ type }) => `${key.roomId} ${type}`)),
  };
  const rooms = new Rooms(settings, { first: [], journal, after: [after] });
  const send = { type: 'send', kind: 'broadcast', from: login('x').user, text: 'hi' } as const;
  const joined = rooms.execute(KEY, login('alice'), ORIGIN);
  const sent = rooms.execute(KEY, send, ORIGIN);
  await rooms.execute(other, login('bob'), ORIGIN);
  expect(delivered).toEqual(['other roomCreated', 'other memberJoined']);
  keep();
  await Promise.all([joined, sent]);
  expect(delivered.slice(2)).toEqual(['room roomCreated', 'room memberJoined', 'room message']);
  await rooms.execute(KEY, send, ORIGIN);
  expect(delivered.at(-1)).toBe('room message');
});

test('where events cannot be kept the caller hears of it, and clients are told all the same (KICK-4)', async () => {
  const delivered: string[] = [];
  const journal: EventSink = {
    handle: ({ events }) =>
      eventsOf(events, 'memberLeft').length > 0 ? Promise.reject(new Error('disk full')) : undefined,
  };
  const after: EventSink = { handle: ({ events }) => void delivered.push(...events.map(({ type }) => type)) };
  const rooms = new Rooms(testSettings(), { first: [], journal, after: [after] });
  await rooms.execute(KEY, login('alice'), ORIGIN);
  await expect(rooms.execute(KEY, kick('alice'), ORIGIN)).rejects.toThrow('disk full');
  expect(delivered).toEqual(['roomCreated', 'memberJoined', 'memberLeft', 'roomClosed']);
});

test('an App has at most as many streams as it may have, in all rooms and both environments, AddStream included (LIM-7)', async () => {
  const { rooms, join } = openRooms([], { maxStreamsPerApp: 3 });
  const add = (key: RoomKey, streamId: string, userId = 'backend') =>
    codeOf(
      rooms.execute(
        key,
        { type: 'addStream', streamId: streamId as StreamId, title: '', extraInfo: '', user: login(userId).user },
        ORIGIN,
      ),
    );
  const test: RoomKey = { ...KEY, environment: 'test' };
  const { member } = await join('alice');
  await join('bob', other);
  await join('carol', test);
  const media = { source: 'camera', extraInfo: '', audio: true, video: true } as const;
  const reserve = (streamId: string) =>
    codeOf(
      rooms.execute(
        KEY,
        { type: 'reserveStream', memberId: member.memberId, streamId: streamId as StreamId, ...media },
        ORIGIN,
      ),
    );
  expect(await Promise.all([reserve('a'), add(other, 'b'), add(test, 'c'), reserve('d'), add(other, 'e')])).toEqual([
    'done',
    'done',
    'done',
    'stream.too-many',
    'stream.too-many',
  ]);
  // One that is there can be changed; one that ends makes room.
  expect(await reserve('a')).toBe('done');
  const command = { type: 'deleteStream', streamId: 'b' as StreamId } as const;
  await rooms.execute(other, command, ORIGIN);
  expect(await reserve('d')).toBe('done');
});

test('a stream that a server announces for a member counts as one of its own (LIM-7)', async () => {
  const { rooms, join } = openRooms();
  await join('alice');
  const add = (index: number) => {
    const stream = { streamId: `s${index}` as StreamId, title: '', extraInfo: '', user: login('alice').user };
    return codeOf(rooms.execute(KEY, { type: 'addStream', ...stream }, ORIGIN));
  };
  const codes = await Promise.all(Array.from({ length: 21 }, (_, index) => add(index)));
  expect(codes.filter((code) => code === 'done')).toHaveLength(20);
  expect(codes.at(-1)).toBe('stream.too-many');
});

test('a command that expects another life of the room is refused, and changes nothing (BUS-9)', async () => {
  const { rooms, join, events } = openRooms();
  const { room: ended } = await join('alice');
  await rooms.execute(KEY, { type: 'close', reason: '', announce: true }, ORIGIN);
  const gone = rooms.execute(KEY, kick('alice'), ORIGIN, { expectedEpoch: ended.epoch });
  await expect(gone).rejects.toMatchObject({ code: 'room.not-found', details: undefined });
  const { room } = await join('alice');
  const ban = { of: 'user', in: 'room', seconds: 60 } as const;
  for (const command of [kick('alice'), { ...kick('alice'), ban }]) {
    const other = rooms.execute(KEY, command, ORIGIN, { expectedEpoch: ended.epoch });
    await expect(other).rejects.toMatchObject({ code: 'room.not-found', details: { epoch: room.epoch } });
  }
  expect(eventsOf(events(), 'memberLeft')).toHaveLength(1);
  await rooms.execute(KEY, kick('alice'), ORIGIN, { expectedEpoch: room.epoch });
  expect(eventsOf(events(), 'memberLeft')).toHaveLength(2);
});
