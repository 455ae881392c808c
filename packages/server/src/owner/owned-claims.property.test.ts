/** Rooms whose claims are answered late, as those at another node are. */

import type { RoomId, RoomKey, StreamId } from '@gavel/protocol';
import { isGavelError } from '@gavel/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Claims, Eventually } from '../claims/claims.ts';
import { MemoryClaims } from '../claims/memory-claims.ts';
import { KEY, login, ORIGIN, testSettings } from '../rooms/testing.ts';
import { Rooms } from './rooms.ts';

/** Claims that are made and answered late; those of one room in their order. */
function slowClaims(schedule: fc.Scheduler) {
  const memory = new MemoryClaims();
  const tails = new Map<string, Promise<unknown>>();
  const delay = <T>(roomId: RoomId, work: () => Eventually<T>): Promise<T> => {
    const done = (tails.get(roomId) ?? Promise.resolve()).then(() => schedule.schedule(Promise.resolve())).then(work);
    tails.set(roomId, done);
    return done.then((answer) => schedule.schedule(Promise.resolve(answer)));
  };
  const claims: Claims = {
    logins: memory.logins,
    plays: memory.plays,
    streams: {
      claim: (scope, streamId, roomId, max) => delay(roomId, () => memory.streams.claim(scope, streamId, roomId, max)),
      release: (scope, streamId, roomId) => delay(roomId, () => memory.streams.release(scope, streamId, roomId)),
    },
    rooms: {
      claim: (scope, roomId, max) => delay(roomId, () => memory.rooms.claim(scope, roomId, max)),
      release: (scope, roomId) => delay(roomId, () => memory.rooms.release(scope, roomId)),
    },
  };
  return { claims, memory };
}

const codeOf = (error: unknown): string => {
  if (!isGavelError(error)) throw error;
  return error.code;
};

const STREAMS = ['s0', 's1'] as StreamId[];
const keyOf = (n: number, environment: RoomKey['environment']): RoomKey => ({
  ...KEY,
  environment,
  roomId: `r${n}` as RoomId,
});

test('of rooms that use a stream id at whatever moments one has it, and claims end with their streams (STRM-6, LIM-7)', async () => {
  const step = fc.record({ room: fc.nat(2), stream: fc.nat(1), does: fc.constantFrom('reserve', 'end', 'reserve') });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(step, { minLength: 2, maxLength: 15 }), async (schedule, steps) => {
      const { claims, memory } = slowClaims(schedule);
      const rooms = new Rooms({ ...testSettings(), maxStreamsPerApp: 2, claims }, { first: [], after: [] });
      const keys = [0, 1, 2].map((n) => keyOf(n, 'production'));
      const members = await Promise.all(
        keys.map(async (key, n) => {
          const { session } = await rooms.execute(key, login(`u${n}`), ORIGIN);
          if (!session) throw new Error('not in the room');
          return session.member.memberId;
        }),
      );
      const pending: Promise<unknown>[] = [];
      const order = { extraInfo: '', audio: true, video: true };
      const run = async ({ room, stream, does }: (typeof steps)[number]) => {
        const [key, memberId, streamId] = [keys[room], members[room], STREAMS[stream]];
        if (!key || !memberId || !streamId) throw new Error('a step names what there is not');
        const command =
          does === 'reserve'
            ? ({ type: 'reserveStream', memberId, streamId, ...order } as const)
            : ({ type: 'forbidStream', streamId } as const);
        pending.push(rooms.execute(key, command, ORIGIN).catch((error) => expect(codeOf(error)).toBe('stream.taken')));
        for (const id of STREAMS) expect(holdersOf(id).length).toBeLessThanOrEqual(1);
      };
      const holdersOf = (streamId: StreamId): RoomKey[] =>
        keys.filter((key, n) => {
          const memberId = members[n];
          return memberId && rooms.answer(key, { type: 'ownStream', memberId, streamId }).stream !== undefined;
        });
      schedule.scheduleSequence(steps.map((one) => ({ label: JSON.stringify(one), builder: () => run(one) })));
      await schedule.waitIdle();
      await Promise.all(pending);
      await schedule.waitIdle();
      for (const streamId of STREAMS) {
        const [holder] = holdersOf(streamId);
        const other = memory.streams.claim(KEY, streamId, 'other' as RoomId, 0);
        expect(other).toBe(holder ? 'taken' : 'granted');
        if (holder) expect(memory.streams.claim(KEY, streamId, holder.roomId, 0)).toBe('granted');
      }
    }),
    { numRuns: 150 },
  );
});

test('logins at whatever moments open 10 rooms of the test environment at most, and places end with their rooms (TEST-2)', async () => {
  const step = fc.record({ room: fc.nat(13), does: fc.constantFrom('login', 'close', 'login', 'login') });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(step, { minLength: 12, maxLength: 40 }), async (schedule, steps) => {
      const { claims, memory } = slowClaims(schedule);
      const rooms = new Rooms({ ...testSettings(), claims }, { first: [], after: [] });
      const keys = Array.from({ length: 14 }, (_, n) => keyOf(n, 'test'));
      const pending: Promise<unknown>[] = [];
      const open = () => keys.filter((key) => rooms.answer(key, { type: 'summary' }).room);
      const run = async ({ room, does }: (typeof steps)[number], n: number) => {
        const key = keys[room];
        if (!key) throw new Error('a step names what there is not');
        const command = does === 'login' ? login(`u${n}`) : ({ type: 'close', reason: '', announce: false } as const);
        const refusal = does === 'login' ? 'login.room-full' : 'room.not-found';
        pending.push(rooms.execute(key, command, ORIGIN).catch((error) => expect(codeOf(error)).toBe(refusal)));
        expect(open().length).toBeLessThanOrEqual(10);
      };
      schedule.scheduleSequence(steps.map((one, n) => ({ label: JSON.stringify(one), builder: () => run(one, n) })));
      await schedule.waitIdle();
      await Promise.all(pending);
      await schedule.waitIdle();
      const places = open().length;
      expect(places).toBeLessThanOrEqual(10);
      const scope = { ...KEY, environment: 'test' } as const;
      const more = Array.from({ length: 10 }, (_, n) => memory.rooms.claim(scope, `more-${n}` as RoomId, 10));
      expect(more.filter((verdict) => verdict === 'granted')).toHaveLength(10 - places);
    }),
    { numRuns: 100 },
  );
});
