import { isGavelError, type MemberId, type UserId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RoomCommand } from './commands.ts';
import { eventsOf, type RoomEvent } from './events.ts';
import { Rooms } from './rooms.ts';
import { KEY, login, ORIGIN, testSettings } from './testing.ts';
import type { Waiting, WaitingChange, WaitingEnd } from './waiting.ts';

/** A step; the steps of a burst begin in one moment, and none waits for what was begun before. */
type Step =
  | { readonly do: 'ask'; readonly user: number; readonly until: 'attended' | 'accepted' }
  | { readonly do: 'accept' | 'reject' | 'disconnect' | 'touch' | 'logout'; readonly waiting: number }
  | { readonly do: 'kick'; readonly user: number; readonly require: 'any' | 'all' }
  | { readonly do: 'enterHost' | 'leaveHost' | 'closeRoom' | 'refuseWaiting' }
  | { readonly do: 'sweep' };

const user = fc.nat(4);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      user,
      until: fc.constantFrom<('attended' | 'accepted')[]>('attended', 'accepted'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom<('accept' | 'reject' | 'disconnect' | 'touch' | 'logout')[]>(
        ...(['accept', 'accept', 'reject', 'disconnect', 'touch', 'logout'] as const),
      ),
      waiting: fc.nat(20),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('kick' as const), user, require: fc.constantFrom('any', 'all') }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('enterHost', 'leaveHost', 'closeRoom', 'refuseWaiting', 'sweep'),
    }),
  },
);

const burst = fc.array(step, { minLength: 1, maxLength: 4 });

/** Plays a history against real rooms whose journal takes as long as the schedule says. */
class History {
  readonly rooms: Rooms;
  readonly #clock = new FakeClock();
  readonly events: RoomEvent[] = [];
  readonly ends = new Map<MemberId, WaitingEnd[]>();
  /** Who waits, as a watcher is told. */
  readonly told = new Map<MemberId, string>();
  readonly #asked: Waiting[] = [];
  readonly #hosts: MemberId[] = [];
  readonly #begun: Promise<unknown>[] = [];
  #connections = 0;

  constructor(schedule: fc.Scheduler) {
    const first = {
      handle: (batch: { readonly events: readonly RoomEvent[] }) => void this.events.push(...batch.events),
    };
    const journal = { handle: () => schedule.schedule(Promise.resolve()).then(() => undefined) };
    const sinks = { first: [first], journal, after: [] };
    const watcher = {
      handleWaiting: (change: WaitingChange) => this.#follow(change),
      handleWaitEnd: ({ memberId }: Waiting, end: WaitingEnd) => void this.ends.get(memberId)?.push(end),
    };
    this.rooms = new Rooms(testSettings(this.#clock), sinks, [watcher]);
  }

  #follow({ waiting, end }: WaitingChange): void {
    const { memberId, user: who } = waiting;
    expect(this.told.has(memberId), 'who asks did not wait before, who goes did').toBe(end !== undefined);
    if (end) {
      this.told.delete(memberId);
      return;
    }
    this.told.set(memberId, who.id);
    this.#asked.push(waiting);
    this.ends.set(memberId, []);
  }

  /** Begins some steps in one moment, and looks at what is then. */
  async begin(...steps: readonly Step[]): Promise<void> {
    for (const one of steps.slice(0, -1)) this.#start(one);
    const last = steps.at(-1);
    if (!last) return;
    const wasThere = this.rooms.size > 0;
    this.#start(last);
    await this.#check(last, wasThere);
  }

  #start(one: Step): void {
    if (one.do === 'sweep') {
      this.#clock.advance(40_000);
      this.#begun.push(this.rooms.sweep());
      return;
    }
    const command = this.#commandOf(one);
    if (!command) return;
    const done = this.rooms.execute(KEY, command, ORIGIN).catch((error: unknown) => {
      if (!isGavelError(error)) throw error;
    });
    this.#begun.push(done);
    if (one.do === 'enterHost') this.#noteHost();
  }

  async finish(): Promise<void> {
    await Promise.all(this.#begun);
  }

  #noteHost(): void {
    const joined = eventsOf(this.events, 'memberJoined').filter(({ member }) => member.user.id === 'host');
    const last = joined.at(-1)?.member.memberId;
    if (last) this.#hosts.push(last);
  }

  async #check(one: Step, wasThere: boolean): Promise<void> {
    const waiting = this.rooms.answer(KEY, { type: 'waiting' }).waiting;
    const members = this.rooms.answer(KEY, { type: 'snapshot' }).room?.members ?? [];
    expect([...this.told.keys()], 'the list is as it was told').toEqual(waiting.map(({ memberId }) => memberId));
    const inside = new Set(members.map(({ memberId }) => memberId));
    expect(
      waiting.filter(({ memberId }) => inside.has(memberId)),
      'nobody is in and waits (WAIT-5)',
    ).toEqual([]);
    if (one.do === 'refuseWaiting') expect(waiting).toEqual([]);
    if (one.do === 'closeRoom' && wasThere) expect(waiting, 'a kick-all leaves nobody waiting (WAIT-9)').toEqual([]);
  }

  #commandOf(one: Exclude<Step, { do: 'sweep' }>): RoomCommand | undefined {
    switch (one.do) {
      case 'ask': {
        this.#connections += 1;
        const id = `c${this.#connections}`;
        const waits = { until: one.until, rememberedForMs: 60_000 };
        return login(`user-${one.user}`, { clientId: id, connectionId: id, onDuplicate: 'allow', waits });
      }
      case 'enterHost': {
        const permissions = { publishAudio: true, publishVideo: true, moderation: { kick: true, acceptWaiting: true } };
        return login('host', { permissions, onDuplicate: 'allow' });
      }
      case 'leaveHost': {
        const memberId = this.#hosts.at(-1);
        return memberId && { type: 'logout', memberId };
      }
      case 'closeRoom':
        return { type: 'close', reason: '', announce: true };
      case 'refuseWaiting':
        return { type: 'refuseWaiting' };
      case 'kick': {
        const userId = `user-${one.user}` as UserId;
        return { type: 'kick', targets: [{ label: userId, userIds: [userId] }], require: one.require, reason: '' };
      }
      default:
        return this.#commandAbout(one);
    }
  }

  #commandAbout(one: Extract<Step, { waiting: number }>): RoomCommand | undefined {
    const chosen = this.#asked[one.waiting % Math.max(1, this.#asked.length)];
    if (!chosen) return undefined;
    const { memberId, connectionId } = chosen;
    if (one.do === 'disconnect') return { type: 'detach', memberId, connectionId };
    if (one.do === 'touch') return { type: 'touch', memberIds: [memberId] };
    if (one.do === 'logout') return { type: 'logout', memberId };
    return { type: 'answerWaiting', memberIds: [memberId], isAccepted: one.do === 'accept' };
  }
}

test('of an acceptance, a disconnect, a kick and a kick-all at once one decides, and it holds (WAIT-10)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(burst, { maxLength: 40 }), async (schedule, bursts) => {
      const history = new History(schedule);
      for (const steps of bursts) await history.begin(...steps);
      await history.begin({ do: 'refuseWaiting' });
      await schedule.waitIdle();
      await history.finish();
      const joined = new Set(eventsOf(history.events, 'memberJoined').map(({ member }) => member.memberId));
      for (const [memberId, ends] of history.ends) {
        expect(ends, 'a wait ends once').toHaveLength(1);
        expect(ends[0]?.kind === 'admitted', 'who is admitted was in, and nobody else').toBe(joined.has(memberId));
      }
      expect(history.told.size).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test('when a kick-all is answered nobody waits, and who was let in before is out (WAIT-9, WAIT-10)', async () => {
  const asks: Step = { do: 'ask', user: 1, until: 'accepted' };
  const others: Step[] = [{ do: 'accept', waiting: 0 }, { do: 'disconnect', waiting: 0 }, { do: 'closeRoom' }];
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.shuffledSubarray(others, { minLength: 3 }), async (schedule, order) => {
      const history = new History(schedule);
      await history.begin({ do: 'enterHost' });
      await history.begin(asks);
      await history.begin(...order);
      await schedule.waitIdle();
      await history.finish();
      expect(history.rooms.answer(KEY, { type: 'snapshot' }).room).toBeUndefined();
      expect(history.rooms.answer(KEY, { type: 'waiting' }).waiting).toEqual([]);
      const [[end] = []] = history.ends.values();
      const first = order[0]?.do;
      if (first === 'accept') expect(end?.kind).toBe('admitted');
      if (first === 'disconnect') expect(end?.kind).toBe('left');
      if (first === 'closeRoom') expect(end).toEqual({ kind: 'removed', cause: 'room-closed', reason: '' });
    }),
  );
});
