/** Getting in and out without a socket: what a door needs for it is here, and nothing of it in the signalling door. */

import { GavelError, type Params } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { expect, test } from 'vitest';
import { LocalBus } from '../bus/local-bus.ts';
import { Publisher } from '../bus/publisher.ts';
import { NO_MEDIA } from '../bus/testing.ts';
import { Rooms } from '../owner/rooms.ts';
import { eventsOf, type RoomEvent } from '../rooms/events.ts';
import { KEY, ORIGIN, testSettings } from '../rooms/testing.ts';
import type { Admission, Authenticator } from './admission.ts';
import { type ClientConnection, Entry } from './entry.ts';
import { Leave } from './leave.ts';

const TOKEN_MS = 60_000;

/** Admits everybody but for the token `bad`; a user whose name begins with `guest` waits to be accepted. */
function openAuthenticator(clock: FakeClock): Authenticator {
  return {
    scheme: 'app-token',
    async admit({ credential, userId = '' }): Promise<Admission> {
      if (credential.token === 'bad') throw new GavelError('login.bad-credential');
      return {
        key: KEY,
        user: { id: userId as Admission['user']['id'], name: userId },
        onDuplicate: 'replace',
        permissions: { publishAudio: true, publishVideo: true, ...(userId === 'blind' && { listsMembers: false }) },
        maxMemberCount: 0,
        facts: { preset: 'p' },
        ...(userId.startsWith('guest') && { waits: { until: 'accepted', rememberedForMs: 0 } }),
      };
    },
    findSession: async () => ({ id: 'session-1', startedAtMs: 1 }),
    renew: async () => ({ tokenExpiresAtMs: clock.now() + TOKEN_MS }),
  };
}

function open() {
  const clock = new FakeClock();
  const events: RoomEvent[] = [];
  const publisher = new Publisher();
  const rooms = new Rooms(testSettings(clock), { first: [], after: [publisher] });
  publisher.subscribe({ handle: (batch) => void events.push(...batch.events) });
  const bus = new LocalBus({ rooms, media: NO_MEDIA, publisher });
  const errors: string[] = [];
  const entry = new Entry({ bus, authenticators: [openAuthenticator(clock)], ticketIssuer: 't1' });
  const leave = new Leave({ bus, clock, log: { error: (_fields, message) => void errors.push(message) } });
  const users = () => (rooms.answer(KEY, { type: 'snapshot' }).room?.members ?? []).map(({ user }) => user.id);
  return { clock, events, rooms, entry, leave, users, errors };
}

const from = (connectionId: string): ClientConnection => ({ channel: 'signalling', connectionId, address: '10.0.0.1' });
const loginOf = (userId: string, token = 'good', scheme = 'app-token'): Params<'login'> =>
  ({
    credential: { scheme, appId: 1, token },
    roomId: 'room',
    userId,
    clientId: userId,
    members: true,
  }) as Params<'login'>;

test('a client joins, and resumes on another connection with its ticket (ROOM-5)', async () => {
  const { entry, leave, users, events } = open();
  const { entered } = await entry.join(from('c1'), loginOf('ann'));
  if (!entered) throw new Error('not in');
  const { key, session, ticket, details } = entered;
  expect([users(), details]).toEqual([
    ['ann'],
    { facts: { preset: 'p' }, session: { id: 'session-1', startedAtMs: 1 } },
  ]);
  const { memberId } = session.member;
  leave.disconnect({ key, memberId, connectionId: 'c1', channel: 'signalling' }, false);
  const resumed = await entry.resume(from('c2'), ticket, session.room.seq);
  expect(resumed.session.member.memberId).toBe(memberId);
  expect(resumed.missed?.map(({ type }) => type)).toEqual(['memberDetached', 'memberResumed']);
  expect(eventsOf(events, 'memberResumed').map(({ connectionId }) => connectionId)).toEqual(['c2']);
  await leave.logOut(key, memberId, ORIGIN);
  await expect(entry.resume(from('c3'), ticket, 0)).rejects.toMatchObject({ details: { cause: 'logout' } });
  await expect(entry.resume(from('c3'), 'no ticket', 0)).rejects.toMatchObject({ code: 'resume.refused' });
});

test('a client that waits gets a ticket, and after its admission what a member gets (WAIT-4)', async () => {
  const { entry, rooms, events, users } = open();
  await entry.join(from('host'), loginOf('host'));
  const { waiting, candidate } = await entry.join(from('c1'), loginOf('guest-1'));
  if (!waiting) throw new Error('does not wait');
  const { memberId } = waiting;
  expect(users()).toEqual(['host']);
  await rooms.execute(KEY, { type: 'answerWaiting', memberIds: [memberId], isAccepted: true }, ORIGIN);
  const answer = eventsOf(events, 'admissionAnswered')[0]?.answer;
  if (!answer || 'error' in answer) throw new Error('not admitted');
  const entered = await entry.enter(candidate, answer.session);
  expect([users(), entered.session.member.memberId]).toEqual([['host', 'guest-1'], memberId]);
  await expect(entry.resume(from('c2'), entered.ticket, 0)).resolves.toMatchObject({ key: KEY });
});

test('a preview shows the members to a candidate that may see them, and logs nobody in (RTK-18)', async () => {
  const { entry, users } = open();
  await entry.join(from('c1'), loginOf('ann'));
  const preview = async (userId: string) =>
    (await entry.preview(from('c2'), loginOf(userId))).map(({ user }) => user.id);
  expect([await preview('ben'), await preview('guest-1'), await preview('blind')]).toEqual([['ann'], [], []]);
  expect((await entry.identify(from('c2'), loginOf('ben'))).admission.user.id).toBe('ben');
  expect(users()).toEqual(['ann']);
});

test('an unknown scheme and a bad credential are refused, and a token is replaced by its own scheme', async () => {
  const { entry, clock } = open();
  const refused = { code: 'login.bad-credential' };
  await expect(entry.join(from('c1'), loginOf('ann', 'good', 'other'))).rejects.toMatchObject(refused);
  await expect(entry.join(from('c1'), loginOf('ann', 'bad'))).rejects.toMatchObject(refused);
  const { entered } = await entry.join(from('c1'), loginOf('ann'));
  if (!entered) throw new Error('not in');
  const renewal = await entry.renew(KEY, entered.session.member, 'new', ORIGIN);
  expect(renewal).toEqual({ tokenExpiresAtMs: clock.now() + TOKEN_MS });
});

test('a connection that is closed cleanly takes its member out after 1.5 s, unless it resumes; a lost one does not (ROOM-5, ROOM-8)', async () => {
  const { entry, leave, users, clock, errors } = open();
  const joined = await Promise.all(['ann', 'ben', 'cem'].map((userId) => entry.join(from(userId), loginOf(userId))));
  for (const { entered } of joined) {
    if (!entered) throw new Error('not in');
    const { key, session } = entered;
    const { memberId, user } = session.member;
    leave.disconnect({ key, memberId, connectionId: user.id, channel: 'signalling' }, user.id !== 'cem');
  }
  await entry.resume(from('again'), joined[1]?.entered?.ticket ?? '', 0);
  await clock.advance(1499);
  expect(users()).toEqual(['ann', 'ben', 'cem']);
  await clock.advance(1);
  expect(users()).toEqual(['ben', 'cem']);
  expect(errors).toEqual([]);
});

test('a stop cancels the pending removals', async () => {
  const { entry, leave, users, clock } = open();
  const { entered } = await entry.join(from('c1'), loginOf('ann'));
  if (!entered) throw new Error('not in');
  leave.disconnect(
    { key: KEY, memberId: entered.session.member.memberId, connectionId: 'c1', channel: 'signalling' },
    true,
  );
  leave.close();
  await clock.advance(10_000);
  expect(users()).toEqual(['ann']);
});
