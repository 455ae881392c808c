import { setImmediate } from 'node:timers/promises';
import { isGavelError, type MemberId, type UserId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type EventSink, Rooms } from '../owner/rooms.ts';
import type { RoomCommand } from './commands.ts';
import { eventsOf, type RoomEvent } from './events.ts';
import { KEY, login, ORIGIN, testSettings } from './testing.ts';
import type { Waiting } from './waiting.ts';

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
  /** By waiting user: how its wait ended. */
  readonly ends = new Map<MemberId, string[]>();
  /** The waiting users, as the events say. */
  readonly waiting = new Map<MemberId, string>();
  readonly #asked: Waiting[] = [];
  readonly #hosts: MemberId[] = [];
  readonly #begun: Promise<unknown>[] = [];
  #connections = 0;

  constructor(schedule: fc.Scheduler) {
    const first: EventSink = {
      handle: ({ events }) => {
        for (const event of events) this.#follow(event);
      },
    };
    const journal = { handle: () => schedule.schedule(Promise.resolve()).then(() => undefined) };
    this.rooms = new Rooms(testSettings(this.#clock), { first: [first], journal, after: [] });
  }

  #follow(event: RoomEvent): void {
    this.events.push(event);
    if (event.type === 'waitingAdded') {
      const { waiting } = event;
      expect(this.waiting.has(waiting.memberId), 'a new waiting user did not wait before').toBe(false);
      this.waiting.set(waiting.memberId, waiting.user.id);
      this.#asked.push(waiting);
      this.ends.set(waiting.memberId, []);
    } else if (event.type === 'waitingRemoved') {
      const { memberId } = event.waiting;
      expect(this.waiting.delete(memberId), 'a removed user has waited').toBe(true);
      if (event.end.kind !== 'admitted') this.ends.get(memberId)?.push(event.end.kind);
    } else if (event.type === 'admissionAnswered') {
      this.ends.get(event.waiting.memberId)?.push('session' in event.answer ? 'admitted' : 'refused');
    }
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

  /** Lets everything end that has begun: also admissions, which no caller waits for. */
  async finish(schedule: fc.Scheduler): Promise<void> {
    await schedule.waitFor(Promise.all(this.#begun));
    do {
      await schedule.waitIdle();
      await setImmediate();
    } while (schedule.count() > 0);
  }

  #noteHost(): void {
    const joined = eventsOf(this.events, 'memberJoined').filter(({ member }) => member.user.id === 'host');
    const last = joined.at(-1)?.member.memberId;
    if (last) this.#hosts.push(last);
  }

  async #check(one: Step, wasThere: boolean): Promise<void> {
    const waiting = this.rooms.answer(KEY, { type: 'waiting' }).waiting;
    const members = this.rooms.answer(KEY, { type: 'snapshot' }).room?.members ?? [];
    expect([...this.waiting.keys()], 'who waits is what the events say').toEqual(
      waiting.map(({ memberId }) => memberId),
    );
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
      await history.finish(schedule);
      const joined = new Set(eventsOf(history.events, 'memberJoined').map(({ member }) => member.memberId));
      for (const [memberId, ends] of history.ends) {
        expect(ends, 'a wait ends once').toHaveLength(1);
        expect(ends[0] === 'admitted', 'who is admitted was in, and nobody else').toBe(joined.has(memberId));
      }
      expect(history.waiting.size).toBe(0);
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
      await history.finish(schedule);
      expect(history.rooms.answer(KEY, { type: 'snapshot' }).room).toBeUndefined();
      expect(history.rooms.answer(KEY, { type: 'waiting' }).waiting).toEqual([]);
      const [[end] = []] = history.ends.values();
      const first = order[0]?.do;
      if (first === 'accept') expect(end).toBe('admitted');
      if (first === 'disconnect') expect(end).toBe('left');
      if (first === 'closeRoom') expect(end).toBe('removed');
    }),
  );
});
