import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IS_ONE_PROCESS } from '@gavel/testkit/test-bus';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNT, APP, type Harness, NOBODY, refusalOf, refused, SECOND_APP, settle, startHarness } from './harness.ts';

let harness: Harness;
let meeting: string;
const account = { account_id: ACCOUNT };
const ids = { ...account, app_id: APP };
const MINUTE = 60_000;

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());
beforeEach(async () => {
  harness.clock.advance(1000);
  meeting = await harness.newMeeting();
});

const isoNow = () => new Date(harness.clock.now()).toISOString();
const listOf = async (query: object = {}, app = APP) => {
  const { data, paging } = (await harness.kit.sessions.getSessions(app, { ...account, ...query })) as never as {
    data: { sessions: { id: string; associated_id: string }[] };
    paging: object;
  };
  return { sessions: data.sessions, paging };
};
const onlyOf = async (meetingId = meeting) => {
  const { sessions } = await listOf({ associated_id: meetingId });
  expect(sessions).toHaveLength(1);
  return sessions[0]?.id ?? '';
};
const detail = async (id: string) =>
  (await harness.kit.sessions.getSessionDetails(id, ids)).data as never as Record<string, unknown>;
const participants = async (id: string, query: object = {}) =>
  (await harness.kit.sessions.getSessionParticipants(id, { ...ids, ...query })) as never as {
    data: { participants: Record<string, unknown>[]; paging: object };
    paging: object;
  };
/** Advances the time, and runs the work that is due. */
const pass = async (ms: number) => {
  harness.clock.advance(ms);
  await settle();
};

describe('a session', () => {
  it('begins with the first login, counts, and is the active one while somebody is in (RTK-11)', async () => {
    const [anna, ben] = [await harness.newParticipant(meeting, 'anna'), await harness.newParticipant(meeting, 'ben')];
    const startedAt = isoNow();
    const first = await harness.enter(anna.token);
    await pass(MINUTE);
    await harness.enter(ben.token);
    await pass(MINUTE);
    await harness.leave(meeting, first);
    await pass(MINUTE);
    const id = await onlyOf();
    const expected = {
      id,
      associated_id: meeting,
      meeting_display_name: 'Standup',
      type: 'meeting',
      status: 'LIVE',
      live_participants: 1,
      max_concurrent_participants: 2,
      minutes_consumed: 4,
      organization_id: APP,
      started_at: startedAt,
      created_at: startedAt,
      updated_at: isoNow(),
    };
    expect(await detail(id)).toEqual(expected);
    expect((await harness.kit.activeSession.getActiveSession(meeting, ids)).data).toEqual(expected);
  });

  it('goes on, the same, for whoever comes back within the keep-alive time (RTK-11)', async () => {
    const { id: long } = (await harness.kit.meetings.create(APP, { ...account, session_keep_alive_time_in_secs: 600 }))
      .data ?? { id: '' };
    const anna = await harness.newParticipant(long, 'anna');
    await harness.leave(long, await harness.enter(anna.token));
    const id = await onlyOf(long);
    await pass(599_000);
    expect(await detail(id)).toMatchObject({ status: 'LIVE', live_participants: 0 });
    expect(await refusalOf(harness.kit.activeSession.getActiveSession(long, ids))).toMatchObject({ status: 404 });
    const again = await harness.enter(anna.token);
    expect((await harness.kit.activeSession.getActiveSession(long, ids)).data?.id).toBe(id);
    await pass(600_000);
    expect(await detail(id)).toMatchObject({ status: 'LIVE', live_participants: 1, minutes_consumed: 10 });
    await harness.leave(long, again);
    await pass(600_000);
    await expect.poll(() => detail(id)).toMatchObject({ status: 'ENDED', ended_at: isoNow(), minutes_consumed: 10 });
    expect(await onlyOf(long)).toBe(id);
  });

  it('ends when the keep-alive time is over, and the next login begins another (RTK-11)', async () => {
    const anna = await harness.newParticipant(meeting, 'anna');
    await harness.leave(meeting, await harness.enter(anna.token));
    await pass(59_999);
    const id = await onlyOf();
    expect(await detail(id)).toMatchObject({ status: 'LIVE' });
    await pass(1);
    await expect.poll(() => detail(id)).toMatchObject({ status: 'ENDED', ended_at: isoNow() });
    await harness.enter(anna.token);
    const { sessions } = await listOf({ associated_id: meeting });
    expect(sessions.map((each) => each.id)).toEqual([expect.not.stringMatching(id), id]);
  });

  it('ends at once by kick-all, and not by the kick of its last participant (RTK-11)', async () => {
    const anna = await harness.newParticipant(meeting, 'anna');
    await harness.enter(anna.token);
    await harness.kit.activeSession.kickParticipants(meeting, { ...ids, participant_ids: [anna.id] });
    const id = await onlyOf();
    expect(await detail(id)).toMatchObject({ status: 'LIVE' });
    await harness.enter(anna.token);
    await harness.kit.activeSession.kickAllParticipants(meeting, ids);
    expect(await detail(id)).toMatchObject({ status: 'ENDED', ended_at: isoNow() });
  });

  it('ends at once by kick-all in its keep-alive time, and the next login begins another (WAIT-9, RTK-11)', async () => {
    const anna = await harness.newParticipant(meeting, 'anna');
    await harness.leave(meeting, await harness.enter(anna.token));
    await pass(30_000);
    const id = await onlyOf();
    const { data } = await harness.kit.activeSession.kickAllParticipants(meeting, ids);
    expect(data).toEqual({ action: 'kick_all', kicked_participants_count: 0 });
    await expect.poll(() => detail(id)).toMatchObject({ status: 'ENDED', ended_at: isoNow() });
    await harness.enter(anna.token);
    expect((await harness.kit.activeSession.getActiveSession(meeting, ids)).data?.id).not.toBe(id);
  });

  it('has its title from when it began, and an INACTIVE meeting keeps its history (RTK-11)', async () => {
    const anna = await harness.newParticipant(meeting, 'anna');
    await harness.enter(anna.token);
    await harness.kit.meetings.updateMeetingByID(meeting, { ...ids, title: 'New', status: 'INACTIVE' });
    expect(await detail(await onlyOf())).toMatchObject({ meeting_display_name: 'Standup' });
  });

  it('is made by users of the other API too (RTK-6, RTK-11)', async () => {
    const user = await harness.enterAsUser(meeting, 'user-7', 'User Seven');
    const { data } = await participants(await onlyOf());
    expect(data.participants).toMatchObject([
      {
        id: user.member.memberId,
        user_id: 'user-7',
        custom_participant_id: 'user-7',
        display_name: 'User Seven',
        preset_name: '',
      },
    ]);
  });

  it('is not made by a room that is no meeting (RTK-11)', async () => {
    const before = (await listOf()).paging;
    await harness.enterAsUser(NOBODY, 'user-7');
    await harness.enterAsUser('plain-room', 'user-8');
    expect((await listOf()).paging).toEqual(before);
  });

  it('of another App, or of nobody, is not found', async () => {
    const anna = await harness.newParticipant(meeting, 'anna');
    await harness.enter(anna.token);
    const id = await onlyOf();
    expect(await refusalOf(harness.kit.sessions.getSessionDetails(id, { ...account, app_id: SECOND_APP }))).toEqual(
      refused('NotFoundError', 404, `No session found with id ${id}`),
    );
    for (const refusal of await Promise.all(
      [
        harness.kit.sessions.getSessionDetails(NOBODY, ids),
        harness.kit.sessions.getSessionParticipants(NOBODY, ids),
        harness.kit.sessions.getSessionParticipantDetails(NOBODY, { ...ids, session_id: NOBODY }),
      ].map(refusalOf),
    )) {
      expect(refusal).toEqual(refused('NotFoundError', 404, `No session found with id ${NOBODY}`));
    }
    for (const refusal of await Promise.all(
      [
        harness.kit.sessions.getSessionParticipantDetails(NOBODY, { ...ids, session_id: id }),
        harness.kit.sessions.getParticipantDataFromPeerID(NOBODY, ids),
      ].map(refusalOf),
    )) {
      expect(refusal).toEqual(refused('NotFoundError', 404, `No participant found with id ${NOBODY}`));
    }
  });
});

describe('the list of sessions', () => {
  it('is filtered, sorted and paged (RTK-11)', async () => {
    const since = isoNow();
    const made: string[] = [];
    for (const [title, people, minutes] of [
      ['Alpha', 1, 9],
      ['Beta', 3, 1],
      ['alphabet', 2, 2],
    ] as const) {
      await pass(1000);
      const id = await harness.newMeeting(title);
      const members = [];
      for (let index = 0; index < people; index += 1) {
        members.push(await harness.enter((await harness.newParticipant(id, `p${index}`)).token));
      }
      await pass(minutes * MINUTE);
      if (title !== 'alphabet') await harness.kit.activeSession.kickAllParticipants(id, ids);
      made.push(id);
    }
    const [alpha, beta, alphabet] = made;
    const found = async (query: object) =>
      (await listOf({ start_time: since, ...query })).sessions.map((each) => each.associated_id);
    expect(await found({})).toEqual([alphabet, beta, alpha]);
    expect(await found({ sort_order: 'ASC' })).toEqual([alpha, beta, alphabet]);
    expect(await found({ sort_by: 'createdAt' })).toEqual([alphabet, beta, alpha]);
    expect(await found({ sort_by: 'minutesConsumed' })).toEqual([alpha, alphabet, beta]);
    expect(await found({ sort_by: 'minutesConsumed', sort_order: 'ASC' })).toEqual([beta, alphabet, alpha]);
    expect(await found({ status: 'LIVE' })).toEqual([alphabet]);
    expect(await found({ status: 'ENDED' })).toEqual([beta, alpha]);
    expect(await found({ search: 'ALPHA' })).toEqual([alphabet, alpha]);
    expect(await found({ search: beta })).toEqual([beta]);
    expect(await found({ participants: '2:3' })).toEqual([alphabet, beta]);
    expect(await found({ participants: '3:' })).toEqual([beta]);
    expect(await found({ participants: ':1' })).toEqual([alpha]);
    expect(await found({ associated_id: alpha, meeting_id: beta })).toEqual([alpha]);
    expect(await found({ end_time: since })).toEqual([]);
    expect(await found({ per_page: 1, page_no: 2 })).toEqual([beta]);
    expect((await listOf({ start_time: since, per_page: 2 })).paging).toEqual({
      total_count: 3,
      start_offset: 1,
      end_offset: 2,
    });
    expect((await listOf({}, SECOND_APP)).sessions).toEqual([]);
  });

  it.each([
    ['associated_id=x', '"associated_id" must be a valid GUID'],
    ['participants=many', '"participants" must be a range such as 1:10'],
    ['participants=9:1', '"participants" must be a range such as 1:10'],
    ['sort_by=title', '"sort_by" must be one of [minutesConsumed, createdAt]'],
    ['start_time=yesterday', '"start_time" must be in ISO 8601 date format'],
  ])('refuses %s (RTK-2)', async (query, message) => {
    const { status, body } = await harness.request('GET', `/accounts/${ACCOUNT}/realtime/kit/${APP}/sessions?${query}`);
    expect([status, body.error.message]).toEqual([400, `BAD_REQUEST: ${message}`]);
  });
});

describe('who was in a session', () => {
  it('is told by connections, with times, minutes and events (RTK-11)', async () => {
    const anna = await harness.newParticipant(meeting, 'anna', { name: 'Anna' });
    const joinedAt = isoNow();
    const phone = await harness.enter(anna.token);
    const laptop = await harness.enter(anna.token);
    await pass(90_000);
    await harness.leave(meeting, phone);
    const leftAt = isoNow();
    await pass(30_000);
    const id = await onlyOf();
    const { data, paging } = await participants(id, { include_peer_events: true });
    const facts = {
      user_id: anna.id,
      custom_participant_id: 'anna',
      display_name: 'Anna',
      preset_name: 'group_call_host',
      joined_at: joinedAt,
      created_at: joinedAt,
    };
    const [phonePeer, laptopPeer] = data.participants;
    expect(phonePeer).toMatchObject({ ...facts, id: phone.member.memberId, left_at: leftAt, duration: 1.5 });
    expect(laptopPeer).toMatchObject({ ...facts, id: laptop.member.memberId, left_at: null, duration: 2 });
    const events = (phonePeer?.peer_events ?? []) as { id: string; event_name: string; preset_view_type: string }[];
    expect(events.map((event) => event.event_name)).toEqual(['PEER_CREATED', 'PEER_JOINING', 'PEER_LEAVING']);
    expect(events[0]?.preset_view_type).toBe('GROUP_CALL');
    expect(new Set(events.map((event) => event.id)).size).toBe(3);
    expect(paging).toEqual({ total_count: 2, start_offset: 1, end_offset: 2 });
    expect(data.paging).toEqual(paging);
    expect(await detail(id)).toMatchObject({ max_concurrent_participants: 2 });

    const one = async (who: string) =>
      (await harness.kit.sessions.getSessionParticipantDetails(who, { ...ids, session_id: id })).data as never as {
        participant: object;
      };
    expect((await one(phone.member.memberId)).participant).toMatchObject({ duration: 1.5, left_at: leftAt });
    expect((await one(anna.id)).participant).toMatchObject({ id: laptop.member.memberId });
    expect((await one(anna.id)).participant).not.toHaveProperty('peer_events');

    const report = await harness.kit.sessions.getParticipantDataFromPeerID(phone.member.memberId, ids);
    expect(report.data).toMatchObject({
      participant: {
        id: phone.member.memberId,
        role: 'group_call_host',
        session_id: id,
        duration: 1.5,
        peer_report: { metadata: {}, quality: {} },
      },
    });
  });

  it('is searched, sorted and paged (RTK-11)', async () => {
    for (const name of ['Anna', 'Ben', 'Annabel']) {
      await harness.enter((await harness.newParticipant(meeting, `id-${name}`, { name })).token);
      await pass(1000);
    }
    const id = await onlyOf();
    const names = async (query: object) =>
      (await participants(id, query)).data.participants.map((each) => each.display_name);
    expect(await names({})).toEqual(['Anna', 'Ben', 'Annabel']);
    expect(await names({ search: 'anna' })).toEqual(['Anna', 'Annabel']);
    expect(await names({ search: 'id-Ben' })).toEqual(['Ben']);
    expect(await names({ sort_by: 'joinedAt', sort_order: 'DESC' })).toEqual(['Annabel', 'Ben', 'Anna']);
    expect(await names({ sort_by: 'duration', sort_order: 'ASC' })).toEqual(['Annabel', 'Ben', 'Anna']);
    expect(await names({ view: 'consolidated', per_page: 1, page_no: 3 })).toEqual(['Annabel']);
  });
});

describe('the history', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gavel-sessions-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const read = async (kit: Harness['kit'], session: string) => [
    (await kit.sessions.getSessionDetails(session, ids)).data as never as Record<string, unknown>,
    (await kit.sessions.getSessionParticipants(session, ids)).data,
  ];

  it('of ended sessions is the same after a restart (RTK-11)', async () => {
    const dataDir = join(folder, 'restart');
    const before = await startHarness({ dataDir });
    const room = await before.newMeeting();
    await before.enter((await before.newParticipant(room, 'anna')).token);
    before.clock.advance(MINUTE);
    await before.kit.activeSession.kickAllParticipants(room, ids);
    const { data } = (await before.kit.sessions.getSessions(APP, account)) as never as {
      data: { sessions: { id: string }[] };
    };
    const id = data.sessions[0]?.id ?? '';
    const kept = await read(before.kit, id);
    await before.stop();
    before.clock.advance(MINUTE);
    const after = await startHarness({ dataDir, clock: before.clock });
    expect(await read(after.kit, id)).toEqual(kept);
    await after.stop();
  });

  it('of a session that a crash cut off ends with the time last seen (RTK-11)', async () => {
    const dataDir = join(folder, 'crash');
    const before = await startHarness({ dataDir });
    const room = await before.newMeeting();
    const anna = await before.newParticipant(room, 'anna');
    await before.enter(anna.token);
    const startedMs = before.clock.now();
    // The session is recorded as live every ten seconds: the last time at 90; the server is gone at 95.
    const seenAtMs = async () => (await before.store.sessions.open())[0]?.seenAtMs;
    for (let second = 10; second <= 90; second += 10) {
      before.clock.advance(10_000);
      await expect.poll(seenAtMs).toBe(startedMs + second * 1000);
    }
    before.clock.advance(5000);
    const { data } = await before.kit.activeSession.getActiveSession(room, ids);
    await before.crash();
    before.clock.advance(1000 * MINUTE);

    const after = await startHarness({ dataDir, clock: before.clock });
    const lastSeen = new Date(startedMs + 90_000).toISOString();
    const readCutOff = () => read(after.kit, data?.id ?? '');
    // One process ends it before it answers; of several, one ends it when it has found it.
    if (!IS_ONE_PROCESS) await expect.poll(async () => (await readCutOff())[0]).toMatchObject({ status: 'ENDED' });
    const [session, people] = await readCutOff();
    expect(session).toMatchObject({ status: 'ENDED', ended_at: lastSeen, live_participants: 0, minutes_consumed: 1.5 });
    expect(people).toMatchObject({ participants: [{ left_at: lastSeen, duration: 1.5 }] });
    await after.enter(anna.token);
    expect((await after.kit.activeSession.getActiveSession(room, ids)).data?.id).not.toBe(data?.id);
    await after.stop();
  });

  it('that cannot be kept fails the login, and says so (RTK-11)', async () => {
    const broken = await startHarness();
    const room = await broken.newMeeting();
    const admission = await broken.admit((await broken.newParticipant(room, 'anna')).token);
    await broken.store.close();
    await expect(broken.enterAs(admission)).rejects.toMatchObject({
      code: expect.stringMatching(/^server\.(internal|store-unavailable)$/),
    });
    expect(broken.errors.length).toBeGreaterThan(0);
    await broken.crash().catch(() => {});
  });
});

describe('analytics', () => {
  it('add sessions up by day, and know no recordings and livestreams (RTK-11, RTK-14)', async () => {
    const own = await startHarness();
    const room = await own.newMeeting();
    const day = new Date(own.clock.now()).toISOString().slice(0, 10);
    for (const minutes of [1, 2]) {
      await own.enter((await own.newParticipant(room, 'anna')).token);
      own.clock.advance(minutes * MINUTE);
      await own.kit.activeSession.kickAllParticipants(room, ids);
    }
    const { data } = await own.kit.analytics.getOrgAnalytics(APP, account);
    expect(data).toEqual({
      session_stats: {
        sessions_count: 2,
        sessions_minutes_consumed: 3,
        day_stats: [{ day, total_sessions: 2, total_session_minutes: 3 }],
      },
      recording_stats: { recording_count: 0, recording_minutes_consumed: 0, day_stats: [] },
    });
    const span = { start_date: '2025-01-01', end_date: '2025-01-31' };
    expect((await own.kit.livestreams.getOrgAnalytics(APP, { ...account, ...span })).data).toMatchObject({
      session_stats: { sessions_count: 0, day_stats: [] },
    });
    for (const [query, message] of [
      ['start_date=today', '"start_date" must be a date such as 2026-01-31'],
      ['start_date=2026-02-01&end_date=2026-01-31', '"start_date" must not be after "end_date"'],
    ]) {
      const below = `/accounts/${ACCOUNT}/realtime/kit/${APP}/analytics/daywise?${query}`;
      expect((await own.request('GET', below)).body.error).toEqual({ code: 400, message: `BAD_REQUEST: ${message}` });
    }
    await own.stop();
  });
});
