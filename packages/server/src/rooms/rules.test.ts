import type { RoomId, StreamId, UserId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Ban, BanPrivilege, BanScope } from './bans.ts';
import { Enforcement } from './enforcement.ts';
import type { EventBatch } from './event-feed.ts';
import { eventsOf, type RoomEvent } from './events.ts';
import { Rooms } from './rooms.ts';
import { Rules } from './rules.ts';
import { StreamHistory } from './stream-history.ts';
import { KEY, login, MemoryRuleKeeper, ORIGIN, resume, testSettings } from './testing.ts';

let clock: FakeClock;
let keeper: MemoryRuleKeeper;
beforeEach(() => {
  clock = new FakeClock();
  keeper = new MemoryRuleKeeper();
});

const ban = (scope: BanScope, seconds: number, ...privileges: BanPrivilege[]): Ban => ({
  scope,
  privileges,
  createdAtMs: clock.now(),
  untilMs: clock.now() + seconds * 1000,
});

describe('bans', () => {
  test('of any set, in any order, those in force are found, and the longest one counts (BAN-1, BAN-2)', async () => {
    const users = fc.constantFrom('u', 'v') as fc.Arbitrary<UserId>;
    const roomIds = fc.constantFrom('room', 'other') as fc.Arbitrary<RoomId>;
    const addresses = fc.constantFrom('10.0.0.1', '10.0.0.2');
    const scope: fc.Arbitrary<BanScope> = fc.oneof(
      addresses.map((address) => ({ type: 'address' as const, address })),
      roomIds.map((roomId) => ({ type: 'room' as const, roomId })),
      users.map((userId) => ({ type: 'user' as const, userId })),
      fc.tuple(roomIds, users).map(([roomId, userId]) => ({ type: 'room-user' as const, roomId, userId })),
    );
    const privileges = fc.subarray<BanPrivilege>(['login', 'publish'], { minLength: 1 });
    const step = fc.record({
      scope,
      privileges,
      seconds: fc.integer({ min: 1, max: 5 }),
      pause: fc.nat({ max: 3000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const rules = await Rules.open({ keeper: new MemoryRuleKeeper(), clock });
        const model = new Map<string, Ban>();
        for (const { scope, privileges, seconds, pause } of steps) {
          const made = ban(scope, seconds, ...privileges);
          await rules.bans.set(KEY, made);
          model.set(JSON.stringify(scope), made);
          clock.advance(pause);
        }
        for (const privilege of ['login', 'publish'] as const) {
          const ends = [...model.values()]
            .filter(({ scope, privileges, untilMs }) => {
              const isMeant =
                (!('roomId' in scope) || scope.roomId === 'room') &&
                (!('userId' in scope) || scope.userId === 'u') &&
                (!('address' in scope) || scope.address === '10.0.0.1');
              return isMeant && untilMs > clock.now() && privileges.includes(privilege);
            })
            .map(({ untilMs }) => untilMs);
          const found = rules.bans.findEnd(KEY, { id: 'u' as UserId, address: '10.0.0.1' }, privilege);
          expect(found).toBe(ends.length > 0 ? Math.max(...ends) : undefined);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('two pairs of room and user that read the same when written together are two (BAN-1)', async () => {
    const rules = await Rules.open({ keeper, clock });
    const pair = (roomId: string, userId: string): BanScope => ({
      type: 'room-user',
      roomId: roomId as RoomId,
      userId: userId as UserId,
    });
    await rules.bans.set(KEY, ban(pair('a,b', 'c'), 10, 'login'));
    expect(await rules.bans.delete(KEY, pair('a', 'b,c'))).toBe(false);
    expect(await rules.bans.delete(KEY, pair('a,b', 'c'))).toBe(true);
  });

  test('what the store refuses to keep is not in force, and later changes still go (BAN-7)', async () => {
    const rules = await Rules.open({ keeper, clock });
    const scope: BanScope = { type: 'user', userId: 'u' as UserId };
    const put = keeper.put.bind(keeper);
    keeper.put = () => Promise.reject(new Error('disk full'));
    await expect(rules.bans.set(KEY, ban(scope, 10, 'login'))).rejects.toThrow('disk full');
    expect(rules.bans.list(KEY, 'user')).toEqual([]);
    keeper.put = put;
    expect(await rules.bans.set(KEY, ban(scope, 10, 'login'))).toBe(true);
  });
});

describe('enforcement', () => {
  async function open() {
    const rules = await Rules.open({ keeper, clock });
    const events: string[] = [];
    const sink = {
      handle: (batch: { events: readonly { type: string }[] }) =>
        void events.push(...batch.events.map(({ type }) => type)),
    };
    const rooms = new Rooms({ ...testSettings(clock), rules }, { first: [sink as never], after: [] });
    const enforcement = new Enforcement({ rules, rooms, clock, report: () => {} });
    return { rules, rooms, enforcement, events };
  }

  test('a block of a reserved stream is part of it when it is announced (RULE-2)', async () => {
    const { rooms, enforcement, events } = await open();
    const { session } = await rooms.execute(KEY, login('u'), ORIGIN);
    const memberId = session?.member.memberId as never;
    const streamId = 's' as StreamId;
    const on = { streamId, audio: true, video: true };
    await rooms.execute(KEY, { type: 'reserveStream', memberId, extraInfo: '', ...on }, ORIGIN);
    const blocked = { audio: false, video: true };
    await enforcement.block(KEY, streamId, { blocked, untilMs: clock.now() + 1000 }, ORIGIN);
    const before = events.length;
    const { stream } = await rooms.execute(KEY, { type: 'reserveStream', memberId, extraInfo: '', ...on }, ORIGIN);
    expect(stream.blocked).toEqual(blocked);
    expect(events.slice(0, before)).not.toContain('streamUpdated');
    const { publishId } = stream;
    await rooms.execute(KEY, { type: 'announceStream', publishId, ...on }, ORIGIN);
    clock.advance(1000);
    await Promise.resolve();
    expect(rooms.answer(KEY, { type: 'stream', streamId }).stream?.blocked).toEqual({ audio: false, video: false });
  });

  test('rules about rooms that do not exist are kept without a word (RULE-2, FORB-1)', async () => {
    const { enforcement, events } = await open();
    const untilMs = clock.now() + 1000;
    const streamId = 's' as StreamId;
    expect(await enforcement.block(KEY, streamId, { blocked: { audio: true, video: true }, untilMs }, ORIGIN)).toBe(
      true,
    );
    expect(await enforcement.forbid(KEY, [streamId], ORIGIN)).toBe(true);
    expect(await enforcement.ban(KEY, ban({ type: 'room', roomId: KEY.roomId }, 10, 'publish'), ORIGIN)).toBe(true);
    expect(events).toEqual([]);
    expect(keeper.kept.size).toBe(3);
  });
});

test('as many ended streams are remembered as fit, the oldest is forgotten first (FORB-6)', () => {
  const history = new StreamHistory(2);
  const end = (streamId: string, atMs: number) =>
    history.follow(KEY, [{ type: 'streamRemoved', stream: { streamId, createdAtMs: 1 }, atMs } as never]);
  for (const [index, streamId] of ['a', 'b', 'a', 'c'].entries()) end(streamId, index);
  expect(['a', 'b', 'c'].map((id) => history.find(KEY, id as StreamId)?.closedAtMs)).toEqual([2, undefined, 3]);
  expect(history.find({ ...KEY, environment: 'test' }, 'a' as StreamId)).toBeUndefined();
});

describe('a member that has lost its connection', () => {
  const open = async () => {
    const rules = await Rules.open({ keeper, clock });
    const events: RoomEvent[] = [];
    const sink = { handle: (batch: EventBatch) => void events.push(...batch.events) };
    const rooms = new Rooms({ ...testSettings(clock), rules }, { first: [sink], after: [] });
    const { session } = await rooms.execute(KEY, login('u'), ORIGIN);
    if (!session) throw new Error('not in');
    return { rules, rooms, events, back: resume(session) };
  };

  test('and is banned now does not resume; one that was banned and is not any more does (BAN-4)', async () => {
    const { rules, rooms, back } = await open();
    await rules.bans.set(KEY, ban({ type: 'user', userId: 'u' as UserId }, 10, 'login'));
    await expect(rooms.execute(KEY, back, ORIGIN)).rejects.toMatchObject({ code: 'login.banned' });
    clock.advance(10_000);
    await rooms.execute(KEY, back, ORIGIN);
  });

  test('and is banned now is out at once, not after the heartbeat timeout (BAN-4)', async () => {
    const { rules, rooms, events, back } = await open();
    await rooms.execute(KEY, login('other'), ORIGIN);
    await rules.bans.set(KEY, ban({ type: 'user', userId: 'u' as UserId }, 10, 'login'));
    const { memberId } = back;
    await rooms.execute(KEY, { type: 'detach', memberId, connectionId: 'connection-of-u' }, ORIGIN);
    await expect(rooms.execute(KEY, back, ORIGIN)).rejects.toMatchObject({ code: 'login.banned' });
    const { members } = rooms.answer(KEY, { type: 'snapshot' }).room ?? {};
    expect(members?.map(({ user }) => user.id)).toEqual(['other']);
    const [left] = eventsOf(events, 'memberLeft');
    expect(left).toMatchObject({ cause: 'connection-lost' });
  });

  test('is judged by the address that it comes from now, and has it from then on (BAN-4)', async () => {
    const { rules, rooms, back } = await open();
    await rules.bans.set(KEY, ban({ type: 'address', address: '10.0.0.9' }, 10, 'login'));
    const banned = rooms.execute(KEY, { ...back, address: '10.0.0.9' }, ORIGIN);
    await expect(banned).rejects.toMatchObject({ code: 'login.banned' });
    const { session } = await rooms.execute(KEY, { ...back, address: '10.0.0.8' }, ORIGIN);
    expect(session?.member.address).toBe('10.0.0.8');
  });

  test('gets no word of a ban by a ticket that was guessed (BAN-4, KICK-9)', async () => {
    const { rules, rooms, back } = await open();
    await rules.bans.set(KEY, ban({ type: 'user', userId: 'u' as UserId }, 10, 'login'));
    const guessed = rooms.execute(KEY, { ...back, ticket: 'guessed' }, ORIGIN);
    await expect(guessed).rejects.toMatchObject({ code: 'resume.refused' });
  });
});
