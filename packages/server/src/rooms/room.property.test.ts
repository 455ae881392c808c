import {
  compareEpochs,
  type Epoch,
  isGavelError,
  type MemberId,
  type PublishId,
  type StreamId,
  type UserId,
} from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { throughJson } from '@gavel/testkit/through-json';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rooms } from '../owner/rooms.ts';
import type { RoomCommand } from './commands.ts';
import type { RoomEvent } from './events.ts';
import { KEY, login, ORIGIN, testSettings, ticketOf } from './testing.ts';

/** A step of a history; numbers choose among what there is at that moment. */
type Step =
  | {
      readonly do: 'login';
      readonly user: number;
      readonly policy: 'replace' | 'allow' | 'reject';
      readonly cap: number;
    }
  | { readonly do: 'logout' | 'detach' | 'resume' | 'touch'; readonly member: number }
  | { readonly do: 'mute'; readonly users: readonly number[]; readonly audio: boolean; readonly allowUnmute: boolean }
  | {
      readonly do: 'share' | 'reserve' | 'announce' | 'end' | 'turnOn';
      readonly member: number;
      readonly stream: number;
    }
  | { readonly do: 'pin' | 'unpin' | 'rename'; readonly member: number }
  | { readonly do: 'add' | 'delete'; readonly user: number; readonly stream: number }
  | { readonly do: 'kick'; readonly users: readonly number[]; readonly require: 'any' | 'all' }
  | { readonly do: 'close' }
  | { readonly do: 'expire' }
  | { readonly do: 'send'; readonly user: number }
  | { readonly do: 'wait'; readonly ms: number };

const user = fc.nat(4);
const member = fc.nat(20);
const stream = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('login' as const),
      user,
      policy: fc.constantFrom('replace', 'allow', 'reject'),
      cap: fc.constantFrom(0, 0, 3),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('logout', 'detach', 'resume', 'touch'), member }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('share', 'reserve', 'announce', 'end', 'turnOn'), member, stream }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('pin', 'unpin', 'rename'), member }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('add', 'delete'), user, stream }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('kick' as const),
      users: fc.array(user, { minLength: 1, maxLength: 3 }),
      require: fc.constantFrom('any', 'all'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('mute' as const),
      users: fc.array(user, { minLength: 1, maxLength: 2 }),
      audio: fc.boolean(),
      allowUnmute: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'close' }, { do: 'expire' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('send' as const), user }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(120_000) }) },
);

const userId = (n: number) => `user-${n}` as UserId;
const streamId = (n: number) => `stream-${n}` as StreamId;
const SCREENS = { publish: true, maxInRoom: 1 };

/** Plays a history against real rooms, keeping by itself what events say. */
class History {
  readonly clock = new FakeClock();
  readonly events: RoomEvent[] = [];
  readonly members: { memberId: MemberId; connectionId: string }[] = [];
  readonly publishes = new Map<StreamId, PublishId>();
  readonly rooms: Rooms;
  #connections = 0;

  constructor() {
    const sink = {
      handle: (batch: { readonly events: readonly RoomEvent[] }) => void this.events.push(...throughJson(batch.events)),
    };
    this.rooms = new Rooms(testSettings(this.clock), { first: [sink], after: [] });
  }

  async play(one: Step): Promise<void> {
    if (one.do === 'wait') return this.clock.advance(one.ms);
    const command = this.#commandOf(one);
    if (!command) return;
    const before = this.rooms.answer(KEY, { type: 'snapshot' }).room;
    const countBefore = this.events.length;
    try {
      await this.rooms.execute(KEY, command, ORIGIN);
    } catch (error) {
      if (!isGavelError(error)) throw error;
      // A refused command changes nothing.
      expect(this.events).toHaveLength(countBefore);
      expect(this.rooms.answer(KEY, { type: 'snapshot' }).room).toEqual(before);
    }
    for (const event of this.events.slice(countBefore)) {
      if (event.type === 'memberJoined') {
        this.members.push({ memberId: event.member.memberId, connectionId: event.connectionId });
      }
      if (event.type === 'streamReserved') this.publishes.set(event.stream.streamId, event.stream.publishId);
    }
  }

  #commandOf(one: Exclude<Step, { do: 'wait' }>): RoomCommand | undefined {
    if ('member' in one) return this.#memberCommand(one);
    if (one.do === 'close') return { type: 'close', reason: '', announce: true };
    if (one.do === 'expire') return { type: 'expire' };
    if (one.do === 'kick') {
      const targets = one.users.map((n) => ({ label: userId(n), userIds: [userId(n)] }));
      return { type: 'kick', targets, require: one.require, reason: '' };
    }
    if (one.do === 'mute') {
      const targets = one.users.map((n) => ({ label: userId(n), userIds: [userId(n)] }));
      const kinds = { audio: one.audio, video: !one.audio, screen: one.allowUnmute };
      return { type: 'mute', targets, require: 'any', kinds, allowUnmute: one.allowUnmute };
    }
    if (one.do === 'send')
      return { type: 'send', kind: 'broadcast', from: { id: userId(one.user), name: '' }, text: 'x' };
    if (one.do === 'login') {
      this.#connections += 1;
      const connectionId = `c${this.#connections}`;
      // One of the users is hidden.
      const isHidden = one.user === 4;
      const may = { publishAudio: true, publishVideo: true, rename: true, screen: SCREENS };
      const permissions = { ...may, ...(isHidden && { hidden: true }) };
      return login(userId(one.user), { onDuplicate: one.policy, maxMemberCount: one.cap, connectionId, permissions });
    }
    if (one.do === 'delete')
      return { type: 'deleteStream', streamId: streamId(one.stream), actorUserId: userId(one.user) };
    const from = { id: userId(one.user), name: '' };
    return { type: 'addStream', user: from, streamId: streamId(one.stream), title: '', extraInfo: '' };
  }

  #memberCommand(one: Extract<Step, { member: number }>): RoomCommand | undefined {
    const chosen = this.members[one.member % Math.max(1, this.members.length)];
    if (!chosen) return undefined;
    const { memberId, connectionId } = chosen;
    switch (one.do) {
      case 'logout':
        return { type: 'logout', memberId };
      case 'touch':
        return { type: 'touch', memberIds: [memberId] };
      case 'detach':
        return { type: 'detach', memberId, connectionId };
      case 'resume':
        return {
          type: 'resume',
          memberId,
          ticket: 'wrong',
          connectionId,
          address: '127.0.0.1',
          ...ticketOf('anybody'),
        };
      case 'share':
      case 'reserve': {
        const source = one.do === 'share' ? ('screen' as const) : ('camera' as const);
        const rest = { source, extraInfo: '', audio: true, video: true };
        return { type: 'reserveStream', memberId, streamId: streamId(one.stream), ...rest };
      }
      case 'pin':
      case 'unpin': {
        const targets = [{ label: memberId, userIds: [], memberIds: [memberId] }];
        return { type: 'pin', targets, pinned: one.do === 'pin' };
      }
      case 'rename':
        return { type: 'rename', memberId, name: `name ${this.events.length}` };
      case 'turnOn':
        return { type: 'updateStream', memberId, streamId: streamId(one.stream), audio: true };
      case 'announce':
      case 'end': {
        const publishId = this.publishes.get(streamId(one.stream));
        if (!publishId) return undefined;
        const which = { streamId: streamId(one.stream), publishId };
        return one.do === 'end'
          ? { type: 'endStream', ...which }
          : { type: 'announceStream', ...which, audio: true, video: true };
      }
    }
  }
}

/** Replays events alone, and checks what must hold after each of them. */
function checkEvents(events: readonly RoomEvent[]): { memberIds: MemberId[]; streamIds: StreamId[] } {
  let epoch = '0' as Epoch;
  let open = false;
  let seq = 0;
  let userSeq = 0;
  let shown = { userSeq: 0, memberCount: 0 };
  let streamSeq = 0;
  let screens = 0;
  const members = new Set<MemberId>();
  const streams = new Map<StreamId, MemberId | undefined>();
  for (const event of events) {
    if (event.type === 'roomCreated') {
      expect(open, 'a room is not created while it is there').toBe(false);
      expect(compareEpochs(event.epoch, epoch) > 0, 'epochs rise (ROOM-3)').toBe(true);
      [open, epoch, seq, userSeq, streamSeq] = [true, event.epoch, 0, 0, 0];
      shown = { userSeq: 0, memberCount: 0 };
    }
    expect(open, 'nothing happens in a room that is not there (ROOM-2)').toBe(true);
    expect(event.epoch, 'nothing of an old life in a new one (ROOM-3)').toBe(epoch);
    expect(event.seq, 'sequence numbers have no holes').toBe(seq + 1);
    seq = event.seq;
    if (event.type === 'memberJoined' || event.type === 'memberLeft') {
      expect(event.userSeq).toBe(userSeq + 1);
      userSeq = event.userSeq;
      if (event.type === 'memberJoined') members.add(event.member.memberId);
      else expect(members.delete(event.member.memberId), 'who leaves was in').toBe(true);
      expect(event.memberCount).toBe(members.size);
      const isShown = !event.member.permissions.hidden;
      if (isShown)
        shown = {
          userSeq: shown.userSeq + 1,
          memberCount: shown.memberCount + (event.type === 'memberJoined' ? 1 : -1),
        };
      expect(event.shown, 'the list that is told has no holes, and nobody hidden (HIDE-2)').toEqual(shown);
    }
    if (event.type === 'memberUpdated') expect(members.has(event.member.memberId), 'who changes is in').toBe(true);
    if (event.type === 'streamAdded' || event.type === 'streamUpdated') {
      const { audio, video, muted } = event.stream;
      expect([audio && muted.audio, video && muted.video], 'what is muted is off (HOST-3)').toEqual([false, false]);
    }
    if (event.type === 'streamAdded' || event.type === 'streamRemoved') {
      expect(event.streamSeq).toBe(streamSeq + 1);
      streamSeq = event.streamSeq;
      const { streamId: id, memberId } = event.stream;
      if (event.type === 'streamAdded') streams.set(id, memberId);
      else expect(streams.delete(id), 'what is removed was there').toBe(true);
      if (event.stream.source === 'screen') screens += event.type === 'streamAdded' ? 1 : -1;
      expect(screens, 'no more screens than are allowed (SCRN-3)').toBeLessThanOrEqual(SCREENS.maxInRoom);
    }
    for (const owner of streams.values()) {
      if (owner !== undefined) expect(members.has(owner), 'no stream without its member').toBe(true);
    }
    if (event.type === 'roomClosed') {
      expect([members.size, streams.size], 'a closed room is empty').toEqual([0, 0]);
      open = false;
    }
  }
  expect(open, 'an empty room does not exist (ROOM-2)').toBe(members.size > 0);
  return { memberIds: [...members], streamIds: [...streams.keys()] };
}

test('any sequence of commands keeps the invariants of a room (ROOM-1, ROOM-2, ROOM-3)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const history = new History();
      for (const one of steps) await history.play(one);
      const { memberIds, streamIds } = checkEvents(history.events);
      const room = history.rooms.answer(KEY, { type: 'snapshot' }).room;
      expect(room?.members.map((info) => info.memberId) ?? []).toEqual(memberIds);
      expect(room?.streams.map((info) => info.streamId).sort() ?? []).toEqual(streamIds.sort());
    }),
    { numRuns: 400 },
  );
});
