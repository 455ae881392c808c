import { isGavelError, type MemberId } from '@gavel/protocol';
import { describe, expect, it } from 'vitest';
import type { LoginCommand, WaitingTerms } from './commands.ts';
import { eventsOf, type RoomEvent } from './events.ts';
import { Rooms } from './rooms.ts';
import { KEY, kick, login, ORIGIN, testSettings } from './testing.ts';
import type { Waiting, WaitingChange, WaitingEnd } from './waiting.ts';
import { WAITING_LIMITS } from './waiting-list.ts';

const HOST = { publishAudio: true, publishVideo: true, moderation: { kick: true, acceptWaiting: true } };
const UNTIL_ACCEPTED: WaitingTerms = { until: 'accepted', rememberedForMs: 60_000 };
const UNTIL_ATTENDED: WaitingTerms = { until: 'attended', rememberedForMs: 60_000 };
const CLOSE = { type: 'close', reason: 'over', announce: true } as const;

function openLobby(
  changes: { readonly maxLoginsPerSecond?: number; readonly watch?: (change: WaitingChange) => void } = {},
) {
  const { watch, ...more } = changes;
  const settings = { ...testSettings(), ...more };
  const events: RoomEvent[] = [];
  const told: string[] = [];
  const watcher = {
    handleWaiting(change: WaitingChange) {
      told.push(`${change.end?.kind ?? 'asks'}:${change.waiting.user.id}`);
      watch?.(change);
    },
    handleWaitEnd: (waiting: Waiting, end: WaitingEnd) => waitOf(waiting).resolve(end),
  };
  const sink = { handle: (batch: { readonly events: readonly RoomEvent[] }) => void events.push(...batch.events) };
  const rooms = new Rooms(settings, { first: [sink], after: [] }, [watcher]);
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
  return { rooms, clock: settings.clock, events, told, enter, host, ask, answer, waitingUsers, users };
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (isGavelError(error) ? error.code : String(error)),
  );
const waits = new WeakMap<Waiting, PromiseWithResolvers<WaitingEnd>>();
function waitOf(waiting: Waiting): PromiseWithResolvers<WaitingEnd> {
  const wait = waits.get(waiting) ?? Promise.withResolvers<WaitingEnd>();
  waits.set(waiting, wait);
  return wait;
}
/** How a wait has ended, in short. */
const endOf = async (waiting: Waiting): Promise<string> => {
  const end: WaitingEnd | undefined = await Promise.race([waitOf(waiting).promise, Promise.resolve(undefined)]);
  if (!end) return 'waits';
  if (end.kind === 'refused') return end.error.code;
  return end.kind === 'removed' ? `${end.cause}:${end.reason}` : end.kind;
};

describe('who waits', () => {
  it('is a login until it is accepted, and makes no room (WAIT-1, WAIT-5)', async () => {
    const { ask, rooms, events, waitingUsers } = openLobby();
    const waiting = await ask('ann');
    expect([await endOf(waiting), await waitingUsers()]).toEqual(['waits', ['ann']]);
    expect([rooms.answer(KEY, { type: 'snapshot' }).room, rooms.size, events]).toEqual([undefined, 0, []]);
  });

  it('is a login until the room is attended; while it is, it enters at once (WAIT-1)', async () => {
    const { ask, host, enter, users, rooms } = openLobby();
    const ann = await ask('ann', UNTIL_ATTENDED);
    await enter('guest');
    expect(await endOf(ann)).toBe('waits');
    const hostId = await host();
    expect((await waitOf(ann).promise).kind).toBe('admitted');
    expect((await enter('ben', { waits: UNTIL_ATTENDED })).session).toBeDefined();
    expect(await users()).toEqual(['guest', 'host', 'ann', 'ben']);
    await rooms.execute(KEY, { type: 'logout', memberId: hostId }, ORIGIN);
    await ask('cem', UNTIL_ATTENDED);
  });

  it('is nobody who may let others in (WAIT-2)', async () => {
    const { enter, users } = openLobby();
    await enter('ann', { permissions: HOST, waits: UNTIL_ACCEPTED });
    await enter('ben', { permissions: HOST, waits: UNTIL_ATTENDED });
    expect(await users()).toEqual(['ann', 'ben']);
  });

  it('comes in after who lets it in, in the order of asking, under the id it waited with (WAIT-2)', async () => {
    const { ask, host, events, told } = openLobby();
    const [ann, ben] = [await ask('ann', UNTIL_ATTENDED), await ask('ben', UNTIL_ATTENDED)];
    await ask('cem');
    await host();
    await waitOf(ben).promise;
    const joined = eventsOf(events, 'memberJoined').map(({ member }) => [member.user.id, member.memberId]);
    expect(joined.slice(1)).toEqual([
      ['ann', ann.memberId],
      ['ben', ben.memberId],
    ]);
    expect(joined[0]?.[0]).toBe('host');
    expect(told).toEqual(['asks:ann', 'asks:ben', 'asks:cem', 'admitted:ann', 'admitted:ben']);
  });
});

describe('an answer', () => {
  it('lets in whom it names, who are in when it is answered, and passes over who is gone (WAIT-4)', async () => {
    const { ask, host, answer, users, waitingUsers } = openLobby();
    const [ann, ben, cem] = [await ask('ann'), await ask('ben'), await ask('cem')];
    const by = await host();
    await answer(true, by, cem.memberId, 'gone' as MemberId, ann.memberId);
    expect([await users(), await waitingUsers()]).toEqual([['host', 'ann', 'cem'], ['ben']]);
    expect(await codeOf(answer(true, by, ann.memberId))).toBe('room.member-not-found');
    await answer(false, by, ben.memberId);
    expect([await endOf(ben), await waitingUsers()]).toEqual(['login.rejected', []]);
  });

  it('needs the right to it, whoever is named (WAIT-4)', async () => {
    const { ask, enter, answer, waitingUsers } = openLobby();
    const ann = await ask('ann');
    const by = (await enter('ben')).session?.member.memberId;
    for (const memberId of [ann.memberId, 'nobody' as MemberId]) {
      expect(await codeOf(answer(true, by, memberId))).toBe('member.not-allowed');
      expect(await codeOf(answer(false, by, memberId))).toBe('member.not-allowed');
    }
    expect(await waitingUsers()).toEqual(['ann']);
  });

  it('that accepts holds for all of the user’s logins in this session, also when the room has been empty (WAIT-3)', async () => {
    const { ask, host, answer, enter, rooms, clock } = openLobby();
    const [phone, laptop] = [
      await ask('ann', UNTIL_ACCEPTED, { clientId: 'phone' }),
      await ask('ann', UNTIL_ACCEPTED, { clientId: 'laptop' }),
    ];
    await answer(true, await host(), phone.memberId);
    expect([await endOf(phone), await endOf(laptop)]).toEqual(['admitted', 'admitted']);
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
    const { ask, host, answer, rooms } = openLobby();
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
    const { ask, host, answer, clock, users } = openLobby();
    const ann = await ask('ann', UNTIL_ACCEPTED, { tokenExpiresAtMs: clock.now() + 1000 });
    await clock.advance(1000);
    await answer(true, await host(), ann.memberId);
    expect([await endOf(ann), await users()]).toEqual(['login.token-expired', ['host']]);
  });

  it('into a room that is full: refused (WAIT-6)', async () => {
    const { ask, enter, answer, users, waitingUsers } = openLobby();
    await enter('host', { permissions: HOST, maxMemberCount: 1 });
    const ann = await ask('ann');
    await answer(true, undefined, ann.memberId);
    expect([await endOf(ann), await users(), await waitingUsers()]).toEqual(['login.room-full', ['host'], []]);
  });

  it('counts as a login, and so does to ask; who is over the limit follows (WAIT-6, LIM-1)', async () => {
    const { ask, host, users, clock, enter, rooms } = openLobby({ maxLoginsPerSecond: 3 });
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
    const { ask, enter, clock } = openLobby();
    for (let n = 0; n < WAITING_LIMITS.ofUser; n += 1) await ask('ann', UNTIL_ACCEPTED, { clientId: `c${n}` });
    expect(await codeOf(enter('ann', { waits: UNTIL_ACCEPTED, clientId: 'one more' }))).toBe('login.room-full');
    for (let n = WAITING_LIMITS.ofUser; n < WAITING_LIMITS.inRoom; n += 1) {
      if (n % 100 === 0) await clock.advance(1000);
      await ask(`user-${n}`);
    }
    expect(await codeOf(enter('ben', { waits: UNTIL_ACCEPTED }))).toBe('login.room-full');
  });

  it('has a client once: who asks anew takes its own place (WAIT-7)', async () => {
    const { ask, waitingUsers } = openLobby();
    const [first, second] = [await ask('ann'), await ask('ann')];
    expect([await endOf(first), await endOf(second)]).toEqual(['replaced:', 'waits']);
    expect(await waitingUsers()).toEqual(['ann']);
  });

  it('loses who goes, who is gone, and who is silent for the heartbeat time (WAIT-8)', async () => {
    const { ask, rooms, clock, waitingUsers } = openLobby();
    const [ann, ben, cem, dan] = [await ask('ann'), await ask('ben'), await ask('cem'), await ask('dan')];
    await rooms.execute(KEY, { type: 'logout', memberId: ann.memberId }, ORIGIN);
    const { memberId, connectionId } = ben;
    await rooms.execute(KEY, { type: 'detach', memberId, connectionId }, ORIGIN);
    await clock.advance(50_000);
    await rooms.execute(KEY, { type: 'touch', memberIds: [cem.memberId] }, ORIGIN);
    await clock.advance(50_000);
    await rooms.sweep();
    expect(await waitingUsers()).toEqual(['cem']);
    expect(await Promise.all([ann, ben, cem, dan].map(endOf))).toEqual(['left', 'left', 'waits', 'heartbeat-timeout:']);
  });

  it('outlives the room, but for a close of it (WAIT-8, WAIT-9)', async () => {
    const { ask, host, rooms, waitingUsers } = openLobby();
    const ann = await ask('ann');
    await rooms.execute(KEY, { type: 'logout', memberId: await host() }, ORIGIN);
    expect([rooms.size, await waitingUsers()]).toEqual([0, ['ann']]);
    await host();
    await rooms.execute(KEY, CLOSE, ORIGIN);
    expect([await endOf(ann), await waitingUsers()]).toEqual(['room-closed:over', []]);
    expect(await codeOf(rooms.execute(KEY, CLOSE, ORIGIN))).toBe('room.not-found');
  });

  it('is emptied when the room may not be entered any more (WAIT-9)', async () => {
    const { ask, rooms } = openLobby();
    const ann = await ask('ann');
    await rooms.execute(KEY, { type: 'refuseWaiting' }, ORIGIN);
    expect(await endOf(ann)).toBe('login.not-allowed');
  });

  it('does not keep whom a watcher could not take', async () => {
    const { enter, waitingUsers } = openLobby({
      watch: ({ end }) => {
        if (!end) throw new Error('the store is down');
      },
    });
    expect(await codeOf(enter('ann', { waits: UNTIL_ACCEPTED }))).toBe('Error: the store is down');
    expect(await waitingUsers()).toEqual([]);
  });
});

describe('a kick', () => {
  it('finds who waits, with or without a room (WAIT-9)', async () => {
    const { ask, rooms, waitingUsers } = openLobby();
    const [ann] = [await ask('ann'), await ask('ben')];
    const { members, waiting } = await rooms.execute(KEY, kick('ann', 'nobody'), ORIGIN);
    expect([members, waiting.map(({ user }) => user.id)]).toEqual([[], ['ann']]);
    expect([await endOf(ann), await waitingUsers()]).toEqual(['kicked:spam', ['ben']]);
    expect(await codeOf(rooms.execute(KEY, kick('ann'), ORIGIN))).toBe('room.not-found');
  });

  it('takes members and those who wait, all or nobody (WAIT-9)', async () => {
    const { ask, enter, rooms, users, waitingUsers } = openLobby();
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
    expect([await users(), await waitingUsers(), await endOf(ann)]).toEqual([['host'], [], 'kicked:spam']);
  });

  it('by a member is about members alone (WAIT-9)', async () => {
    const { ask, host, rooms, waitingUsers } = openLobby();
    const ann = await ask('ann');
    const targets = [{ label: ann.memberId, userIds: [], memberIds: [ann.memberId] }];
    const command = { type: 'kick', by: await host(), targets, require: 'all', reason: '' } as const;
    expect(await codeOf(rooms.execute(KEY, command, ORIGIN))).toBe('room.member-not-found');
    expect(await waitingUsers()).toEqual(['ann']);
  });
});
