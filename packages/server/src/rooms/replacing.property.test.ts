import type { RoomId, RoomKey } from '@gavel/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventSink } from './event-feed.ts';
import { Rooms } from './rooms.ts';
import { KEY, login, ORIGIN, testSettings } from './testing.ts';

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
