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
const sessionsOf = async (store: Store) =>
  (await store.sessions.open()).map(({ session, seenAtMs }) => [session.id, seenAtMs]);
const roomsOf = async (store: Store) => (await store.outbox.liveRooms()).map(({ key }) => key.roomId).sort();

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

  it('a node that starts finds its own sessions and rooms, and none of a live node (CLUS-7)', async () => {
    const [a, b] = stores();
    await a.journal.apply([{ term: 1, sessions: [beginOf('s1')], liveRooms: [roomOf('one')] }]);
    await b.journal.apply([{ term: 1, sessions: [beginOf('s2')], liveRooms: [roomOf('two')] }]);
    expect([await sessionsOf(a), await roomsOf(a)]).toEqual([[['s1', 1]], ['one']]);
    expect([await sessionsOf(b), await roomsOf(b)]).toEqual([[['s2', 1]], ['two']]);
    await a.sessions.checkpoint(500);
    expect([await sessionsOf(a), await sessionsOf(b)]).toEqual([[['s1', 500]], [['s2', 1]]]);
  });

  it('a node sends its own callbacks, and those of no other; each numbers its own (CLUS-7)', async () => {
    const [a, b] = stores();
    const callbackOf = (body: string, seq: number) => ({ ...record(body), seq, attempts: 0, nextAttemptAtMs: 0 });
    const [first, second] = [callbackOf('a', 1), callbackOf('b', 2)];
    await a.journal.apply([{ term: 1, callbacks: [first] }]);
    await b.journal.apply([{ term: 1, callbacks: [second] }]);
    const pendingOf = async (store: Store) => {
      const found = await Promise.all((await store.outbox.endpoints()).map((each) => store.outbox.pending(each, 0, 9)));
      return found.flat().map(({ body }) => body);
    };
    expect([await pendingOf(a), await pendingOf(b)]).toEqual([['a'], ['b']]);
    expect(await b.outbox.count('pending')).toBe(2);
    // It failed, and is requeued at the other node.
    await b.journal.apply([{ term: 1, callbacks: [{ ...first, seq: 3 }] }]);
    expect([await pendingOf(a), await pendingOf(b)]).toEqual([[], ['b', 'a']]);
  });

  it('a session and a room belong to the node that changed them last', async () => {
    const [a, b] = stores();
    await a.journal.apply([{ term: 1, sessions: [beginOf('s')], liveRooms: [roomOf('room')] }]);
    const peer = { id: 'p', sessionId: 's', userId: 'u', customId: '', name: '', presetName: '', viewType: null };
    const join = { type: 'join', peer: { ...peer, joinedAtMs: 2 } } as const;
    await b.journal.apply([{ term: 1, sessions: [join], liveRooms: [roomOf('room', { begins: false, userSeq: 2 })] }]);
    expect([await sessionsOf(a), await roomsOf(a)]).toEqual([[], []]);
    expect([await sessionsOf(b), await roomsOf(b)]).toEqual([[['s', 2]], ['room']]);
  });

  it('what a process left before it was a node of a cluster is found by a node', async () => {
    await local.journal.apply([{ term: 1, sessions: [beginOf('s')], liveRooms: [roomOf('room')] }]);
    const [a] = stores();
    await a.journal.apply([{ term: 1, sessions: [beginOf('s2')] }]);
    expect([await sessionsOf(a), await roomsOf(a)]).toEqual([
      [
        ['s', 1],
        ['s2', 1],
      ],
      ['room'],
    ]);
    expect(await sessionsOf(local)).toEqual([['s', 1]]);
  });
});
