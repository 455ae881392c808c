/**
 * What every store promises of the sessions and live rooms of several nodes: each node continues and ends its own.
 */

import type { AppId, Epoch, RoomId } from '@gavel/protocol';
import { beforeEach, expect, it } from 'vitest';
import { record } from '../callbacks/testing.ts';
import type { LiveRoomChange } from './live-rooms.ts';
import type { Store } from './store.ts';
import { describeStores } from './testing.ts';

const APP = 1 as AppId;

const beginOf = (id: string) =>
  ({ type: 'begin', session: { id, appId: APP, meetingId: `meeting of ${id}`, title: '', startedAtMs: 1 } }) as const;
const roomOf = (roomId: string, more: Partial<LiveRoomChange> = {}): LiveRoomChange => ({
  key: { appId: APP, environment: 'production', roomId: roomId as RoomId },
  ...{ epoch: '1' as Epoch, begins: true, ends: false, userSeq: 1, members: [], streams: [], gone: [] },
  ...more,
});
const sessionsOf = async (store: Store, liveNodes?: readonly string[]) =>
  (await store.sessions.open(liveNodes)).map(({ session, seenAtMs }) => [session.id, seenAtMs]);
const roomsOf = async (store: Store, liveNodes?: readonly string[]) =>
  (await store.outbox.liveRooms(liveNodes)).map(({ key }) => key.roomId).sort();

describeStores('rows of several nodes', (createDatabase) => {
  let [one, other]: readonly Store[] = [];
  let local: Store;
  beforeEach(async () => {
    const database = await createDatabase();
    [one, other, local] = [await database.open('a'), await database.open('b'), await database.open()];
  });
  const stores = () => {
    if (!one || !other) throw new Error('not open');
    return [one, other] as const;
  };

  it('sessions and rooms are found by the nodes that have changed them (CLUS-7)', async () => {
    const [a, b] = stores();
    await a.journal.apply([{ term: 1, sessions: [beginOf('s1')], liveRooms: [roomOf('one')] }]);
    await b.journal.apply([{ term: 1, sessions: [beginOf('s2')], liveRooms: [roomOf('two')] }]);
    await local.journal.apply([{ term: 1, sessions: [beginOf('s3')], liveRooms: [roomOf('three')] }]);
    expect(await roomsOf(a)).toEqual(['one', 'three', 'two']);
    expect([await sessionsOf(a, ['a', 'b']), await roomsOf(a, ['a', 'b'])]).toEqual([[['s3', 1]], ['three']]);
    await a.sessions.checkpoint(500);
    expect(await sessionsOf(b, ['b', 'local'])).toEqual([['s1', 500]]);
    expect(await sessionsOf(b, ['a', 'local'])).toEqual([['s2', 1]]);
  });

  it('places of several nodes find what each has stored since, whatever its number (CLUS-7)', async () => {
    const [a, b] = stores();
    const callbackOf = (body: string, seq: number, owner: string) => ({
      ...record(body),
      ...{ seq, owner, attempts: 0, nextAttemptAtMs: 0 },
    });
    const [first, second] = [callbackOf('a', 5, 'a'), callbackOf('b', 2, 'b')];
    await a.journal.apply([{ term: 1, callbacks: [first] }]);
    await b.journal.apply([{ term: 1, callbacks: [second] }]);
    const [endpoint] = await a.outbox.endpoints();
    if (!endpoint) throw new Error('no endpoint');
    const bodiesAfter = async (after: number | Record<string, number>) =>
      (await a.outbox.pending(endpoint, after, 9)).map(({ body }) => body);
    expect(await bodiesAfter({})).toEqual(['b', 'a']);
    expect(await bodiesAfter(2)).toEqual(['a']);
    expect([await bodiesAfter({ a: 5 }), await bodiesAfter({ a: 5, b: 2 })]).toEqual([['b'], []]);
    expect((await a.outbox.pending(endpoint, { b: 2 }, 9))[0]).toMatchObject({ body: 'a', owner: 'a' });
    const { appId, lane } = first;
    expect(await a.journal.lastCallbackSeq({ appId, lane })).toBe(5);
    expect(await a.journal.lastCallbackSeq({ appId, lane: 'of another room' })).toBe(0);
    expect(await a.outbox.endpoints((appId + 1) as AppId)).toEqual([]);
    // It failed, and is requeued at the other node.
    await b.journal.apply([{ term: 1, callbacks: [{ ...first, seq: 3, owner: 'b' }] }]);
    expect(await bodiesAfter({ a: 5, b: 2 })).toEqual(['a']);
  });

  it('a session and a room belong to the node that changed them last', async () => {
    const [a, b] = stores();
    await a.journal.apply([{ term: 1, sessions: [beginOf('s')], liveRooms: [roomOf('room')] }]);
    const peer = { id: 'p', sessionId: 's', userId: 'u', customId: '', name: '', presetName: '', viewType: null };
    const join = { type: 'join', peer: { ...peer, joinedAtMs: 2 } } as const;
    await b.journal.apply([{ term: 1, sessions: [join], liveRooms: [roomOf('room', { begins: false, userSeq: 2 })] }]);
    expect([await sessionsOf(a, ['b']), await roomsOf(a, ['b'])]).toEqual([[], []]);
    expect([await sessionsOf(a, ['a']), await roomsOf(a, ['a'])]).toEqual([[['s', 2]], ['room']]);
    const { key } = roomOf('room');
    expect(await a.outbox.liveRoom(key)).toMatchObject({ key, epoch: '1', userSeq: 2, members: [] });
    expect(await a.outbox.liveRoom({ ...key, environment: 'test' })).toBeUndefined();
    expect(await a.sessions.adopt(APP, 'meeting of s')).toMatchObject({ session: { id: 's' }, peers: [{ id: 'p' }] });
    expect([await sessionsOf(b, ['a']), await a.sessions.adopt(APP, 'another')]).toEqual([[], undefined]);
  });
});
