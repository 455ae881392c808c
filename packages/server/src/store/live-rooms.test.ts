import type { Epoch, MemberId, PublishId, RoomId } from '@gavel/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KEY } from '../rooms/testing.ts';
import { type LiveRoomChange, mergeLiveRoomChanges } from './live-rooms.ts';
import { openSqliteStore } from './sqlite/open.ts';
import type { Store } from './store.ts';

let store: Store;
let merged: Store;
beforeEach(async () => {
  [store, merged] = [await openSqliteStore(':memory:'), await openSqliteStore(':memory:')];
});
afterEach(async () => {
  await store.close();
  await merged.close();
});

/** A step in one of two rooms; the first begins a life if there is none. */
interface Step {
  readonly room: number;
  readonly kind: 'join' | 'leave' | 'publish' | 'end';
}

/** Returns the changes of a plausible history. */
function historyOf(steps: readonly Step[]): LiveRoomChange[] {
  const rooms = new Map<number, { epoch: number; members: string[]; streams: string[]; seq: number }>();
  let lastId = 0;
  return steps.flatMap(({ room, kind }): LiveRoomChange[] => {
    const known = rooms.get(room);
    if (!known && kind !== 'join') return [];
    lastId += 1;
    const state = known ?? { epoch: lastId, members: [], streams: [], seq: 0 };
    rooms.set(room, state);
    state.seq += 1;
    const facts: { -readonly [K in keyof LiveRoomChange]: LiveRoomChange[K] } = {
      key: { ...KEY, roomId: `room ${room}` as RoomId },
      epoch: String(state.epoch) as Epoch,
      begins: known === undefined,
      ends: kind === 'end',
      userSeq: state.seq,
      members: [],
      streams: [],
      gone: [],
    };
    if (kind === 'join') {
      state.members.push(`m${lastId}`);
      facts.members = [{ memberId: `m${lastId}` as MemberId } as never];
    } else if (kind === 'publish') {
      state.streams.push(`s${lastId}`);
      facts.streamSeq = state.seq;
      facts.streams = [{ publishId: `s${lastId}` as PublishId } as never];
    } else if (kind === 'leave') {
      facts.gone = [...state.members.splice(0, 1), ...state.streams.splice(0, 1)] as MemberId[];
    } else rooms.delete(room);
    return [facts];
  });
}

const stepOf: fc.Arbitrary<Step> = fc.record({
  room: fc.integer({ min: 0, max: 1 }),
  kind: fc.constantFrom('join', 'join', 'leave', 'publish', 'end'),
});

it('merged changes of live rooms give the same rows as the changes one after another (ROOM-10)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepOf, { maxLength: 25 }), fc.integer({ min: 1, max: 8 }), async (steps, size) => {
      const changes = historyOf(steps);
      for (const change of changes) await store.journal.apply([{ term: 1, liveRooms: [change] }]);
      for (let from = 0; from < changes.length; from += size) {
        const part = changes.slice(from, from + size);
        expect(mergeLiveRoomChanges(part).length).toBeLessThanOrEqual(2);
        await merged.journal.apply([{ term: 1, liveRooms: part }]);
      }
      const [rooms, others] = [await store.outbox.liveRooms(), await merged.outbox.liveRooms()];
      expect(others).toEqual(rooms);
      // The next history begins with no rooms.
      for (const each of [store, merged]) {
        const ends = rooms.map(({ key, epoch }) => ({ key, epoch, begins: false, ends: true }));
        const nothing = { members: [], streams: [], gone: [] };
        await each.journal.apply([{ term: 1, liveRooms: ends.map((end) => ({ ...end, ...nothing })) }]);
      }
    }),
    { numRuns: 60 },
  );
});
