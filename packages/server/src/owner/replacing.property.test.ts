import type { RoomId, RoomKey } from '@gavel/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LoginClaims } from '../claims/login-claims.ts';
import { MemoryClaims, MemoryLoginClaims } from '../claims/memory-claims.ts';
import { KEY, login, ORIGIN, testSettings } from '../rooms/testing.ts';
import type { EventSink } from './event-feed.ts';
import { Rooms } from './rooms.ts';

const rooms3: readonly RoomKey[] = ['one', 'two', 'three'].map((id) => ({ ...KEY, roomId: id as RoomId }));

/** A journal that keeps batches when it is told to, in any order. */
function slowJournal() {
  const waiting: (() => void)[] = [];
  const sink: EventSink = { handle: () => new Promise<void>((resolve) => waiting.push(resolve)) };
  const release = (index: number): void => waiting.splice(index % Math.max(1, waiting.length), 1)[0]?.();
  return { sink, release, waiting };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('of logins of one user at whatever moments the one admitted last stays, and no other (KICK-13)', async () => {
  const step = fc.oneof(
    { weight: 2, arbitrary: fc.record({ do: fc.constant('login' as const), room: fc.nat(2), client: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('keep' as const), which: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 20 }), async (steps) => {
      const { sink, release, waiting } = slowJournal();
      const rooms = new Rooms(testSettings(), { first: [], journal: sink, after: [] });
      const pending: Promise<unknown>[] = [];
      let last: { readonly client: string; readonly room: RoomKey } | undefined;
      for (const one of steps) {
        if (one.do === 'turn') await turn();
        else if (one.do === 'keep') release(one.which);
        else {
          const room = rooms3[one.room] as RoomKey;
          const clientId = `client-${one.client}`;
          pending.push(rooms.execute(room, login('ann', { clientId }), ORIGIN));
          last = { client: clientId, room };
        }
        if (last) await expectOnly(rooms, last);
      }
      while (waiting.length > 0) {
        release(0);
        await turn();
      }
      await Promise.all(pending);
      if (last) await expectOnly(rooms, last);
    }),
    { numRuns: 200 },
  );
});

/** In every room are logins of the last client alone, and in its room one of them. */
async function expectOnly(rooms: Rooms, { client, room }: { readonly client: string; readonly room: RoomKey }) {
  for (const key of rooms3) {
    const members = rooms.answer(key, { type: 'snapshot' }).room?.members ?? [];
    for (const member of members) expect(member.clientId).toBe(client);
    if (key === room) expect(members).toHaveLength(1);
  }
}

/** Claims that are answered late; with `delaysRequests` they are also made late, in another order. */
function slowClaims(schedule: fc.Scheduler, delaysRequests: boolean): LoginClaims {
  const claims = new MemoryLoginClaims();
  const delay = async <T>(work: () => T): Promise<T> => {
    if (delaysRequests) await schedule.schedule(Promise.resolve(), 'request');
    const answer = work();
    await schedule.schedule(Promise.resolve(), 'answer');
    return answer;
  };
  return {
    claim: (scope, userId, holder) => delay(() => claims.claim(scope, userId, holder)),
    release: (scope, userId, memberId) => delay(() => claims.release(scope, userId, memberId)),
  };
}

test.each([
  ['answered', false],
  ['made', true],
])('it does so when claims are %s late, in whatever order: never both, never none (KICK-13)', async (_name, isLate) => {
  const attempts = fc.array(fc.record({ room: fc.nat(2), client: fc.nat(3) }), { minLength: 2, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), attempts, async (schedule, logins) => {
      const claims = { ...new MemoryClaims(), logins: slowClaims(schedule, isLate) };
      const rooms = new Rooms({ ...testSettings(), claims }, { first: [], after: [] });
      const admitted: Promise<unknown>[] = [];
      let last: { readonly client: string; readonly room: RoomKey } | undefined;
      const entries = logins.map(({ room, client }) => ({
        label: `${room}/${client}`,
        builder: async () => {
          const key = rooms3[room] as RoomKey;
          last = { client: `client-${client}`, room: key };
          admitted.push(rooms.execute(key, login('ann', { clientId: last.client }), ORIGIN));
        },
      }));
      schedule.scheduleSequence(entries);
      await schedule.waitIdle();
      await Promise.all(admitted);
      await schedule.waitIdle();
      if (!last) throw new Error('nobody has logged in');
      if (!isLate) return expectOnly(rooms, last);
      const members = rooms3.flatMap((key) => rooms.answer(key, { type: 'snapshot' }).room?.members ?? []);
      expect(new Set(members.map(({ clientId }) => clientId)).size).toBe(1);
    }),
    { numRuns: 200 },
  );
});
