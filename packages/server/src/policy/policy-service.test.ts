import type { RoomId, RoomKey, StreamId, UserId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { throughJson } from '@gavel/testkit/through-json';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../base/json.ts';
import { LocalBus } from '../bus/local-bus.ts';
import { Publisher } from '../bus/publisher.ts';
import { NO_MEDIA } from '../bus/testing.ts';
import type { EventBatch } from '../owner/event-feed.ts';
import { Rooms } from '../owner/rooms.ts';
import type { BanPrivilege, BanSubject } from '../rooms/bans.ts';
import type { CommandOf } from '../rooms/commands.ts';
import { eventsOf, type RoomEvent } from '../rooms/events.ts';
import { KEY, login, ORIGIN, resume, testSettings } from '../rooms/testing.ts';
import type { PolicyBatch, PolicyCommand, PolicyReply } from './commands.ts';
import { Policies } from './policies.ts';
import { type PolicyPreview, PolicyService } from './policy-service.ts';
import type { RuleCall, RuleKeeper } from './repository.ts';
import type { NewBanRule, NewRule } from './rule.ts';
import { MemoryRules } from './testing.ts';

type Fact = PolicyCommand | PolicyReply | PolicyBatch | PolicyPreview;
/** Does not compile if a part of a fact is not JSON (BUS-1). */
const IS_JSON: Fact extends Json<Fact> ? true : false = true;

const OTHER: RoomKey = { ...KEY, roomId: 'other' as RoomId };
const MODERATOR = { ...ORIGIN, actor: 'mod' };
const userId = (id: string) => id as UserId;

let clock: FakeClock;
let rules: MemoryRules;
beforeEach(() => {
  clock = new FakeClock();
  rules = new MemoryRules();
});

/** Rooms with a policy; everything that crosses goes through JSON. */
async function open() {
  const batches: PolicyBatch[] = [];
  const sink = { handlePolicy: (batch: PolicyBatch) => void batches.push(throughJson(batch)) };
  const calls: (RuleCall | undefined)[] = [];
  const keeper: RuleKeeper = {
    put(put, call) {
      calls.push(call);
      return rules.put(put);
    },
  };
  const policies = await Policies.open({ repository: rules, keeper, clock, sinks: [sink] });
  const events: RoomEvent[] = [];
  const feed = { handle: (batch: EventBatch) => void events.push(...batch.events) };
  const rooms = new Rooms({ ...testSettings(clock), policy: policies }, { first: [feed], after: [] });
  const bus = new LocalBus({ rooms, media: NO_MEDIA, publisher: new Publisher() });
  const done: string[] = [];
  const commands = {
    concerns: () => true,
    run: async <R>(
      { command }: { readonly command: PolicyCommand },
      work: (callId: string) => Promise<R>,
    ): Promise<R> => {
      const reply = await work(`call-${command.type}`);
      done.push(command.type);
      return reply;
    },
  };
  const service = new PolicyService({ policies, bus, clock, commands, report: () => {} });
  return {
    ...{ policies, rooms, service, batches, events, done, calls },
    set: async (...set: NewRule[]) =>
      throughJson((await service.execute(KEY, throughJson({ type: 'setRules', rules: set }), MODERATOR)).rules),
    lift: (...ids: string[]) =>
      service.execute(KEY, { type: 'liftRules', rules: ids.map((id) => ({ id })), reason: 'sorry' }, MODERATOR),
    present: async (key = KEY) =>
      (rooms.answer(key, { type: 'snapshot' }).room?.members ?? []).map(({ user }) => user.id),
    join: async (id: string, more: Parameters<typeof login>[1] = {}, key = KEY) => {
      const { session } = await rooms.execute(key, login(id, more), ORIGIN);
      if (!session) throw new Error('not in');
      return session;
    },
  };
}

const ban = (subject: BanSubject, more: Partial<NewBanRule> = {}): NewBanRule => ({
  kind: 'ban',
  list: 'moderation',
  subject,
  privileges: ['login'],
  reason: 'spam',
  ...more,
});
const kickBan = (of: 'user' | 'address' | 'both', where: 'room' | 'app' = 'room', seconds?: number) =>
  ({ of, in: where, ...(seconds !== undefined && { seconds }) }) as const;
const kick = (id: string, more: Partial<CommandOf<'kick'>>): CommandOf<'kick'> => ({
  type: 'kick',
  targets: [{ label: id, userIds: [userId(id)] }],
  require: 'any',
  reason: 'spam',
  ...more,
});

test('every part of a policy that crosses a bus is JSON (BUS-1)', () => expect(IS_JSON).toBe(true));

describe('a command that is repeated under its id, because the node that executed it has died', () => {
  const setAgain = (service: PolicyService, rule: NewBanRule, removesPresent = false) =>
    service.execute(KEY, { type: 'setRules', rules: [rule], removesPresent }, MODERATOR, { commandId: 'c1' });

  test('sets each rule once, and enforces it once more (CLUS-3, BUS-2)', async () => {
    const { service, policies, join, present, batches } = await open();
    const rule = ban({ userId: userId('ann') });
    const { rules: first } = await setAgain(service, rule);
    await policies.read();
    await join('ben');
    const again = await setAgain(service, ban({ userId: userId('ben') }), true);
    expect(again.rules[0]?.id).not.toBe(first[0]?.id);
    const before = batches.length;
    expect((await setAgain(service, rule)).rules).toEqual(first);
    expect([rules.rows.size, batches.length]).toEqual([2, before]);
    expect(await present()).toEqual([]);
  });

  test('sets a rule that was stored and that nobody was told of (CLUS-3)', async () => {
    const dead = await open();
    const { rules: stored } = await setAgain(dead.service, ban({ userId: userId('ann') }));
    const { rows } = rules;
    rules = new MemoryRules();
    const next = await open();
    for (const [id, row] of rows) rules.rows.set(id, row);
    await next.join('ann');
    const { rules: set } = await setAgain(next.service, ban({ userId: userId('ann') }), true);
    expect(set.map(({ id }) => id)).toEqual(stored.map(({ id }) => id));
    expect(await next.present()).toEqual([]);
    await expect(next.join('ann')).rejects.toMatchObject({ code: 'login.banned' });
  });

  test('does not set a rule again that was lifted meanwhile; after a day, it is another command (BUS-2)', async () => {
    const { service, lift, join } = await open();
    const rule = ban({ userId: userId('ann') });
    const [set] = (await setAgain(service, rule)).rules;
    await lift(set?.id ?? '');
    expect((await setAgain(service, rule)).rules).toMatchObject([{ id: set?.id, lifted: { by: 'mod' } }]);
    await join('ann');
    clock.advance(86_400_001);
    const [later] = (await setAgain(service, rule)).rules;
    expect([later?.id === set?.id, rules.rows.size]).toEqual([false, 2]);
  });

  test('a kick bans once, also if others are in the room by then (CLUS-3)', async () => {
    const { rooms, join, present } = await open();
    await join('ann');
    await join('ben');
    const kickAgain = (id: string) =>
      rooms.execute(KEY, { ...kick(id, {}), ban: kickBan('user', 'room', 60) }, MODERATOR, { commandId: 'c2' });
    const { bans: first } = await kickAgain('ann');
    clock.advance(2000);
    // The next owner has a replica in which she is in the room.
    const [row] = [...rules.rows.values()];
    rules.rows.delete(row?.id ?? '');
    const next = await open();
    await next.join('ann');
    rules.rows.set(row?.id ?? '', row as never);
    const { members, bans } = await next.rooms.execute(
      KEY,
      { ...kick('ann', {}), ban: kickBan('user', 'room', 60) },
      MODERATOR,
      { commandId: 'c2' },
    );
    expect(members.map(({ user }) => user.id)).toEqual(['ann']);
    expect([bans, rules.rows.size, await present(), await next.present()]).toEqual([first, 1, ['ben'], []]);
  });
});

test('rules are stored with the audit row and the reply of their command (BUS-6)', async () => {
  const { set, lift, calls } = await open();
  const [rule] = await set(ban({ userId: userId('ann') }));
  await lift(rule?.id ?? '');
  expect(calls).toEqual([
    { callId: 'call-setRules', reply: { rules: [rule] } },
    { callId: 'call-liftRules', reply: { rules: [expect.objectContaining({ id: rule?.id })] } },
  ]);
});

describe('bans', () => {
  test('of any set, in any order, those in force are found, and the longest one counts (BAN-1, BAN-2)', async () => {
    const addresses = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.0/30', '10.0.0.64/26', '2001:db8::/32');
    const subject: fc.Arbitrary<BanSubject> = fc.oneof(
      addresses.map((each) => ({ addresses: each })),
      fc.constantFrom('u', 'external', 'v').map((each) => ({ userId: userId(each) })),
      fc.record({ userId: fc.constantFrom('u', 'v').map(userId), addresses }, { noNullPrototype: true }),
      fc.constant({}),
    );
    const step = fc.record({
      subject,
      roomId: fc.constantFrom(undefined, 'room', 'other') as fc.Arbitrary<RoomId | undefined>,
      privileges: fc.subarray<BanPrivilege>(['login', 'publish'], { minLength: 1 }),
      seconds: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
      pause: fc.nat({ max: 3000 }),
      isLifted: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        rules = new MemoryRules();
        const { policies, set, lift } = await open();
        const model: (NewBanRule & { readonly id: string })[] = [];
        for (const { subject, seconds, pause, isLifted, ...rest } of steps) {
          const { roomId = Object.keys(subject).length === 0 ? ('room' as RoomId) : undefined } = rest;
          const untilMs = seconds === undefined ? undefined : clock.now() + seconds * 1000;
          const { privileges } = rest;
          const made = ban(subject, {
            privileges,
            ...(roomId !== undefined && { roomId }),
            ...(untilMs !== undefined && { untilMs }),
          });
          const [{ id } = { id: '' }] = await set(made);
          if (isLifted) await lift(id);
          else model.push({ ...made, id });
          clock.advance(pause);
        }
        const identity = { user: { id: userId('u') }, externalId: userId('external'), address: '10.0.0.1' };
        for (const state of [policies, await Policies.open({ repository: rules, clock })]) {
          for (const privilege of ['login', 'publish'] as const) {
            const ends = model
              .filter(({ subject, roomId, privileges, untilMs = Number.POSITIVE_INFINITY }) => {
                const { userId: id, addresses } = subject;
                const isUser = id === 'u' || id === 'external';
                const isAddress = addresses === '10.0.0.1' || addresses === '10.0.0.0/30';
                const isMeant = (id === undefined && addresses === undefined) || isUser || isAddress;
                const isHere = roomId === undefined || roomId === 'room';
                return isMeant && isHere && untilMs > clock.now() && privileges.includes(privilege);
              })
              .map(({ untilMs = Number.POSITIVE_INFINITY }) => untilMs);
            const check = () =>
              privilege === 'login'
                ? state.checkLogin(KEY, identity)
                : state.checkPublish(KEY, identity, 's' as StreamId);
            const longest = Math.max(...ends);
            const details = Number.isFinite(longest) ? { untilMs: longest } : undefined;
            if (ends.length === 0) expect(check).not.toThrow();
            else expect(check).toThrow(expect.objectContaining({ code: expect.stringMatching(/banned/), details }));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('two pairs of room and user that read the same when written together are two (BAN-1)', async () => {
    const { set, policies } = await open();
    const pair = (roomId: string, id: string) =>
      ban({ userId: userId(id) }, { list: 'room-user', roomId: roomId as RoomId });
    await set(pair('a,b', 'c'), pair('a', 'b,c'));
    expect(policies.bans(KEY, 'room-user')).toHaveLength(2);
  });

  test('what the store refuses to keep is not in force, and later changes still go (BAN-7)', async () => {
    const { set, policies } = await open();
    const put = rules.put.bind(rules);
    rules.put = () => Promise.reject(new Error('disk full'));
    await expect(set(ban({ userId: userId('u') }))).rejects.toThrow('disk full');
    expect(policies.bans(KEY, 'moderation')).toEqual([]);
    rules.put = put;
    expect(await set(ban({ userId: userId('u') }))).toHaveLength(1);
  });

  test('a ban has id, author, reason, beginning and end; lifting it keeps the row (BAN-9)', async () => {
    const { set, lift, rooms, batches, done } = await open();
    const createdAtMs = clock.now();
    const [set1] = await set(ban({ userId: userId('u') }, { untilMs: createdAtMs + 5000 }));
    const facts = { author: 'mod', reason: 'spam', createdAtMs, untilMs: createdAtMs + 5000, version: 1 };
    expect(set1).toMatchObject({ ...facts, id: expect.stringMatching(/./) });
    const refused = rooms.execute(KEY, login('u'), ORIGIN);
    await expect(refused).rejects.toMatchObject({ code: 'login.banned', details: { untilMs: facts.untilMs } });
    clock.advance(1000);
    await lift(set1?.id ?? '');
    await rooms.execute(KEY, login('u'), ORIGIN);
    const row = { ...set1, version: 2, lifted: { atMs: createdAtMs + 1000, by: 'mod', reason: 'sorry' } };
    expect(await rules.find(KEY, set1?.id ?? '')).toEqual(row);
    expect(batches.flatMap(({ events }) => events.map(({ type, seq }) => [type, seq]))).toEqual([
      ['ruleSet', 1],
      ['ruleLifted', 2],
    ]);
    // Both were executed by the log of commands, which keeps audit rows and replies.
    expect(done).toEqual(['setRules', 'liftRules']);
    // Lifted once more, it stays as it was.
    expect((await lift(set1?.id ?? '')).rules).toEqual([]);
  });

  test('bans of one subject stand alone: lifting one leaves the other in force (BAN-9)', async () => {
    const { set, lift, rooms } = await open();
    const [first] = await set(ban({ userId: userId('u') }));
    await set(ban({ userId: userId('u') }, { roomId: KEY.roomId }));
    await lift(first?.id ?? '');
    await expect(rooms.execute(KEY, login('u'), ORIGIN)).rejects.toMatchObject({ code: 'login.banned' });
    await rooms.execute(OTHER, login('u'), ORIGIN);
  });

  test('a rule that replaces another keeps its row too, as lifted by the new one (BAN-6, BAN-9)', async () => {
    const { set } = await open();
    const one = ban({ userId: userId('u') }, { list: 'user' });
    const [first] = await set(one);
    await set({ ...one, privileges: ['publish'] });
    expect(await rules.find(KEY, first?.id ?? '')).toMatchObject({ lifted: { by: 'replaced' }, version: 2 });
    expect(await rules.current(0)).toMatchObject([{ privileges: ['publish'], version: 3 }]);
  });

  test.each([
    ['nobody', ban({})],
    ['nothing', ban({ userId: userId('u') }, { privileges: [] })],
    ['what is no address', ban({ addresses: '10.0.0.1/8' })],
    ['a mapped address', ban({ addresses: '::ffff:10.0.0.1' })],
  ])('a ban of %s is refused (BAN-9)', async (_name, wrong) => {
    const { set } = await open();
    await expect(set(wrong)).rejects.toMatchObject({ code: 'policy.bad-rule' });
    expect(rules.rows.size).toBe(0);
  });
});

test.each([
  ['10.0.0.0/15', 16],
  ['2001:db8::/31', 32],
])(
  'a ban of %s is wider than the configuration allows; one with a prefix of %d is not (BAN-10)',
  async (range, min) => {
    const { set } = await open();
    const refused = set(ban({ addresses: range }));
    await expect(refused).rejects.toMatchObject({ code: 'policy.range-too-wide', details: { minPrefix: min } });
    await set(ban({ addresses: range.replace(/\d+$/, String(min)) }));
  },
);

describe('a kick with a ban', () => {
  test.each([
    ['user', 'room', [true, false, false, false]],
    ['user', 'app', [true, false, true, false]],
    ['address', 'room', [true, true, false, false]],
    ['address', 'app', [true, true, true, true]],
    ['both', 'room', [true, true, false, false]],
    ['both', 'app', [true, true, true, true]],
  ] as const)('of the %s in the %s keeps out whom it covers, and nobody else (BAN-8)', async (of, where, expected) => {
    const { rooms, join, present } = await open();
    await join('ann', { address: '10.0.0.1' });
    await join('ben');
    const { members, bans } = await rooms.execute(KEY, kick('ann', { ban: kickBan(of, where, 60) }), MODERATOR);
    expect([members.length, bans?.length, await present()]).toEqual([1, 1, ['ben']]);
    const isBanned = async (key: RoomKey, id: string, address: string) => {
      const again = login(id, { address, onDuplicate: 'allow' });
      const error = await rooms.execute(key, again, ORIGIN).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error) expect(error).toMatchObject({ code: 'login.banned', details: { untilMs: clock.now() + 60_000 } });
      return error !== undefined;
    };
    const found = [
      await isBanned(KEY, 'ann', of === 'address' ? '10.0.0.1' : '10.0.0.9'),
      await isBanned(KEY, 'zoe', '10.0.0.1'),
      await isBanned(OTHER, 'ann', of === 'address' ? '10.0.0.1' : '10.0.0.9'),
      await isBanned(OTHER, 'zoe', '10.0.0.1'),
    ];
    expect(found).toEqual(expected);
    expect(await isBanned(KEY, 'cem', '10.0.0.2')).toBe(false);
    clock.advance(60_000);
    expect(await isBanned(KEY, 'ann', '10.0.0.1')).toBe(false);
  });

  test('is for good without seconds, and its refusal names no end (BAN-8)', async () => {
    const { rooms, join, lift } = await open();
    await join('ann');
    const { bans } = await rooms.execute(KEY, kick('ann', { ban: kickBan('user') }), MODERATOR);
    clock.advance(1e12);
    const refused = rooms.execute(KEY, login('ann'), ORIGIN);
    await expect(refused).rejects.toMatchObject({ code: 'login.banned', details: undefined });
    await lift(bans?.[0]?.id ?? '');
    await join('ann');
  });

  test('covers the user by its id in the customer’s own system, also when it is created again (BAN-8, BAN-9)', async () => {
    const { rooms, join } = await open();
    await join('first-id', { externalId: userId('ann') });
    await rooms.execute(KEY, kick('first-id', { ban: kickBan('user', 'app') }), MODERATOR);
    for (const again of [login('second-id', { externalId: userId('ann') }), login('ann')]) {
      await expect(rooms.execute(OTHER, again, ORIGIN)).rejects.toMatchObject({ code: 'login.banned' });
    }
    await join('third-id', { externalId: userId('ben') });
  });

  test('refuses a resume, and puts out who waits (BAN-8)', async () => {
    const { rooms, join, present } = await open();
    await join('host');
    const session = await join('ann');
    const waits = { until: 'accepted', rememberedForMs: 1000 } as const;
    await rooms.execute(KEY, login('guest', { waits }), ORIGIN);
    const { memberId } = session.member;
    await rooms.execute(KEY, { type: 'detach', memberId, connectionId: 'connection-of-ann' }, ORIGIN);
    const targets = ['ann', 'guest'].map((label) => ({ label, userIds: [userId(label)] }));
    const both = { ...kick('ann', { ban: kickBan('user') }), targets, require: 'all' } as const;
    const { members, waiting, bans } = await rooms.execute(KEY, both, MODERATOR);
    expect([members.length, waiting.length, bans?.length]).toEqual([1, 1, 2]);
    await expect(rooms.execute(KEY, resume(session), ORIGIN)).rejects.toMatchObject({ code: 'resume.refused' });
    await expect(rooms.execute(KEY, login('guest', { waits }), ORIGIN)).rejects.toMatchObject({ code: 'login.banned' });
    expect([await present(), rooms.answer(KEY, { type: 'waiting' }).waiting]).toEqual([['host'], []]);
  });

  test('of the App also puts the user out of its other rooms, others stay (BAN-8)', async () => {
    const { rooms, join, present } = await open();
    const onDuplicate = 'allow';
    for (const key of [KEY, OTHER]) for (const id of ['ann', 'ben']) await join(id, { onDuplicate }, key);
    const { members } = await rooms.execute(KEY, kick('ann', { ban: kickBan('both', 'app') }), MODERATOR);
    expect([members.length, await present(), await present(OTHER)]).toEqual([1, ['ben'], ['ben']]);
  });

  test('tells whom it would put out and ban, and changes nothing (BAN-8, BUS-3)', async () => {
    const { rooms, join, present, events } = await open();
    await join('ann', { address: '10.0.0.1' });
    await join('ben');
    const before = events.length;
    const command = kick('ann', { ban: kickBan('both', 'app', 60) });
    const preview = throughJson(rooms.answer(KEY, { type: 'preview', command, origin: MODERATOR }));
    expect(preview.reply).toMatchObject({ members: [{ user: { id: 'ann' } }], waiting: [] });
    expect(preview.events.map(({ type }) => type)).toEqual(['memberLeft']);
    const subject = { userId: 'ann', addresses: '10.0.0.1' };
    expect(preview.bans).toMatchObject([{ subject, untilMs: clock.now() + 60_000, reason: 'spam' }]);
    expect([rules.rows.size, await present(), events.length]).toEqual([0, ['ann', 'ben'], before]);
    const absent = { type: 'preview', command: kick('zoe', {}), origin: MODERATOR } as const;
    expect(() => rooms.answer(KEY, absent)).toThrow(expect.objectContaining({ code: 'room.member-not-found' }));
    expect(() => rooms.answer(OTHER, absent)).toThrow(expect.objectContaining({ code: 'room.not-found' }));
  });

  test('bans nobody if the kick is refused, or the store fails: then nobody is out (BAN-8)', async () => {
    const { rooms, join, present } = await open();
    await join('ann');
    const absent = { targets: [...kick('ann', {}).targets, ...kick('zoe', {}).targets], require: 'all' } as const;
    const refused = rooms.execute(KEY, { ...kick('ann', { ban: kickBan('both') }), ...absent }, MODERATOR);
    await expect(refused).rejects.toMatchObject({ code: 'room.member-not-found', details: { label: 'zoe' } });
    const byMember = kick('ann', { ban: kickBan('both'), by: 'm' as never });
    await expect(rooms.execute(KEY, byMember, MODERATOR)).rejects.toMatchObject({ code: 'member.not-allowed' });
    rules.put = () => Promise.reject(new Error('disk full'));
    const failed = rooms.execute(KEY, kick('ann', { ban: kickBan('both') }), MODERATOR);
    await expect(failed).rejects.toThrow('disk full');
    expect([rules.rows.size, await present()]).toEqual([0, ['ann']]);
  });

  test('also bans the users that it names and that are not there (BAN-8)', async () => {
    const { rooms, join } = await open();
    await join('ann');
    const targets = [...kick('ann', {}).targets, ...kick('zoe', {}).targets];
    await rooms.execute(KEY, { ...kick('ann', { ban: kickBan('user') }), targets }, MODERATOR);
    await expect(rooms.execute(KEY, login('zoe'), ORIGIN)).rejects.toMatchObject({ code: 'login.banned' });
  });

  test('covers the address from which its target resumes while the ban is stored (BAN-8)', async () => {
    const { rooms, join, present } = await open();
    const session = await join('ann', { address: '10.0.0.1' });
    const put = rules.put.bind(rules);
    let moves: Promise<unknown> | undefined;
    rules.put = async (rows) => {
      moves ??= rooms.execute(KEY, { ...resume(session), address: '10.0.0.2' }, ORIGIN);
      await moves;
      await put(rows);
    };
    const { bans } = await rooms.execute(KEY, kick('ann', { ban: kickBan('address') }), MODERATOR);
    expect(bans?.map(({ subject }) => subject.addresses)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(await present()).toEqual([]);
  });

  test('refuses to ban an address that is not known (BAN-8)', async () => {
    const { rooms, join, present } = await open();
    await join('ann', { address: 'unknown' });
    const command = kick('ann', { ban: kickBan('both') });
    await expect(rooms.execute(KEY, command, MODERATOR)).rejects.toMatchObject({ code: 'policy.bad-rule' });
    expect(await present()).toEqual(['ann']);
  });
});

describe('a command', () => {
  test('tells whom and what it would hit, and changes nothing (BAN-10)', async () => {
    const { service, join, rooms, present, batches } = await open();
    await join('ann', { address: '10.0.0.1', onDuplicate: 'allow' });
    await join('ben', { address: '10.0.1.1' });
    await join('ann', { address: '10.0.0.7', onDuplicate: 'allow' }, OTHER);
    const waits = { until: 'accepted', rememberedForMs: 1000 } as const;
    await rooms.execute(KEY, login('guest', { waits, address: '10.0.0.9' }), ORIGIN);
    const rule = ban({ addresses: '10.0.0.0/24' });
    const command = { type: 'setRules', rules: [rule], removesPresent: true } as const;
    const seen = throughJson(await service.preview(KEY, command, MODERATOR));
    const people = seen.people.map(({ key, user, isWaiting }) => [key.roomId, user.id, isWaiting]);
    expect(people).toEqual([
      ['room', 'ann', false],
      ['other', 'ann', false],
      ['room', 'guest', true],
    ]);
    expect([rules.rows.size, batches.length, await present()]).toEqual([0, 0, ['ann', 'ben']]);
    await service.execute(KEY, command, MODERATOR);
    expect([await present(), await present(OTHER), rooms.answer(KEY, { type: 'waiting' }).waiting]).toEqual([
      ['ben'],
      [],
      [],
    ]);
  });

  test('that sets a publish ban ends the streams of whom it covers, by any id of the user (BAN-3)', async () => {
    const { set, join, rooms, present } = await open();
    for (const [id, externalId] of [
      ['p1', 'ann'],
      ['p2', 'ben'],
    ] as const) {
      const { member } = await join(id, { externalId: userId(externalId) });
      const on = { streamId: id as StreamId, audio: true, video: true };
      const { memberId } = member;
      const { stream } = await rooms.execute(KEY, { type: 'reserveStream', memberId, extraInfo: '', ...on }, ORIGIN);
      await rooms.execute(KEY, { type: 'announceStream', publishId: stream.publishId, ...on }, ORIGIN);
    }
    await set(ban({ userId: userId('ann') }, { privileges: ['publish'] }));
    expect(rooms.answer(KEY, { type: 'snapshot' }).room?.streams.map(({ streamId }) => streamId)).toEqual(['p2']);
    expect(await present()).toEqual(['p1', 'p2']);
  });

  test('a block of a reserved stream is part of it when it is announced (RULE-2)', async () => {
    const { rooms, set, events, join } = await open();
    const { memberId } = (await join('u')).member;
    const streamId = 's' as StreamId;
    const on = { streamId, audio: true, video: true };
    await rooms.execute(KEY, { type: 'reserveStream', memberId, extraInfo: '', ...on }, ORIGIN);
    const blocked = { audio: false, video: true };
    const { roomId } = KEY;
    await set({ kind: 'stream-block', roomId, streamId, blocked, untilMs: clock.now() + 1000, reason: '' });
    const before = events.length;
    const { stream } = await rooms.execute(KEY, { type: 'reserveStream', memberId, extraInfo: '', ...on }, ORIGIN);
    expect(stream.blocked).toEqual(blocked);
    expect(events.slice(0, before).map(({ type }) => type)).not.toContain('streamUpdated');
    const { publishId } = stream;
    await rooms.execute(KEY, { type: 'announceStream', publishId, ...on }, ORIGIN);
    clock.advance(1000);
    await Promise.resolve();
    expect(rooms.answer(KEY, { type: 'stream', streamId }).stream?.blocked).toEqual({ audio: false, video: false });
  });

  test('the end of a block takes effect although the node that is to end it has just died (CLUS-3, RULE-2)', async () => {
    let responsible = 'dying';
    const peers = { self: 'here', serve: () => {}, askFor: () => Promise.reject(), nodeFor: () => responsible };
    const { rooms, policies, service, join } = await open();
    const { memberId } = (await join('u')).member;
    const streamId = 's' as StreamId;
    const on = { streamId, audio: true, video: true };
    const blocked = { audio: true, video: false };
    const { roomId } = KEY;
    const bus = new LocalBus({ rooms, media: NO_MEDIA, publisher: new Publisher() });
    service.stop();
    const node = new PolicyService({ policies, bus, clock, report: (error) => expect.fail(String(error)), peers });
    await policies.change(
      KEY,
      {
        type: 'setRules',
        rules: [{ kind: 'stream-block', roomId, streamId, blocked, untilMs: clock.now() + 1000, reason: '' }],
      },
      MODERATOR,
    );
    node.start();
    const { stream } = await rooms.execute(KEY, { type: 'reserveStream', memberId, extraInfo: '', ...on }, ORIGIN);
    await rooms.execute(KEY, { type: 'announceStream', publishId: stream.publishId, ...on }, ORIGIN);
    const blockedNow = () => rooms.answer(KEY, { type: 'stream', streamId }).stream?.blocked;
    clock.advance(1000);
    await Promise.resolve();
    expect(blockedNow()).toEqual(blocked);
    responsible = 'here';
    clock.advance(10_000);
    await Promise.resolve();
    expect(blockedNow()).toEqual({ audio: false, video: false });
  });

  test('a block that another node has stored, and told nobody of, ends at its time where it is read (RULE-2, CLUS-3)', async () => {
    const dead = await open();
    const { roomId } = KEY;
    const streamId = 's' as StreamId;
    const blocked = { audio: true, video: false };
    const { rooms, policies, join } = await open();
    await dead.set({ kind: 'stream-block', roomId, streamId, blocked, untilMs: clock.now() + 1000, reason: '' });
    await policies.read();
    const { memberId } = (await join('u')).member;
    const on = { streamId, audio: true, video: true };
    const { stream } = await rooms.execute(KEY, { type: 'reserveStream', memberId, extraInfo: '', ...on }, ORIGIN);
    await rooms.execute(KEY, { type: 'announceStream', publishId: stream.publishId, ...on }, ORIGIN);
    const blockedNow = () => rooms.answer(KEY, { type: 'stream', streamId }).stream?.blocked;
    expect(blockedNow()).toEqual(blocked);
    clock.advance(1000);
    await Promise.resolve();
    expect(blockedNow()).toEqual({ audio: false, video: false });
  });

  test('about rooms that do not exist is stored and harms nothing (RULE-2, FORB-1)', async () => {
    const { set, events } = await open();
    const streamId = 's' as StreamId;
    const { roomId } = KEY;
    const blocked = { audio: true, video: true };
    await set({ kind: 'stream-block', roomId, streamId, blocked, reason: '' });
    await set({ kind: 'forbidden-stream', streamId, reason: '' });
    await set(ban({}, { list: 'room', roomId, privileges: ['publish'] }));
    expect(events).toEqual([]);
    expect(rules.rows.size).toBe(3);
  });
});

describe('a member that has lost its connection', () => {
  const openWithMember = async () => {
    const opened = await open();
    const session = await opened.join('u');
    const banUser = () => opened.set(ban({ userId: userId('u') }, { untilMs: clock.now() + 10_000 }));
    return { ...opened, back: resume(session), banUser };
  };

  test('and is banned now does not resume; one that was banned and is not any more does (BAN-4)', async () => {
    const { rooms, back, banUser } = await openWithMember();
    await banUser();
    await expect(rooms.execute(KEY, back, ORIGIN)).rejects.toMatchObject({ code: 'login.banned' });
    clock.advance(10_000);
    await rooms.execute(KEY, back, ORIGIN);
  });

  test('and is banned now is out at once, not after the heartbeat timeout (BAN-4)', async () => {
    const { rooms, events, back, banUser, join, present } = await openWithMember();
    await join('other');
    await banUser();
    const { memberId } = back;
    await rooms.execute(KEY, { type: 'detach', memberId, connectionId: 'connection-of-u' }, ORIGIN);
    await expect(rooms.execute(KEY, back, ORIGIN)).rejects.toMatchObject({ code: 'login.banned' });
    expect(await present()).toEqual(['other']);
    const [left] = eventsOf(events, 'memberLeft');
    expect(left).toMatchObject({ cause: 'connection-lost' });
  });

  test('is judged by the address that it comes from now, and has it from then on (BAN-4)', async () => {
    const { set, rooms, back } = await openWithMember();
    await set(ban({ addresses: '10.0.0.9' }));
    const banned = rooms.execute(KEY, { ...back, address: '10.0.0.9' }, ORIGIN);
    await expect(banned).rejects.toMatchObject({ code: 'login.banned' });
    const { session } = await rooms.execute(KEY, { ...back, address: '10.0.0.8' }, ORIGIN);
    expect(session?.member.address).toBe('10.0.0.8');
  });

  test('gets no word of a ban by a ticket that was guessed (BAN-4, KICK-9)', async () => {
    const { rooms, back, banUser } = await openWithMember();
    await banUser();
    const guessed = rooms.execute(KEY, { ...back, ticket: 'guessed' }, ORIGIN);
    await expect(guessed).rejects.toMatchObject({ code: 'resume.refused' });
  });
});
