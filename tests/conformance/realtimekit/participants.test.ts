import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNT, APP, type Harness, NOBODY, refusalOf, refused, startHarness } from './harness.ts';

let harness: Harness;
let meeting: string;
const account = { account_id: ACCOUNT };
const ids = () => ({ ...account, app_id: APP, meeting_id: meeting });

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());
beforeEach(async () => {
  meeting = await harness.newMeeting('Planning');
});

const presetIdOf = async (name: string) =>
  (await harness.kit.presets.get(APP, account)).data.find((preset) => preset.name === name)?.id;

describe('adding a participant', () => {
  it('answers 201 with the participant and its token (RTK-2, AUTH-2)', async () => {
    const { status, body } = await harness.json('POST', `/${APP}/meetings/${meeting}/participants`, {
      custom_participant_id: 'user-7',
      preset_name: 'group_call_participant',
      name: 'Ben',
      picture: 'https://example.com/b.png',
    });
    const now = new Date(harness.clock.now()).toISOString();
    expect(status).toBe(201);
    expect(body).toEqual({
      success: true,
      data: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        custom_participant_id: 'user-7',
        preset_name: 'group_call_participant',
        name: 'Ben',
        picture: 'https://example.com/b.png',
        created_at: now,
        updated_at: now,
        token: expect.any(String),
      },
    });
    expect(decodeProtectedHeader(body.data.token)).toMatchObject({ alg: 'RS256', typ: 'JWT' });
    const issuedAt = Math.floor(harness.clock.now() / 1000);
    expect(decodeJwt(body.data.token)).toMatchObject({
      orgId: APP,
      meetingId: meeting,
      participantId: body.data.id,
      presetId: await presetIdOf('group_call_participant'),
      iat: issuedAt,
      exp: issuedAt + 100 * 86_400,
    });
  });

  it('takes neither name nor picture, or null for them', async () => {
    const plain = await harness.newParticipant(meeting, 'a');
    const { body } = await harness.json('POST', `/${APP}/meetings/${meeting}/participants`, {
      custom_participant_id: 'b',
      preset_name: 'webinar_viewer',
      name: null,
      picture: null,
    });
    expect([plain.name, plain.picture, body.data.name, body.data.picture]).toEqual([null, null, null, null]);
  });

  it('takes a custom id twice: they are two participants', async () => {
    const [one, two] = [await harness.newParticipant(meeting, 'twin'), await harness.newParticipant(meeting, 'twin')];
    expect(one.id).not.toBe(two.id);
    expect(one.token).not.toBe(two.token);
  });

  it('is refused where meeting or preset do not exist', async () => {
    const add = (meetingId: string, preset: string) =>
      harness.kit.meetings.addParticipant(meetingId, {
        account_id: ACCOUNT,
        app_id: APP,
        custom_participant_id: 'a',
        preset_name: preset,
      });
    expect(await refusalOf(add(NOBODY, 'group_call_host'))).toEqual(
      refused('NotFoundError', 404, `No meeting found with id ${NOBODY}`),
    );
    expect(await refusalOf(add(meeting, 'emperor'))).toEqual(
      refused('NotFoundError', 404, 'No preset found with name emperor'),
    );
  });

  it.each<[object, string]>([
    [{}, '"custom_participant_id" is required'],
    [{ custom_participant_id: 'a' }, '"preset_name" is required'],
    [{ preset_name: 'group_call_host' }, '"custom_participant_id" is required'],
    [{ custom_participant_id: '', preset_name: 'p' }, '"custom_participant_id" is not allowed to be empty'],
    [{ custom_participant_id: 7, preset_name: 'p' }, '"custom_participant_id" must be a string'],
    [{ custom_participant_id: 'a', preset_name: null }, '"preset_name" must be a string'],
    [{ custom_participant_id: 'a', preset_name: 'p', name: 7 }, '"name" must be a string'],
    [{ custom_participant_id: 'a', preset_name: 'p', picture: 'none' }, '"picture" must be a valid uri'],
    [{ custom_participant_id: 'a', preset_name: 'p', picture: 'javascript:alert(1)' }, '"picture" must be a valid uri'],
    [{ custom_participant_id: 'a', preset_name: 'p', picture: 'https://' }, '"picture" must be a valid uri'],
    [{ custom_participant_id: 'a', preset_name: 'p', client_specific_id: 'a' }, '"client_specific_id" is not allowed'],
    [{ custom_participant_id: 'a\ud800', preset_name: 'p' }, '"custom_participant_id" must be well-formed text'],
    [
      { custom_participant_id: 'x'.repeat(257), preset_name: 'p' },
      '"custom_participant_id" length must be less than or equal to 256 characters long',
    ],
  ])('refuses %j', async (body, problem) => {
    const answer = await harness.json('POST', `/${APP}/meetings/${meeting}/participants`, body);
    expect([answer.status, answer.body]).toEqual([
      400,
      { success: false, error: { code: 400, message: `BAD_REQUEST: ${problem}` } },
    ]);
  });
});

describe('reading participants', () => {
  it('gives one, and a list with the newest first, without tokens', async () => {
    const made = [];
    for (const customId of ['a', 'b', 'c']) {
      const { token: _token, ...participant } = await harness.newParticipant(meeting, customId);
      made.unshift(participant);
    }
    const list = await harness.kit.meetings.getMeetingParticipants(meeting, { ...account, app_id: APP });
    expect(list).toEqual({ success: true, data: made, paging: { total_count: 3, start_offset: 1, end_offset: 3 } });
    const page = await harness.kit.meetings.getMeetingParticipants(meeting, {
      ...account,
      app_id: APP,
      page_no: 2,
      per_page: 2,
    });
    expect(page).toMatchObject({ data: [{ id: made[2]?.id }], paging: { start_offset: 3, end_offset: 3 } });
    const one = await harness.kit.meetings.getMeetingParticipant(made[0]?.id ?? '', ids());
    expect(one).toEqual({ success: true, data: made[0] });
  });

  it('finds nobody of another meeting', async () => {
    const guest = await harness.newParticipant(await harness.newMeeting(), 'guest');
    for (const id of [guest.id, NOBODY]) {
      const expected = refused('NotFoundError', 404, `No participant found with id ${id}`);
      expect(await refusalOf(harness.kit.meetings.getMeetingParticipant(id, ids()))).toEqual(expected);
      expect(await refusalOf(harness.kit.meetings.editParticipant(id, { ...ids(), name: 'x' }))).toEqual(expected);
      expect(await refusalOf(harness.kit.meetings.refreshParticipantToken(id, ids()))).toEqual(expected);
      expect(await refusalOf(harness.kit.meetings.deleteMeetingParticipant(id, ids()))).toEqual(expected);
    }
  });

  it('wants a UUID', async () => {
    const expected = refused('BadRequestError', 400, 'BAD_REQUEST: "participant_id" must be a valid GUID');
    expect(await refusalOf(harness.kit.meetings.getMeetingParticipant('anna', ids()))).toEqual(expected);
  });
});

describe('editing a participant', () => {
  it('changes what is named, and answers with a new token', async () => {
    const made = await harness.newParticipant(meeting, 'a', { name: 'Before', picture: 'https://example.com/a' });
    harness.clock.advance(1_000);
    const { data } = await harness.kit.meetings.editParticipant(made.id, {
      ...ids(),
      name: 'After',
      preset_name: 'webinar_viewer',
    });
    expect(data).toMatchObject({
      id: made.id,
      name: 'After',
      picture: 'https://example.com/a',
      preset_name: 'webinar_viewer',
      created_at: made.created_at,
      updated_at: new Date(harness.clock.now()).toISOString(),
    });
    expect(data?.token).not.toBe(made.token);
    expect(decodeJwt(data?.token ?? '')).toMatchObject({ presetId: await presetIdOf('webinar_viewer') });
  });

  it('takes name and picture away by null, and leaves the preset by null', async () => {
    const made = await harness.newParticipant(meeting, 'a', { name: 'A', picture: 'https://example.com/a' });
    const { data } = await harness.kit.meetings.editParticipant(made.id, {
      ...ids(),
      name: null,
      picture: null,
      preset_name: null,
    });
    expect(data).toMatchObject({ name: null, picture: null, preset_name: 'group_call_host' });
  });

  it('refuses a preset that does not exist, and fields that cannot be changed', async () => {
    const made = await harness.newParticipant(meeting, 'a');
    const below = `/${APP}/meetings/${meeting}/participants/${made.id}`;
    expect(await harness.json('PATCH', below, { preset_name: 'emperor' })).toMatchObject({ status: 404 });
    expect(await harness.json('PATCH', below, { custom_participant_id: 'b' })).toMatchObject({
      status: 400,
      body: { error: { message: 'BAD_REQUEST: "custom_participant_id" is not allowed' } },
    });
  });
});

describe('tokens', () => {
  it('refreshes a token without a body; the older one stays good (AUTH-2)', async () => {
    const made = await harness.newParticipant(meeting, 'a');
    harness.clock.advance(5_000);
    const { data, success } = await harness.kit.meetings.refreshParticipantToken(made.id, ids());
    expect(success).toBe(true);
    expect(data?.token).not.toBe(made.token);
    await harness.enter(made.token);
    await harness.enter(data?.token ?? '');
    expect(await harness.usersIn(meeting)).toEqual([made.id, made.id]);
  });

  it('lets in with the profile that others see, and with what the preset allows (AUTH-2)', async () => {
    const anna = await harness.newParticipant(meeting, 'anna', { name: 'Anna', picture: 'https://example.com/a.png' });
    const { member } = await harness.enter(anna.token);
    expect(member).toMatchObject({
      user: { id: anna.id, name: 'Anna' },
      permissions: { publishAudio: true, publishVideo: true },
    });
    expect(member.profile).toEqual({
      participantId: anna.id,
      customParticipantId: 'anna',
      presetName: 'group_call_host',
      picture: 'https://example.com/a.png',
      meetingId: meeting,
      meetingTitle: 'Planning',
    });
    const viewer = await harness.kit.meetings.editParticipant(anna.id, { ...ids(), preset_name: 'webinar_viewer' });
    const again = await harness.enter(viewer.data?.token ?? '');
    expect(again.member.permissions).toMatchObject({ publishAudio: false, publishVideo: false });
  });

  it('runs out after 100 days (AUTH-2)', async () => {
    const anna = await harness.newParticipant(meeting, 'anna');
    harness.clock.stepWall(100 * 86_400_000 - 2_000);
    await harness.enter(anna.token);
    harness.clock.stepWall(3_000);
    await expect(harness.enter(anna.token)).rejects.toMatchObject({ code: 'login.token-expired' });
  });
});

describe('a meeting that is INACTIVE', () => {
  const set = (status: 'ACTIVE' | 'INACTIVE') =>
    harness.kit.meetings.updateMeetingByID(meeting, { ...account, app_id: APP, status });

  it('admits nobody, and leaves those in who are in (RTK-8)', async () => {
    const [anna, ben] = [await harness.newParticipant(meeting, 'anna'), await harness.newParticipant(meeting, 'ben')];
    await harness.enter(anna.token);
    await set('INACTIVE');
    await expect(harness.enter(ben.token)).rejects.toMatchObject({ code: 'login.not-allowed' });
    await expect(harness.enter(anna.token)).rejects.toMatchObject({ code: 'login.not-allowed' });
    expect(await harness.usersIn(meeting)).toEqual([anna.id]);
    await set('ACTIVE');
    await harness.enter(ben.token);
    expect(await harness.usersIn(meeting)).toEqual([anna.id, ben.id]);
  });

  it('puts out again who was checked before and came in after, and nobody else (RTK-8)', async () => {
    const anna = await harness.newParticipant(meeting, 'anna');
    const first = await harness.enter(anna.token);
    const admission = await harness.admit(anna.token);
    await set('INACTIVE');
    await harness.enterAs(admission);
    const { members } = (await harness.rooms.snapshot(first.room.key)) ?? {};
    expect(members?.map((member) => member.memberId)).toEqual([first.member.memberId]);
  });

  it('is shut for good by kick-all and then INACTIVE (RTK-8)', async () => {
    const anna = await harness.newParticipant(meeting, 'anna');
    await harness.enter(anna.token);
    await harness.kit.activeSession.kickAllParticipants(meeting, { ...account, app_id: APP });
    await set('INACTIVE');
    await expect(harness.enter(anna.token)).rejects.toMatchObject({ code: 'login.not-allowed' });
  });

  it('still takes participants, for the time when it is active again', async () => {
    await set('INACTIVE');
    expect((await harness.newParticipant(meeting, 'anna')).token).toBeDefined();
  });
});

describe('deleting a participant', () => {
  it('answers with what it was, and without its id', async () => {
    const anna = await harness.newParticipant(meeting, 'anna');
    expect(await harness.kit.meetings.deleteMeetingParticipant(anna.id, ids())).toEqual({
      success: true,
      data: {
        custom_participant_id: 'anna',
        preset_id: await presetIdOf('group_call_host'),
        created_at: anna.created_at,
        updated_at: anna.updated_at,
      },
    });
    expect(await refusalOf(harness.kit.meetings.deleteMeetingParticipant(anna.id, ids()))).toMatchObject({
      status: 404,
    });
  });

  it('voids all its tokens at once (RTK-8)', async () => {
    const anna = await harness.newParticipant(meeting, 'anna');
    const { data } = await harness.kit.meetings.refreshParticipantToken(anna.id, ids());
    await harness.kit.meetings.deleteMeetingParticipant(anna.id, ids());
    for (const token of [anna.token, data?.token ?? '']) {
      await expect(harness.enter(token)).rejects.toMatchObject({ code: 'login.bad-credential' });
    }
  });

  it('removes its connections, all of them and no others (RTK-8)', async () => {
    const [anna, ben] = [await harness.newParticipant(meeting, 'anna'), await harness.newParticipant(meeting, 'ben')];
    await harness.enter(anna.token);
    await harness.enter(anna.token);
    await harness.enter(ben.token);
    await harness.kit.meetings.deleteMeetingParticipant(anna.id, ids());
    expect(await harness.usersIn(meeting)).toEqual([ben.id]);
    expect(harness.departures().slice(-2)).toMatchObject([{ cause: 'kicked' }, { cause: 'kicked' }]);
  });

  it('works while others are in and it is not (RTK-8)', async () => {
    const [anna, ben] = [await harness.newParticipant(meeting, 'anna'), await harness.newParticipant(meeting, 'ben')];
    await harness.enter(ben.token);
    await harness.kit.meetings.deleteMeetingParticipant(anna.id, ids());
    expect(await harness.usersIn(meeting)).toEqual([ben.id]);
  });

  it('puts out again who was checked before and came in after (RTK-8)', async () => {
    const [anna, ben] = [await harness.newParticipant(meeting, 'anna'), await harness.newParticipant(meeting, 'ben')];
    const admission = await harness.admit(anna.token);
    await harness.enter(ben.token);
    await harness.kit.meetings.deleteMeetingParticipant(anna.id, ids());
    await harness.enterAs(admission);
    expect(await harness.usersIn(meeting)).toEqual([ben.id]);
    expect(harness.departures().at(-1)).toMatchObject({ cause: 'kicked' });
  });
});

describe('replacing a participant', () => {
  const replace = (id: string, body: object) =>
    harness.json('PUT', `/${APP}/meetings/${meeting}/participants/${id}`, body);

  it('takes all of it anew, and gives a new token; older ones stay good (RTK-10, AUTH-2)', async () => {
    const before = await harness.newParticipant(meeting, 'anna', {
      name: 'Anna',
      picture: 'https://example.com/a.png',
    });
    harness.clock.advance(1000);
    const { status, body } = await replace(before.id, { custom_participant_id: 'ben', preset_name: 'webinar_viewer' });
    expect(status).toBe(200);
    expect(body.data).toEqual({
      id: before.id,
      custom_participant_id: 'ben',
      preset_name: 'webinar_viewer',
      name: null,
      picture: null,
      created_at: before.created_at,
      updated_at: new Date(harness.clock.now()).toISOString(),
      token: expect.any(String),
    });
    for (const token of [before.token, body.data.token]) {
      expect(await harness.admit(token)).toMatchObject({ profile: { customParticipantId: 'ben' } });
    }
  });

  it('is refused for less than a whole, for an unknown preset, and for nobody (RTK-2)', async () => {
    const { id } = await harness.newParticipant(meeting, 'anna');
    const whole = { custom_participant_id: 'ben', preset_name: 'webinar_viewer' };
    const refusal = async (body: object, who = id) => (await replace(who, body)).body.error.message;
    expect(await refusal({ preset_name: 'webinar_viewer' })).toBe('BAD_REQUEST: "custom_participant_id" is required');
    expect(await refusal({ ...whole, preset_name: 'none' })).toBe('No preset found with name none');
    expect(await refusal(whole, NOBODY)).toBe(`No participant found with id ${NOBODY}`);
  });
});
