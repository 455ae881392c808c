import { isGavelError, type MemberId } from '@gavel/protocol';
import { describe, expect, it } from 'vitest';
import { type EventSink, Rooms } from '../owner/rooms.ts';
import type { LoginCommand, WaitingTerms } from './commands.ts';
import { eventsOf, type RoomEvent } from './events.ts';
import { KEY, kick, login, ORIGIN, testSettings } from './testing.ts';
import type { Waiting } from './waiting.ts';
import { WAITING_LIMITS } from './waiting-room.ts';

const HOST = { publishAudio: true, publishVideo: true, moderation: { kick: true, acceptWaiting: true } };
const UNTIL_ACCEPTED: WaitingTerms = { until: 'accepted', rememberedForMs: 60_000 };
const UNTIL_ATTENDED: WaitingTerms = { until: 'attended', rememberedForMs: 60_000 };
const CLOSE = { type: 'close', reason: 'over', announce: true } as const;

function openRooms(
  changes: { readonly maxLoginsPerSecond?: number; readonly watch?: (event: RoomEvent) => void } = {},
) {
  const { watch, ...more } = changes;
  const settings = { ...testSettings(), ...more };
  const events: RoomEvent[] = [];
  const sink: EventSink = {
    handle(batch) {
      events.push(...batch.events);
      for (const event of batch.events) watch?.(event);
    },
  };
  const rooms = new Rooms(settings, { first: [sink], after: [] });
  /** How a wait has ended, in short. */
  const endOf = ({ memberId }: Waiting): string => {
    const ofWait = events.filter((event) => 'waiting' in event && event.waiting.memberId === memberId);
    const answered = eventsOf(ofWait, 'admissionAnswered').at(-1)?.answer;
    if (answered) return 'session' in answered ? 'admitted' : answered.error.code;
    const end = eventsOf(ofWait, 'waitingRemoved').at(-1)?.end;
    if (!end) return 'waits';
    if (end.kind === 'refused') return end.error.code;
    return end.kind === 'removed' ? `${end.cause}:${end.reason}` : end.kind;
  };
  /** The changes of the waiting room, in short. */
  const changesOfList = () =>
    events.flatMap((event) => {
      if (event.type === 'waitingAdded') return `added:${event.waiting.user.id}`;
      return event.type === 'waitingRemoved' ? `${event.end.kind}:${event.waiting.user.id}` : [];
    });
  const enter = (userId: string, more: Partial<LoginCommand> = {}) =>
    rooms.execute(KEY, login(userId, { onDuplicate: 'allow', ...more }), ORIGIN);
  const host = async (userId = 'host') => {
    const { session } = await enter(userId, { permissions: HOST });
    if (!session) throw new Error('the host is not in');
    return session.member.memberId;
  };
  const ask = async (userId: string, waits = UNTIL_ACCEPTED, more: Partial<LoginCommand> = {}): Promise<Waiting> => {
    const { waiting } = await enter(userId, { waits, ...more });
    if (!waiting) throw new Error(`${userId} does not wait`);
    return waiting;
  };
  const answer = (isAccepted: boolean, by: MemberId | undefined, ...memberIds: MemberId[]) =>
    rooms.execute(KEY, { type: 'answerWaiting', ...(by && { by }), memberIds, isAccepted }, ORIGIN);
  const waitingUsers = async () => rooms.answer(KEY, { type: 'waiting' }).waiting.map(({ user }) => user.id);
  const users = async () => (rooms.answer(KEY, { type: 'snapshot' }).room?.members ?? []).map(({ user }) => user.id);
  return { rooms, clock: settings.clock, events, changesOfList, endOf, enter, host, ask, answer, waitingUsers, users };
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (isGavelError(error) ? error.code : String(error)),
  );
describe('who waits', () => {
  it('is a login until it is accepted, and makes no room (WAIT-1, WAIT-5)', async () => {
    const { ask, rooms, events, waitingUsers, endOf } = openRooms();
    const waiting = await ask('ann');
    expect([endOf(waiting), await waitingUsers()]).toEqual(['waits', ['ann']]);
    expect([rooms.answer(KEY, { type: 'snapshot' }).room, rooms.size]).toEqual([undefined, 0]);
    expect(events.map(({ type }) => type)).toEqual(['waitingAdded']);
  });

  it('is a login until the room is attended; while it is, it enters at once (WAIT-1)', async () => {
    const { ask, host, enter, users, rooms, endOf } = openRooms();
    const ann = await ask('ann', UNTIL_ATTENDED);
    await enter('guest');
    expect(endOf(ann)).toBe('waits');
    const hostId = await host();
    await expect.poll(() => endOf(ann)).toBe('admitted');
    expect((await enter('ben', { waits: UNTIL_ATTENDED })).session).toBeDefined();
    expect(await users()).toEqual(['guest', 'host', 'ann', 'ben']);
    await rooms.execute(KEY, { type: 'logout', memberId: hostId }, ORIGIN);
    await ask('cem', UNTIL_ATTENDED);
  });

  it('is nobody who may let others in (WAIT-2)', async () => {
    const { enter, users } = openRooms();
    await enter('ann', { permissions: HOST, waits: UNTIL_ACCEPTED });
    await enter('ben', { permissions: HOST, waits: UNTIL_ATTENDED });
    expect(await users()).toEqual(['ann', 'ben']);
  });

  it('comes in after who lets it in, in the order of asking, under the id it waited with (WAIT-2)', async () => {
    const { ask, host, events, changesOfList, endOf } = openRooms();
    const [ann, ben] = [await ask('ann', UNTIL_ATTENDED), await ask('ben', UNTIL_ATTENDED)];
    await ask('cem');
    await host();
    await expect.poll(() => endOf(ben)).toBe('admitted');
    const joined = eventsOf(events, 'memberJoined').map(({ member }) => [member.user.id, member.memberId]);
    expect(joined.slice(1)).toEqual([
      ['ann', ann.memberId],
      ['ben', ben.memberId],
    ]);
    expect(joined[0]?.[0]).toBe('host');
    expect(changesOfList()).toEqual(['added:ann', 'added:ben', 'added:cem', 'admitted:ann', 'admitted:ben']);
  });
});

describe('an answer', () => {
  it('lets in whom it names, who are in when it is answered, and passes over who is gone (WAIT-4)', async () => {
    const { ask, host, answer, users, waitingUsers, endOf } = openRooms();
    const [ann, ben, cem] = [await ask('ann'), await ask('ben'), await ask('cem')];
    const by = await host();
    await answer(true, by, cem.memberId, 'gone' as MemberId, ann.memberId);
    expect([await users(), await waitingUsers()]).toEqual([['host', 'ann', 'cem'], ['ben']]);
    expect(await codeOf(answer(true, by, ann.memberId))).toBe('room.member-not-found');
    await answer(false, by, ben.memberId);
    expect([endOf(ben), await waitingUsers()]).toEqual(['login.rejected', []]);
  });

  it('needs the right to it, whoever is named (WAIT-4)', async () => {
    const { ask, enter, answer, waitingUsers } = openRooms();
    const ann = await ask('ann');
    const by = (await enter('ben')).session?.member.memberId;
    for (const memberId of [ann.memberId, 'nobody' as MemberId]) {
      expect(await codeOf(answer(true, by, memberId))).toBe('member.not-allowed');
      expect(await codeOf(answer(false, by, memberId))).toBe('member.not-allowed');
    }
    expect(await waitingUsers()).toEqual(['ann']);
  });

  it('that accepts holds for all of the user’s logins in this session, also when the room has been empty (WAIT-3)', async () => {
    const { ask, host, answer, enter, rooms, clock, endOf } = openRooms();
    const [phone, laptop] = [
      await ask('ann', UNTIL_ACCEPTED, { clientId: 'phone' }),
      await ask('ann', UNTIL_ACCEPTED, { clientId: 'laptop' }),
    ];
    await answer(true, await host(), phone.memberId);
    expect([endOf(phone), endOf(laptop)]).toEqual(['admitted', 'admitted']);
    for (const { memberId } of rooms.answer(KEY, { type: 'snapshot' }).room?.members ?? []) {
      await rooms.execute(KEY, { type: 'logout', memberId }, ORIGIN);
    }
    expect(rooms.size).toBe(0);
    await clock.advance(59_999);
    const again = (await enter('ann', { waits: UNTIL_ACCEPTED })).session;
    expect(again).toBeDefined();
    // The room is there: nothing is forgotten.
    await clock.advance(90_000);
    await enter('ann', { waits: UNTIL_ACCEPTED, clientId: 'tablet' });
    for (const { memberId } of rooms.answer(KEY, { type: 'snapshot' }).room?.members ?? []) {
      await rooms.execute(KEY, { type: 'logout', memberId }, ORIGIN);
    }
    await clock.advance(60_000);
    await ask('ann');
  });

  it('is taken back by a kick, and by the end of the session (WAIT-3)', async () => {
    const { ask, host, answer, rooms } = openRooms();
    const by = await host();
    await answer(true, by, (await ask('ann')).memberId);
    await rooms.execute(KEY, kick('ann'), ORIGIN);
    await answer(true, by, (await ask('ann')).memberId);
    await rooms.execute(KEY, CLOSE, ORIGIN);
    await host();
    await ask('ann');
  });
});

describe('to be let in is to log in', () => {
  it('with a token that has run out meanwhile: refused (WAIT-6)', async () => {
    const { ask, host, answer, clock, users, endOf } = openRooms();
    const ann = await ask('ann', UNTIL_ACCEPTED, { tokenExpiresAtMs: clock.now() + 1000 });
    await clock.advance(1000);
    await answer(true, await host(), ann.memberId);
    expect([endOf(ann), await users()]).toEqual(['login.token-expired', ['host']]);
  });

  it('into a room that is full: refused (WAIT-6)', async () => {
    const { ask, enter, answer, users, waitingUsers, endOf } = openRooms();
    await enter('host', { permissions: HOST, maxMemberCount: 1 });
    const ann = await ask('ann');
    await answer(true, undefined, ann.memberId);
    expect([endOf(ann), await users(), await waitingUsers()]).toEqual(['login.room-full', ['host'], []]);
  });

  it('counts as a login, and so does to ask; who is over the limit follows (WAIT-6, LIM-1)', async () => {
    const { ask, host, users, clock, enter, rooms } = openRooms({ maxLoginsPerSecond: 3 });
    for (const userId of ['ann', 'ben', 'cem']) await ask(userId, UNTIL_ATTENDED);
    expect(await codeOf(enter('dan', { waits: UNTIL_ATTENDED }))).toBe('rate.limited');
    await clock.advance(1000);
    await host();
    expect(await users()).toEqual(['host', 'ann', 'ben']);
    await rooms.sweep();
    expect(await users()).toEqual(['host', 'ann', 'ben']);
    await clock.advance(1000);
    await rooms.sweep();
    expect(await users()).toEqual(['host', 'ann', 'ben', 'cem']);
  });
});

describe('the list', () => {
  it('takes so many of a room, and so many of a user (WAIT-7)', async () => {
    const { ask, enter, clock } = openRooms();
    for (let n = 0; n < WAITING_LIMITS.ofUser; n += 1) await ask('ann', UNTIL_ACCEPTED, { clientId: `c${n}` });
    expect(await codeOf(enter('ann', { waits: UNTIL_ACCEPTED, clientId: 'one more' }))).toBe('login.room-full');
    for (let n = WAITING_LIMITS.ofUser; n < WAITING_LIMITS.inRoom; n += 1) {
      if (n % 100 === 0) await clock.advance(1000);
      await ask(`user-${n}`);
    }
    expect(await codeOf(enter('ben', { waits: UNTIL_ACCEPTED }))).toBe('login.room-full');
  });

  it('has a client once: who asks anew takes its own place (WAIT-7)', async () => {
    const { ask, waitingUsers, endOf } = openRooms();
    const [first, second] = [await ask('ann'), await ask('ann')];
    expect([endOf(first), endOf(second)]).toEqual(['replaced:', 'waits']);
    expect(await waitingUsers()).toEqual(['ann']);
  });

  it('loses who goes, who is gone, and who is silent for the heartbeat time (WAIT-8)', async () => {
    const { ask, rooms, clock, waitingUsers, endOf } = openRooms();
    const [ann, ben, cem, dan] = [await ask('ann'), await ask('ben'), await ask('cem'), await ask('dan')];
    await rooms.execute(KEY, { type: 'logout', memberId: ann.memberId }, ORIGIN);
    const { memberId, connectionId } = ben;
    await rooms.execute(KEY, { type: 'detach', memberId, connectionId }, ORIGIN);
    await clock.advance(50_000);
    await rooms.execute(KEY, { type: 'touch', memberIds: [cem.memberId] }, ORIGIN);
    await clock.advance(50_000);
    await rooms.sweep();
    expect(await waitingUsers()).toEqual(['cem']);
    expect([ann, ben, cem, dan].map(endOf)).toEqual(['left', 'left', 'waits', 'heartbeat-timeout:']);
  });

  it('outlives the room, but for a close of it (WAIT-8, WAIT-9)', async () => {
    const { ask, host, rooms, waitingUsers, endOf } = openRooms();
    const ann = await ask('ann');
    await rooms.execute(KEY, { type: 'logout', memberId: await host() }, ORIGIN);
    expect([rooms.size, await waitingUsers()]).toEqual([0, ['ann']]);
    await host();
    await rooms.execute(KEY, CLOSE, ORIGIN);
    expect([endOf(ann), await waitingUsers()]).toEqual(['room-closed:over', []]);
    expect(await codeOf(rooms.execute(KEY, CLOSE, ORIGIN))).toBe('room.not-found');
  });

  it('is emptied when the room may not be entered any more (WAIT-9)', async () => {
    const { ask, rooms, endOf } = openRooms();
    const ann = await ask('ann');
    await rooms.execute(KEY, { type: 'refuseWaiting' }, ORIGIN);
    expect(endOf(ann)).toBe('login.not-allowed');
  });

  it('does not keep a user whose arrival a sink refuses (BUS-5)', async () => {
    const { enter, waitingUsers } = openRooms({
      watch: ({ type }) => {
        if (type === 'waitingAdded') throw new Error('the store is down');
      },
    });
    expect(await codeOf(enter('ann', { waits: UNTIL_ACCEPTED }))).toBe('Error: the store is down');
    expect(await waitingUsers()).toEqual([]);
  });
});

describe('a kick', () => {
  it('finds who waits, with or without a room (WAIT-9)', async () => {
    const { ask, rooms, waitingUsers, endOf } = openRooms();
    const [ann] = [await ask('ann'), await ask('ben')];
    const { members, waiting } = await rooms.execute(KEY, kick('ann', 'nobody'), ORIGIN);
    expect([members, waiting.map(({ user }) => user.id)]).toEqual([[], ['ann']]);
    expect([endOf(ann), await waitingUsers()]).toEqual(['kicked:spam', ['ben']]);
    expect(await codeOf(rooms.execute(KEY, kick('ann'), ORIGIN))).toBe('room.not-found');
  });

  it('takes members and those who wait, all or nobody (WAIT-9)', async () => {
    const { ask, enter, rooms, users, waitingUsers, endOf } = openRooms();
    await enter('host');
    await enter('ben');
    const ann = await ask('ann');
    // Ben is in with one device, and waits with another.
    await ask('ben', UNTIL_ACCEPTED, { clientId: 'phone' });
    const all = { ...kick('ben', 'ann', 'nobody'), require: 'all' } as const;
    await expect(rooms.execute(KEY, all, ORIGIN)).rejects.toMatchObject({ details: { label: 'nobody' } });
    expect([await users(), await waitingUsers()]).toEqual([
      ['host', 'ben'],
      ['ann', 'ben'],
    ]);
    const { members, waiting } = await rooms.execute(KEY, { ...kick('ben', 'ann'), require: 'all' }, ORIGIN);
    expect(members.map(({ user }) => user.id)).toEqual(['ben']);
    expect(waiting.map(({ user }) => user.id)).toEqual(['ben', 'ann']);
    expect([await users(), await waitingUsers(), endOf(ann)]).toEqual([['host'], [], 'kicked:spam']);
  });

  it('by a member is about members alone (WAIT-9)', async () => {
    const { ask, host, rooms, waitingUsers } = openRooms();
    const ann = await ask('ann');
    const targets = [{ label: ann.memberId, userIds: [], memberIds: [ann.memberId] }];
    const command = { type: 'kick', by: await host(), targets, require: 'all', reason: '' } as const;
    expect(await codeOf(rooms.execute(KEY, command, ORIGIN))).toBe('room.member-not-found');
    expect(await waitingUsers()).toEqual(['ann']);
  });
});
