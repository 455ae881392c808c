import type { AppId, Epoch, RoomId } from '@gavel/protocol';
import { beforeEach, expect, it } from 'vitest';
import type { Subscriber } from '../bus/bus.ts';
import { Rooms } from '../owner/rooms.ts';
import type { RoomEvent } from '../rooms/events.ts';
import { KEY, login, ORIGIN, testSettings } from '../rooms/testing.ts';
import { LiveEvents, MAX_KEPT_EVENTS, summariseRooms } from './live-events.ts';

let live: LiveEvents;
let rooms: Rooms;
let publish: Subscriber['handle'];
beforeEach(() => {
  const subscribe = ({ handle }: Subscriber) => {
    publish = handle;
    return () => {};
  };
  live = new LiveEvents({ subscribe });
  rooms = new Rooms(testSettings(), { first: [], after: [{ handle: (batch) => publish(batch) }] });
});

const infoSet = { type: 'roomInfoSet', info: { key: 'a', value: 'b' } } as never as RoomEvent;
const closed = (seq: number): RoomEvent => ({
  type: 'roomClosed',
  cause: 'logout',
  reason: '',
  announce: true,
  epoch: '1' as Epoch,
  seq,
  atMs: 1,
});

it('describes a stay in a room with named fields, and none of its secrets (ADM-2)', async () => {
  const { lastId } = live.read();
  const reply = await rooms.execute(KEY, login('anna', { address: '203.0.113.7' }), ORIGIN);
  const ticket = reply.session?.ticket ?? '';
  await rooms.execute(KEY, { type: 'close', reason: 'over', announce: true }, ORIGIN);
  const received = live.read(lastId).events;
  expect(received.map((event) => [event.type, event.memberCount])).toEqual([
    ['room-created', 0],
    ['member-joined', 1],
    ['member-left', 0],
    ['room-closed', 0],
  ]);
  expect(received[1]).toMatchObject({ userId: 'anna', userName: 'anna', address: '203.0.113.7' });
  expect(received[2]).toMatchObject({ cause: 'room-closed', reason: 'over' });
  expect(ticket).not.toBe('');
  expect(JSON.stringify(received)).not.toContain(`"${ticket}"`);
});

it('continues after an id of this process that is still kept, and after no other (ADM-2)', () => {
  const first = live.read().lastId;
  const idOf = (number: number) => first.replace(/\d+$/, String(number));
  expect(live.read(first)).toEqual({ isComplete: true, events: [], lastId: first });
  for (const foreign of ['', 'x', 'other-0', idOf(1), `x${first}`]) {
    expect(live.read(foreign)).toEqual({ isComplete: false, events: [], lastId: first });
  }
  const batch = (events: RoomEvent[]) => publish({ key: KEY, epoch: '1' as Epoch, origin: ORIGIN, events });
  for (let seq = 1; seq <= MAX_KEPT_EVENTS; seq += 1) batch([closed(seq), infoSet]);
  const { isComplete, events, lastId } = live.read(first);
  expect([isComplete, events.length, lastId]).toEqual([true, MAX_KEPT_EVENTS, idOf(MAX_KEPT_EVENTS)]);
  batch([closed(0)]);
  expect(live.read(first).isComplete).toBe(false);
  expect(live.read(idOf(1)).events).toHaveLength(MAX_KEPT_EVENTS);
});

it('sums up what happened in a room as one change with its figures', async () => {
  const { lastId } = live.read();
  const other = { appId: 2 as AppId, environment: 'production', roomId: 'gone' as RoomId } as const;
  for (const user of ['anna', 'bob', 'carl']) await rooms.execute(KEY, login(user), ORIGIN);
  await rooms.execute(other, login('zoe'), ORIGIN);
  await rooms.execute(other, { type: 'close', reason: '', announce: true }, ORIGIN);
  expect(
    summariseRooms(live.read(lastId).events).map(({ type, roomId, memberCount }) => [type, roomId, memberCount]),
  ).toEqual([
    ['room-created', 'room', 0],
    ['room-created', 'gone', 0],
    ['room-closed', 'gone', 0],
    ['room-changed', 'room', 3],
  ]);
});
