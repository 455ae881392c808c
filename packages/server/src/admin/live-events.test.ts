import type { AppId, Epoch, RoomId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { beforeEach, expect, it } from 'vitest';
import type { Subscriber } from '../bus/bus.ts';
import type { RoomEvent } from '../rooms/events.ts';
import { Rooms } from '../rooms/rooms.ts';
import { KEY, login, ORIGIN, testSettings } from '../rooms/testing.ts';
import { FLUSH_INTERVAL_MS, type KeptEvent, LiveEvents, MAX_KEPT_EVENTS, summariseRooms } from './live-events.ts';

let clock: FakeClock;
let live: LiveEvents;
let rooms: Rooms;
let publish: Subscriber['handle'];
beforeEach(() => {
  clock = new FakeClock();
  const subscribe = ({ handle }: Subscriber) => {
    publish = handle;
    return () => {};
  };
  live = new LiveEvents({ subscribe }, clock);
  rooms = new Rooms(testSettings(clock), { first: [], after: [{ handle: (batch) => publish(batch) }] });
});

const receive = (after = live.lastNumber): KeptEvent[] => {
  const received: KeptEvent[] = [];
  live.subscribe((events) => received.push(...events), after);
  return received;
};
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
  const received = receive();
  const reply = await rooms.execute(KEY, login('anna', { address: '203.0.113.7' }), ORIGIN);
  const ticket = reply.session?.ticket ?? '';
  await rooms.execute(KEY, { type: 'close', reason: 'over', announce: true }, ORIGIN);
  clock.advance(FLUSH_INTERVAL_MS);
  expect(received.map(({ event }) => [event.type, event.memberCount])).toEqual([
    ['room-created', 0],
    ['member-joined', 1],
    ['member-left', 0],
    ['room-closed', 0],
  ]);
  expect(received[1]?.event).toMatchObject({ userId: 'anna', userName: 'anna', address: '203.0.113.7' });
  expect(received[2]?.event).toMatchObject({ cause: 'room-closed', reason: 'over' });
  expect(ticket).not.toBe('');
  expect(JSON.stringify(received)).not.toContain(`"${ticket}"`);
});

it('hands events over in batches, to each subscriber those that it does not have', async () => {
  const early = receive();
  await rooms.execute(KEY, login('anna'), ORIGIN);
  const late = receive();
  await rooms.execute(KEY, login('bob'), ORIGIN);
  expect(early).toEqual([]);
  clock.advance(FLUSH_INTERVAL_MS);
  expect(early.map(({ number }) => number)).toEqual([1, 2, 3]);
  expect(late.map(({ event }) => event.userId)).toEqual(['bob']);
});

it('continues after an id of this process that is still kept, and after no other', () => {
  const id = live.idOf(0);
  expect(live.numberOf(id)).toBe(0);
  for (const foreign of ['', 'x', 'other-0', live.idOf(1), `x${id}`]) expect(live.numberOf(foreign)).toBeUndefined();
  const batch = (events: RoomEvent[]) => publish({ key: KEY, epoch: '1' as Epoch, origin: ORIGIN, events });
  for (let seq = 1; seq <= MAX_KEPT_EVENTS; seq += 1) batch([closed(seq), infoSet]);
  expect(live.lastNumber).toBe(MAX_KEPT_EVENTS);
  expect(live.numberOf(id)).toBe(0);
  const received = receive(0);
  clock.advance(FLUSH_INTERVAL_MS);
  expect(received).toHaveLength(MAX_KEPT_EVENTS);
  batch([closed(0)]);
  expect(live.numberOf(id)).toBeUndefined();
  expect(live.numberOf(live.idOf(1))).toBe(1);
});

it('sums up what happened in a room as one change with its figures', async () => {
  const received = receive();
  const other = { appId: 2 as AppId, environment: 'production', roomId: 'gone' as RoomId } as const;
  for (const user of ['anna', 'bob', 'carl']) await rooms.execute(KEY, login(user), ORIGIN);
  await rooms.execute(other, login('zoe'), ORIGIN);
  await rooms.execute(other, { type: 'close', reason: '', announce: true }, ORIGIN);
  clock.advance(FLUSH_INTERVAL_MS);
  expect(summariseRooms(received).map(({ type, roomId, memberCount }) => [type, roomId, memberCount])).toEqual([
    ['room-created', 'room', 0],
    ['room-created', 'gone', 0],
    ['room-closed', 'gone', 0],
    ['room-changed', 'room', 3],
  ]);
});
