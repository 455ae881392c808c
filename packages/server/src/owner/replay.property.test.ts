/** Any history of a room, replayed from its events alone, gives the room's state (BUS-3). */

import { isDeepStrictEqual } from 'node:util';
import { isGavelError, type MemberId, type PollId, type PublishId, type StreamId, type UserId } from '@gavel/protocol';
import { throughJson } from '@gavel/testkit/through-json';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KickTarget, LoginCommand, RoomCommand } from '../rooms/commands.ts';
import { eventsOf, type RoomEvent } from '../rooms/events.ts';
import { Room } from '../rooms/room.ts';
import { countingIds, KEY, login, ORIGIN, testSettings, ticketOf } from '../rooms/testing.ts';
import { type Outcome, OwnedRoom } from './owned-room.ts';

const HOST: LoginCommand['permissions'] = {
  publishAudio: true,
  publishVideo: true,
  rename: true,
  screen: { publish: true, maxInRoom: 2 },
  polls: { create: true, vote: true, view: true },
  moderation: { kick: true, muteAudio: true, muteVideo: true, muteScreen: true, changePermissions: true, pin: true },
};
const ON_STAGE: LoginCommand['permissions'] = { ...HOST, stage: { access: 'on-request' } };
const HIDDEN: LoginCommand['permissions'] = { ...HOST, hidden: true };
const PERMISSIONS = [HOST, ON_STAGE, HIDDEN];

const target = (n: number): KickTarget => ({ label: `u${n % 4}`, userIds: [`u${n % 4}` as UserId] });
const streamId = (n: number) => `s${n % 3}` as StreamId;
const flag = (n: number) => n % 2 === 0;

/** A room, another one that follows its events, and what a command may name. */
class Pair {
  readonly settings = testSettings();
  readonly owner = new Room(KEY, this.settings.ids.nextEpoch(), this.settings);
  follower = new Room(KEY, this.owner.epoch, this.settings);
  readonly members: MemberId[] = [];
  readonly publishes = new Map<StreamId, PublishId>();
  readonly polls: PollId[] = [];
  messageId = 0;
  isPresent = (memberId: MemberId): boolean => this.owner.findMember(memberId) !== undefined;

  /** Applies a command; the follower gets its events by JSON. */
  apply(command: RoomCommand): void {
    let events: readonly RoomEvent[];
    try {
      events = this.owner.apply(command);
    } catch (error) {
      if (!isGavelError(error)) throw error;
      return;
    }
    this.follower.follow(throughJson(events));
    this.record(events);
  }

  /** Records what later commands may name. */
  record(events: readonly RoomEvent[]): void {
    for (const { member } of eventsOf(events, 'memberJoined')) this.members.push(member.memberId);
    for (const { stream } of eventsOf(events, 'streamReserved')) this.publishes.set(stream.streamId, stream.publishId);
    for (const { poll } of eventsOf(events, 'pollUpdated')) this.polls.push(poll.pollId);
    for (const { messageId } of eventsOf(events, 'message')) this.messageId = messageId;
  }

  /** Replaces the follower by a room that is restored from a snapshot of the owner. */
  restore(): void {
    const state = throughJson(this.owner.state);
    this.follower = Room.restore(state, this.settings);
    if (!isDeepStrictEqual(this.follower.state, state)) expect(this.follower.state).toEqual(state);
  }

  /** A member that is in the room, in one of ten cases one that may have left. */
  member(n: number): MemberId {
    const present = this.members.filter(this.isPresent);
    const among = n % 10 === 9 ? this.members : present;
    return among[n % Math.max(1, among.length)] ?? ('nobody' as MemberId);
  }
}

type Step = readonly [kind: number, a: number, b: number];
/** What a step does: `a` and `b` choose among what there is at that moment. */
const KINDS: readonly ((pair: Pair, a: number, b: number) => RoomCommand)[] = [
  (_pair, a, b) =>
    login(`u${a % 4}`, {
      onDuplicate: flag(b) ? 'allow' : 'replace',
      permissions: PERMISSIONS[b % 3] ?? HOST,
      sessionKeptMs: b,
      connectionId: `c${a}-${b}`,
      ...(flag(a) && { tokenExpiresAtMs: 9e12 + b, attempt: { id: `try-${b}`, isRetry: false } }),
    }),
  (_pair, a) => login(`u${a % 4}`, { permissions: HOST, onDuplicate: 'allow', connectionId: `d${a}` }),
  (pair, a) => ({ type: 'logout', memberId: pair.member(a) }),
  (pair, a) => {
    const memberId = pair.member(a);
    return { type: 'detach', memberId, connectionId: pair.owner.findMember(memberId)?.link.connectionId ?? '' };
  },
  (pair, a, b) => {
    const memberId = pair.member(a);
    const ticket = pair.owner.findMember(memberId)?.ticket ?? '';
    return { type: 'resume', memberId, ticket, connectionId: `r${b}`, address: `10.0.0.${b % 2}`, ...ticketOf('x') };
  },
  (_pair, a) => ({ type: 'kick', targets: [target(a)], require: 'any', reason: 'r' }),
  (_pair, a, b) => {
    const kinds = { audio: flag(b), video: flag(a), screen: flag(a + b) };
    return { type: 'mute', targets: [target(a)], require: 'any', kinds, allowUnmute: flag(b) };
  },
  (_pair, a, b) => {
    const changes = { publishAudio: flag(a), publishScreen: flag(b), polls: { view: flag(b) } };
    return { type: 'setPermissions', targets: [target(a)], changes };
  },
  (pair, a, b) => {
    const publishing = { publishAudio: flag(a), publishVideo: true, publishStreamIds: [streamId(b)] };
    return { type: 'renewToken', memberId: pair.member(a), tokenExpiresAtMs: 9e12 + b, ...(flag(b) && { publishing }) };
  },
  (_pair, a, b) => ({ type: 'pin', targets: [target(a)], pinned: flag(b) }),
  (pair, a, b) => ({ type: 'rename', memberId: pair.member(a), name: `n${b}` }),
  (pair, a, b) => {
    const action = (['request', 'cancel', 'join', 'leave'] as const)[b % 4] ?? 'join';
    return { type: 'changeStage', memberId: pair.member(a), action };
  },
  (_pair, a, b) => {
    return {
      type: 'answerStage',
      targets: [target(a)],
      answer: (['grant', 'deny', 'remove'] as const)[b % 3] ?? 'grant',
    };
  },
  (pair, a, b) => {
    const source = flag(b) ? 'camera' : 'screen';
    const on = { audio: true, video: true };
    return { type: 'reserveStream', memberId: pair.member(a), streamId: streamId(b), source, extraInfo: '', ...on };
  },
  (pair, a, b) => {
    const publishId = pair.publishes.get(streamId(b)) ?? ('none' as PublishId);
    return { type: 'announceStream', streamId: streamId(b), publishId, audio: flag(a), video: true };
  },
  (pair, _a, b) => {
    return {
      type: 'endStream',
      streamId: streamId(b),
      publishId: pair.publishes.get(streamId(b)) ?? ('none' as PublishId),
    };
  },
  (_pair, a, b) => {
    const user = { id: `u${a % 4}` as UserId, name: 'n' };
    return { type: 'addStream', user, streamId: streamId(b), title: `${a}`, extraInfo: '' };
  },
  (_pair, _a, b) => ({ type: 'deleteStream', streamId: streamId(b) }),
  (pair, a, b) => ({ type: 'updateStream', memberId: pair.member(a), streamId: streamId(b), audio: flag(a) }),
  (_pair, a, b) => ({ type: 'blockStream', streamId: streamId(b), blocked: { audio: flag(a), video: flag(b) } }),
  (pair, a) => ({ type: 'stopPublishing', memberIds: [pair.member(a)] }),
  (_pair, a, b) => ({ type: 'setRoomInfo', user: { id: 'u' as UserId, name: '' }, key: `k${a % 2}`, value: `${b}` }),
  (_pair, a, b) => {
    const from = { id: `u${a % 4}` as UserId, name: '' };
    return { type: 'send', kind: flag(b) ? 'chat' : 'barrage', from, text: `${b}`, ...(flag(a) && { to: [from.id] }) };
  },
  (pair, a, b) => {
    const action = (['edit', 'delete', 'pin', 'unpin'] as const)[b % 4] ?? 'pin';
    const to = action === 'edit' ? { action, text: `e${a}` } : { action };
    return { type: 'changeMessage', memberId: pair.member(a), messageId: pair.messageId, to };
  },
  (_pair, a, b) => {
    return { type: 'createPoll', question: '?', options: ['a', 'b'], anonymous: flag(a), hideVotes: flag(b) };
  },
  (pair, a, b) => {
    const pollId = pair.polls[b % Math.max(1, pair.polls.length)] ?? ('none' as PollId);
    return { type: 'vote', memberId: pair.member(a), pollId, option: b % 2 };
  },
  (pair, a, b) => ({ type: 'openStores', memberId: pair.member(a), names: [`s${b % 2}`] }),
  (pair, a, b) => {
    const step = flag(a) ? ({ action: 'delete' } as const) : ({ action: 'set', value: { b } } as const);
    return { type: 'changeStore', memberId: pair.member(a), name: `s${b % 2}`, steps: [{ key: `k${a % 3}`, ...step }] };
  },
];

/** All state of a room but for the activity of its members, which is no event. */
function stateOf(room: Room, { members }: Pair) {
  return {
    ...room.snapshot(),
    closed: room.closed,
    continuation: room.continuation,
    isAttended: room.isAttended,
    members: members.slice(-12).map((memberId) => {
      const member = room.findMember(memberId);
      if (!member) return undefined;
      const { lastSeenMonotonicMs: _seen, unansweredAttemptId: _attempt, ...rest } = member;
      const query = { direction: 'before', limit: 100 } as const;
      return { ...rest, info: room.findMemberInfo(memberId), chat: room.chat(memberId, query) };
    }),
    reserved: members.slice(-12).map((memberId) => [0, 1, 2].map((n) => room.findOwnStream(memberId, streamId(n)))),
    events: room.eventsAfter({ epoch: room.epoch, seq: Math.max(0, room.position.seq - 5) }),
  };
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(fc.tuple(fc.nat(KINDS.length - 1), fc.nat(30), fc.nat(30)), {
  maxLength: 100,
  size: 'max',
});

test('a room that follows the events of another one from the start has its state after every command (BUS-3)', () => {
  const applied = new Set<number>();
  const property = fc.property(steps, (history) => {
    const pair = new Pair();
    for (const userId of ['u0', 'u1', 'u2', 'u3']) {
      const permissions = userId === 'u3' ? ON_STAGE : HOST;
      pair.apply(login(userId, { permissions, onDuplicate: 'allow' }));
    }
    for (const [kind, a, b] of history) {
      if (pair.owner.closed) break;
      const seq = pair.owner.position.seq;
      const command = KINDS[kind]?.(pair, a, b);
      if (command) pair.apply(command);
      if (pair.owner.position.seq > seq) applied.add(kind);
      const [followed, own] = [stateOf(pair.follower, pair), stateOf(pair.owner, pair)];
      // Much faster than `toEqual`, which then shows the difference.
      if (!isDeepStrictEqual(followed, own)) expect(followed).toEqual(own);
    }
  });
  // A kind of step that needs a rare state may have changed nothing in the first histories.
  for (let round = 0; round < 20 && applied.size < KINDS.length; round += 1) fc.assert(property, { numRuns: 50 });
  const idle = KINDS.keys().filter((kind) => !applied.has(kind));
  expect([...idle], 'each kind of step has changed something').toEqual([]);
});

test('a room that is restored from a snapshot and follows the events after it has the state of the owner (BUS-3)', () => {
  fc.assert(
    fc.property(steps, fc.nat(40), (history, pause) => {
      const pair = new Pair();
      for (const userId of ['u0', 'u1', 'u2', 'u3']) {
        pair.apply(login(userId, { permissions: userId === 'u3' ? ON_STAGE : HOST, onDuplicate: 'allow' }));
      }
      for (const [index, [kind, a, b]] of history.entries()) {
        if (pair.owner.closed) break;
        pair.settings.clock.advance(pause);
        if (index % 5 === 0) pair.restore();
        const command = KINDS[kind]?.(pair, a, b);
        if (command) pair.apply(command);
        const [followed, own] = [stateOf(pair.follower, pair), stateOf(pair.owner, pair)];
        if (!isDeepStrictEqual(followed, own)) expect(followed).toEqual(own);
      }
    }),
    { numRuns: 50 },
  );
});

test('a command that is decided alone changes nothing, and says what it would do (BUS-3)', { timeout: 30_000 }, () => {
  const decidedKinds = new Set<number>();
  fc.assert(
    fc.property(steps, (history) => {
      const pair = new Pair();
      const owned = new OwnedRoom(KEY, pair.settings);
      pair.isPresent = (memberId) => owned.room?.findMember(memberId) !== undefined;
      const apply = (command: RoomCommand): Outcome => {
        const outcome = owned.apply(command, ORIGIN);
        pair.record(outcome.events);
        return outcome;
      };
      for (const userId of ['u0', 'u1', 'u2', 'u3']) {
        const waits = { until: 'accepted', rememberedForMs: 100 } as const;
        apply(login(userId, { permissions: userId === 'u3' ? ON_STAGE : HOST, onDuplicate: 'allow' }));
        apply(login(userId, { waits, onDuplicate: 'allow', clientId: 'waiting' }));
      }
      for (const [kind, a, b] of history) {
        const command = KINDS[kind]?.(pair, a, b);
        if (!command || !owned.room) break;
        const before = throughJson([owned.room.state, owned.waitingRoom?.state ?? {}]);
        const decided = outcomeOf(() => owned.decide(command, ORIGIN, undefined, countingIds()));
        const after = [owned.room.state, owned.waitingRoom?.state ?? {}];
        if (!isDeepStrictEqual(throughJson(after), before)) expect(after).toEqual(before);
        const outcome = outcomeOf(() => apply(command));
        if (!isDeepStrictEqual(decided, outcome)) expect(decided).toEqual(outcome);
        if (Array.isArray(outcome) && outcome.length > 0) decidedKinds.add(kind);
      }
    }),
    { numRuns: 25 },
  );
  // With few histories, not every kind of step is applicable once.
  expect(decidedKinds.size).toBeGreaterThan(KINDS.length / 2);
});

/** What an outcome is about; the ids of new things differ. */
function outcomeOf(run: () => Pick<Outcome, 'events'>): unknown {
  try {
    return run().events.map((event) => [
      event.type,
      event.seq,
      'member' in event && event.member.user.id,
      'stream' in event && event.stream.streamId,
      'waiting' in event && event.waiting.user.id,
      'cause' in event && event.cause,
    ]);
  } catch (error) {
    return isGavelError(error) ? { code: error.code, details: error.details } : error;
  }
}

test('the next life of a session that is followed begins with what was taken away and shared before (BUS-3, HOST-4)', () => {
  const pair = new Pair();
  pair.apply(login('u0', { permissions: HOST, sessionKeptMs: 1000 }));
  const kinds = { audio: true, video: false };
  pair.apply({ type: 'mute', targets: [target(0)], require: 'any', kinds, allowUnmute: false });
  pair.apply({
    type: 'changeStore',
    memberId: pair.member(0),
    name: 's',
    steps: [{ action: 'set', key: 'k', value: 1 }],
  });
  pair.apply({ type: 'logout', memberId: pair.member(0) });
  const { settings, owner } = pair;
  const next = new Room(KEY, settings.ids.nextEpoch(), settings, owner.continuation);
  const follower = new Room(KEY, next.epoch, settings);
  follower.follow(throughJson(next.apply(login('u0', { permissions: HOST }))));
  expect(follower.continuation).toEqual(owner.continuation);
  expect(follower.continuation.moderation.locks).toHaveLength(1);
  expect(follower.snapshot().stores).toEqual([
    { name: 's', entries: [{ key: 'k', value: 1, bytes: 2 }], readerIds: [] },
  ]);
});
