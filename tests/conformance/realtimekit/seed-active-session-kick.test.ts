/**
 * "Kick participants from an active session", the vendor's page, line by line: each parameter, code and example on it
 * has a test here.
 */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNT, APP, type Harness, NOBODY, refusalOf, refused, startHarness, TOKEN } from './harness.ts';

let harness: Harness;
let meeting: string;
const ids = { account_id: ACCOUNT, app_id: APP };
const kick = (body: { participant_ids?: string[]; custom_participant_ids?: string[] }) =>
  harness.kit.activeSession.kickParticipants(meeting, { ...ids, ...body });

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());
beforeEach(async () => {
  meeting = await harness.newMeeting();
});

const add = async (customId: string, more?: { name?: string; picture?: string }) => {
  const participant = await harness.newParticipant(meeting, customId, more);
  return { ...participant, session: await harness.enter(participant.token) };
};

describe('POST /accounts/{account_id}/realtime/kit/{app_id}/meetings/{meeting_id}/active-session/kick', () => {
  it('kicks one participant by its id (RTK-3)', async () => {
    const [anna, ben] = [await add('anna'), await add('ben')];
    const answer = await kick({ participant_ids: [anna.id] });
    expect(answer.data?.participants?.map((each) => each.id)).toEqual([anna.id]);
    expect(await harness.usersIn(meeting)).toEqual([ben.id]);
    // RTK-5: the cause that clients report as the leave state `kicked`.
    expect(harness.departures().at(-1)).toEqual({
      memberId: anna.session.member.memberId,
      cause: 'kicked',
      reason: '',
    });
  });

  it('kicks one participant by its custom id (RTK-3)', async () => {
    const [anna, ben] = [await add('anna'), await add('ben')];
    const answer = await kick({ custom_participant_ids: ['ben'] });
    expect(answer.data?.participants?.map((each) => each.id)).toEqual([ben.id]);
    expect(await harness.usersIn(meeting)).toEqual([anna.id]);
  });

  it('kicks several at once, by both kinds of ids ("one or more participants") (RTK-3)', async () => {
    const [anna, ben, cem, dora] = [await add('anna'), await add('ben'), await add('cem'), await add('dora')];
    const answer = await kick({ participant_ids: [anna.id, ben.id], custom_participant_ids: ['cem'] });
    expect(answer.data?.participants?.map((each) => each.id)).toEqual([anna.id, ben.id, cem.id]);
    expect(await harness.usersIn(meeting)).toEqual([dora.id]);
  });
});

describe('Security: API Token', () => {
  it('takes "Authorization: Bearer" with the token of the example (RTK-1)', async () => {
    const anna = await add('anna');
    // The example's own token, which the harness has configured.
    expect(TOKEN).toBe('Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY');
    expect((await kick({ participant_ids: [anna.id] })).success).toBe(true);
  });

  it('refuses a call without a token (RTK-1)', async () => {
    const below = `/accounts/${ACCOUNT}/realtime/kit/${APP}/meetings/${meeting}/active-session/kick`;
    expect((await harness.request('POST', below, { authorization: null })).status).toBe(401);
  });

  // "Accepted Permissions (at least one required): Realtime Admin, Realtime": the two have the same power in this API,
  // so a token has one scope here, its account, and may be limited to some Apps: `access.test.ts`.
});

describe('Path Parameters', () => {
  const call = (account: string, app: string, meetingId: string) =>
    harness.request('POST', `/accounts/${account}/realtime/kit/${app}/meetings/${meetingId}/active-session/kick`, {
      contentType: 'application/json',
      body: JSON.stringify({ participant_ids: [NOBODY] }),
    });

  it('account_id: "maxLength 32": one of 33 is refused (RTK-7)', async () => {
    expect(ACCOUNT).toHaveLength(32);
    const { status, body } = await call(`${ACCOUNT}0`, APP, meeting);
    expect(status).toBe(400);
    expect(body.error.message).toBe(
      'BAD_REQUEST: "account_id" length must be less than or equal to 32 characters long',
    );
  });

  it('app_id: "maxLength 32" of the page is 36 here, as the ids the vendor gives are UUIDs (RTK-7)', async () => {
    expect(APP).toHaveLength(36);
    expect((await call(ACCOUNT, APP, meeting)).body.error.message).toContain('No active session');
    const { status, body } = await call(ACCOUNT, `${APP}0`, meeting);
    expect(status).toBe(400);
    expect(body.error.message).toBe('BAD_REQUEST: "app_id" length must be less than or equal to 36 characters long');
  });

  it('meeting_id: a plain string, up to 36 characters (RTK-7)', async () => {
    const { status, body } = await call(ACCOUNT, APP, 'abcdef-ghijkl');
    expect(status).toBe(404);
    expect(body.error.message).toBe('No active session found for meeting_id abcdef-ghijkl');
    expect((await call(ACCOUNT, APP, 'x'.repeat(37))).status).toBe(400);
  });
});

describe('Body Parameters', () => {
  it('custom_participant_ids alone is enough (RTK-3)', async () => {
    await add('anna');
    expect((await kick({ custom_participant_ids: ['anna'] })).success).toBe(true);
  });

  it('participant_ids alone is enough (RTK-3)', async () => {
    const anna = await add('anna');
    expect((await kick({ participant_ids: [anna.id] })).success).toBe(true);
  });

  it.each([
    {},
    { participant_ids: [] },
    { custom_participant_ids: [] },
    { participant_ids: [], custom_participant_ids: [] },
  ])('both lists absent or empty is refused: %j (RTK-4)', async (body) => {
    await add('anna');
    const message = 'BAD_REQUEST: "participant_ids" or "custom_participant_ids" must contain at least 1 items';
    expect(await refusalOf(kick(body))).toEqual(refused('BadRequestError', 400, message));
  });

  it.each([
    [{ participant_ids: 'one' }, '"participant_ids" must be an array'],
    [{ participant_ids: [1] }, '"participant_ids[0]" must be a string'],
    [{ participant_ids: ['a', null] }, '"participant_ids[1]" must be a string'],
    [{ participant_ids: [''] }, '"participant_ids[0]" is not allowed to be empty'],
    [{ custom_participant_ids: { a: 1 } }, '"custom_participant_ids" must be an array'],
    [{ custom_participant_ids: [{}] }, '"custom_participant_ids[0]" must be a string'],
    [{ participant_ids: ['a'], user_ids: ['b'] }, '"user_ids" is not allowed'],
  ])('an "array of string" is nothing else: %j', async (body, problem) => {
    const { status, body: answer } = await harness.json(
      'POST',
      `/${APP}/meetings/${meeting}/active-session/kick`,
      body,
    );
    expect([status, answer]).toEqual([
      400,
      { success: false, error: { code: 400, message: `BAD_REQUEST: ${problem}` } },
    ]);
  });
});

describe('Returns', () => {
  it('data { action, participants }, participants of { id, created_at, updated_at, name, picture }, success (RTK-2, RTK-3)', async () => {
    const anna = await add('anna', { name: 'Anna Ä', picture: 'https://example.com/anna.png' });
    harness.clock.advance(5_000);
    const answer = await kick({ participant_ids: [anna.id] });
    expect(answer).toEqual({
      success: true,
      data: {
        action: 'kick',
        participants: [
          {
            id: anna.id,
            created_at: anna.created_at,
            updated_at: anna.updated_at,
            name: 'Anna Ä',
            picture: 'https://example.com/anna.png',
          },
        ],
      },
    });
    // "email: optional string": participants have no email in this API, so it is always absent.
  });

  it('leaves out the optional name and picture of one who has none (RTK-3)', async () => {
    const anna = await add('anna');
    const answer = await kick({ participant_ids: [anna.id] });
    expect(answer.data?.participants).toEqual([
      { id: anna.id, created_at: anna.created_at, updated_at: anna.updated_at },
    ]);
  });
});

describe('Examples', () => {
  it('the curl call as it is printed: one of each list, JSON, Bearer', async () => {
    const [anna, ben] = [await add('anna'), await add('string')];
    const { status, headers, body } = await harness.request(
      'POST',
      `/accounts/${ACCOUNT}/realtime/kit/${APP}/meetings/${meeting}/active-session/kick`,
      {
        contentType: 'application/json',
        body: `{
          "custom_participant_ids": [
            "string"
          ],
          "participant_ids": [
            "${anna.id}"
          ]
        }`,
      },
    );
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(body.success).toBe(true);
    expect(body.data.participants.map((each: { id: string }) => each.id)).toEqual([anna.id, ben.id]);
  });

  it('the 404 as it is printed: "No user found with id 813432c7-..." (RTK-4)', async () => {
    await add('anna');
    const { status, body } = await harness.json('POST', `/${APP}/meetings/${meeting}/active-session/kick`, {
      participant_ids: ['813432c7-3c5a-45e2-9acf-eef7061c7584'],
    });
    expect(status).toBe(404);
    expect(body).toEqual({
      error: { code: 404, message: 'No user found with id 813432c7-3c5a-45e2-9acf-eef7061c7584' },
      success: false,
    });
  });
});

describe('what the page leaves open', () => {
  it('a kick that names one unknown person kicks nobody (RTK-4)', async () => {
    const [anna, ben] = [await add('anna'), await add('ben')];
    const before = harness.batches.length;
    const call = kick({ participant_ids: [anna.id, NOBODY, ben.id] });
    expect(await refusalOf(call)).toEqual(refused('NotFoundError', 404, `No user found with id ${NOBODY}`));
    expect(await harness.usersIn(meeting)).toEqual([anna.id, ben.id]);
    expect(harness.batches).toHaveLength(before);
  });

  it('an unknown custom id is named as it was given, and kicks nobody (RTK-4)', async () => {
    const anna = await add('anna');
    const call = kick({ participant_ids: [anna.id], custom_participant_ids: ['nobody at all'] });
    expect(await refusalOf(call)).toEqual(refused('NotFoundError', 404, 'No user found with id nobody at all'));
    expect(await harness.usersIn(meeting)).toEqual([anna.id]);
  });

  it('of several unknown people the first is named (RTK-4)', async () => {
    await add('anna');
    const call = kick({ participant_ids: ['x', 'y'], custom_participant_ids: ['z'] });
    expect(await refusalOf(call)).toMatchObject({ body: { error: { message: 'No user found with id x' } } });
  });

  it('a participant who is known and not connected counts as unknown (RTK-4)', async () => {
    await add('anna');
    const absent = await harness.newParticipant(meeting, 'absent');
    expect(await refusalOf(kick({ participant_ids: [absent.id] }))).toMatchObject({
      body: { error: { message: `No user found with id ${absent.id}` } },
    });
    expect(await refusalOf(kick({ custom_participant_ids: ['absent'] }))).toMatchObject({ status: 404 });
  });

  it('a participant of another meeting counts as unknown (RTK-4)', async () => {
    await add('anna');
    const elsewhere = await harness.newMeeting();
    const guest = await harness.newParticipant(elsewhere, 'guest');
    await harness.enter(guest.token);
    expect(await refusalOf(kick({ participant_ids: [guest.id] }))).toMatchObject({ status: 404 });
    expect(await refusalOf(kick({ custom_participant_ids: ['guest'] }))).toMatchObject({ status: 404 });
    expect(await harness.usersIn(elsewhere)).toEqual([guest.id]);
  });

  it('with nobody in the meeting, and for a meeting that does not exist: "No active session found" (RTK-4)', async () => {
    const noSession = (id: string) => refused('NotFoundError', 404, `No active session found for meeting_id ${id}`);
    const anna = await harness.newParticipant(meeting, 'anna');
    expect(await refusalOf(kick({ participant_ids: [anna.id] }))).toEqual(noSession(meeting));
    const call = harness.kit.activeSession.kickParticipants(NOBODY, { ...ids, participant_ids: [anna.id] });
    expect(await refusalOf(call)).toEqual(noSession(NOBODY));
  });

  it('all connections of a person are removed, and the answer names the person once (RTK-3)', async () => {
    const anna = await add('anna');
    await harness.enter(anna.token);
    await harness.enter(anna.token);
    const answer = await kick({ participant_ids: [anna.id], custom_participant_ids: ['anna'] });
    expect(answer.data?.participants?.map((each) => each.id)).toEqual([anna.id]);
    expect(await harness.usersIn(meeting)).toEqual([]);
  });

  it('of many calls for one person at once, one kicks and the others find nobody (RTK-4)', async () => {
    const [anna, ben] = [await add('anna'), await add('ben')];
    const calls = Array.from({ length: 10 }, () => kick({ participant_ids: [anna.id] }));
    const settled = await Promise.allSettled(calls);
    expect(settled.filter((each) => each.status === 'fulfilled')).toHaveLength(1);
    expect(await harness.usersIn(meeting)).toEqual([ben.id]);
  });

  it('an id given twice is one person', async () => {
    const anna = await add('anna');
    const answer = await kick({ participant_ids: [anna.id, anna.id], custom_participant_ids: ['anna', 'anna'] });
    expect(answer.data?.participants).toHaveLength(1);
  });

  it('a custom id that several participants have kicks those of them who are in (RTK-3)', async () => {
    const [one, two] = [await add('twin'), await add('twin')];
    await harness.newParticipant(meeting, 'twin');
    const answer = await kick({ custom_participant_ids: ['twin'] });
    expect(new Set(answer.data?.participants?.map((each) => each.id))).toEqual(new Set([one.id, two.id]));
  });

  it('a user of the other API in the same room is kicked by its user id (RTK-6)', async () => {
    const anna = await add('anna');
    harness.clock.advance(1_000);
    const { member } = await harness.enterAsUser(meeting, 'zoe', 'Zoe');
    const answer = await kick({ participant_ids: ['zoe'] });
    const joinedAt = new Date(member.joinedAtMs).toISOString();
    expect(answer.data?.participants).toEqual([{ id: 'zoe', created_at: joinedAt, updated_at: joinedAt, name: 'Zoe' }]);
    expect(await harness.usersIn(meeting)).toEqual([anna.id]);
  });

  it('the token of a kicked person is still good: a kick is no ban (KICK-10)', async () => {
    const anna = await add('anna');
    await kick({ participant_ids: [anna.id] });
    await harness.enter(anna.token);
    expect(await harness.usersIn(meeting)).toEqual([anna.id]);
  });

  it('the ticket of a kicked person is dead (RTK-5, KICK-9)', async () => {
    const [anna] = [await add('anna'), await add('ben')];
    const { member, ticket, room } = anna.session;
    await kick({ participant_ids: [anna.id] });
    const { user, memberId, clientId } = member;
    const position = { epoch: room.epoch, seq: room.seq };
    const issuer = await harness.store.endedTickets.issuer();
    const claim = { issuer, userId: user.id, clientId, isReplaceable: false, position };
    const link = { connectionId: 'again', address: '127.0.0.1', claim, after: position };
    const resume = { type: 'resume', memberId, ticket, ...link } as const;
    await expect(
      harness.rooms.execute(room.key, resume, { channel: 'signalling', requestId: 'r' }),
    ).rejects.toMatchObject({ code: 'resume.refused', details: { cause: 'kicked' } });
  });

  it('the last one kicked ends the session (ROOM-2)', async () => {
    const anna = await add('anna');
    await kick({ participant_ids: [anna.id] });
    expect(await refusalOf(harness.kit.activeSession.getActiveSession(meeting, ids))).toMatchObject({ status: 404 });
  });

  it('the answer comes when the event has been told to everybody who must know', async () => {
    const anna = await add('anna');
    await kick({ participant_ids: [anna.id] });
    const { origin, events } = harness.batches.at(-1) ?? { events: [] };
    expect(origin).toMatchObject({ door: 'realtimekit', actor: 'token all' });
    expect(events.map((event) => event.type)).toEqual(['memberLeft', 'roomClosed']);
  });
});
