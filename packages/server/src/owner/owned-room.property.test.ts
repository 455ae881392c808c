/** A waiting room that follows the events of another one, and of its room, has the same state (BUS-3). */

import { isDeepStrictEqual } from 'node:util';
import { isGavelError, type MemberId, type UserId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { throughJson } from '@gavel/testkit/through-json';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LoginCommand, RoomCommand } from '../rooms/commands.ts';
import { eventsOf } from '../rooms/events.ts';
import { KEY, kick, login, ORIGIN, testSettings } from '../rooms/testing.ts';
import { WaitingRoom } from '../rooms/waiting-room.ts';
import { OwnedRoom } from './owned-room.ts';

const HOST: LoginCommand['permissions'] = {
  publishAudio: true,
  publishVideo: true,
  moderation: { kick: true, acceptWaiting: true },
};

type Step = readonly [kind: number, a: number];

/** An owned room, and a waiting room that follows its events through JSON. */
class Pair {
  readonly clock = new FakeClock();
  readonly #settings = testSettings(this.clock);
  #owner = new OwnedRoom(KEY, this.#settings);
  #replica = new WaitingRoom(KEY, this.#settings.ids.nextEpoch());
  readonly memberIds: MemberId[] = [];

  apply(command: RoomCommand): boolean {
    try {
      const { events } = this.#owner.apply(command, ORIGIN);
      for (const event of throughJson(events)) this.#replica.evolve(event, this.clock.monotonicMs());
      for (const { member } of eventsOf(events, 'memberJoined')) this.memberIds.push(member.memberId);
      for (const { waiting } of eventsOf(events, 'waitingAdded')) this.memberIds.push(waiting.memberId);
      return events.length > 0;
    } catch (error) {
      if (!isGavelError(error)) throw error;
      return false;
    }
  }

  /** Admits the first user that no longer has to wait. */
  admit(): boolean {
    const [first] = this.#owner.admissible();
    return first !== undefined && this.apply(first.login);
  }

  member(a: number): MemberId {
    return this.memberIds.at(-1 - (a % 6)) ?? ('nobody' as MemberId);
  }

  wait(ms: number): void {
    this.clock.advance(ms);
    const nowMonotonicMs = this.clock.monotonicMs();
    this.#owner.deleteExpired(nowMonotonicMs);
    this.#replica.deleteExpired(nowMonotonicMs);
  }

  check(): void {
    const own = this.#owner.waitingRoom?.state ?? { waits: [], accepted: [] };
    // Much faster than `toEqual`, which then shows the difference.
    if (!isDeepStrictEqual(this.#replica.state, own)) expect(this.#replica.state).toEqual(own);
  }
}

const KINDS: readonly ((pair: Pair, a: number) => boolean)[] = [
  (pair, a) => {
    const waits = { until: a % 2 === 0 ? 'accepted' : 'attended', rememberedForMs: 5000 } as const;
    const client = `c${a % 3}`;
    return pair.apply(
      login(`u${a % 3}`, { waits, clientId: client, connectionId: `${client}-${a}`, onDuplicate: 'allow' }),
    );
  },
  (pair) => pair.apply(login('host', { permissions: HOST, onDuplicate: 'allow', sessionKeptMs: 10_000 })),
  (pair, a) => pair.apply({ type: 'answerWaiting', memberIds: [pair.member(a)], isAccepted: a % 4 > 0 }),
  (pair) => pair.admit(),
  (pair, a) => pair.apply({ type: 'logout', memberId: pair.member(a) }),
  (pair, a) => pair.apply({ type: 'detach', memberId: pair.member(a), connectionId: 'c' }),
  (pair, a) => pair.apply({ ...kick(`u${a % 3}`, `u${(a + 1) % 3}`), require: a % 2 === 0 ? 'any' : 'all' }),
  (pair) =>
    pair.apply({ type: 'kick', targets: [{ label: 'host', userIds: ['host' as UserId] }], require: 'any', reason: '' }),
  (pair) => pair.apply({ type: 'close', reason: 'over', announce: true }),
  (pair) => pair.apply({ type: 'refuseWaiting' }),
  (pair, a) => {
    pair.wait(a * 4000);
    return pair.apply({ type: 'expire' });
  },
];

const steps: fc.Arbitrary<readonly Step[]> = fc.array(fc.tuple(fc.nat(KINDS.length - 1), fc.nat(30)), {
  maxLength: 100,
  size: 'max',
});

test('a waiting room that follows the events of another one has its state after every command (BUS-3)', () => {
  const applied = new Set<number>();
  fc.assert(
    fc.property(steps, (history) => {
      const pair = new Pair();
      for (const [kind, a] of history) {
        if (KINDS[kind]?.(pair, a)) applied.add(kind);
        pair.check();
      }
    }),
    { numRuns: 200 },
  );
  const idle = KINDS.keys().filter((kind) => !applied.has(kind));
  expect([...idle], 'each kind of step has changed something').toEqual([]);
});

test('one kick takes members and waiting users, in one batch; one close ends the room and all waits (WAIT-9)', () => {
  const owner = new OwnedRoom(KEY, testSettings());
  owner.apply(login('host', { permissions: HOST }), ORIGIN);
  owner.apply(login('ann'), ORIGIN);
  const waits = { until: 'accepted', rememberedForMs: 0 } as const;
  for (const clientId of ['phone', 'tablet']) {
    owner.apply(login('ann', { waits, clientId }), ORIGIN);
    owner.apply(login('ben', { waits, clientId }), ORIGIN);
  }
  const typesOf = (command: RoomCommand) => owner.apply(command, ORIGIN).events.map(({ type }) => type);
  expect(typesOf(kick('ann'))).toEqual(['waitingRemoved', 'waitingRemoved', 'memberLeft']);
  const close = { type: 'close', reason: '', announce: true } as const;
  expect(typesOf(close)).toEqual(['waitingRemoved', 'waitingRemoved', 'memberLeft', 'roomClosed']);
  expect(owner.isEmpty).toBe(true);
});
