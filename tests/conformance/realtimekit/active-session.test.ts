import type { StreamId } from '@gavel/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { epochOfSessionId } from '../../../packages/server/src/realtimekit/session-id.ts';
import { ACCOUNT, APP, type Harness, NOBODY, refusalOf, refused, SECOND_APP, startHarness } from './harness.ts';

let harness: Harness;
let meeting: string;
const ids = { account_id: ACCOUNT, app_id: APP };
const read = (id = meeting) => harness.kit.activeSession.getActiveSession(id, ids);
const kickAll = (id = meeting) => harness.kit.activeSession.kickAllParticipants(id, ids);
const noSession = (id: string) => refused('NotFoundError', 404, `No active session found for meeting_id ${id}`);

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());
beforeEach(async () => {
  meeting = await harness.newMeeting('Planning');
});

const add = async (customId: string) => {
  const participant = await harness.newParticipant(meeting, customId);
  return { ...participant, session: await harness.enter(participant.token) };
};

describe('reading the active session', () => {
  it('gives the session, with the figures of this moment', async () => {
    const anna = await add('anna');
    const startedAt = new Date(anna.session.member.joinedAtMs).toISOString();
    harness.clock.advance(60_000);
    const ben = await add('ben');
    harness.clock.advance(30_000);
    await harness.kit.activeSession.kickParticipants(meeting, { ...ids, participant_ids: [ben.id] });
    harness.clock.advance(30_000);
    const { data, success } = await read();
    expect(success).toBe(true);
    expect(data).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/),
      associated_id: meeting,
      meeting_display_name: 'Planning',
      type: 'meeting',
      status: 'LIVE',
      live_participants: 1,
      max_concurrent_participants: 2,
      minutes_consumed: 2.5,
      organization_id: APP,
      started_at: startedAt,
      created_at: startedAt,
      updated_at: new Date(harness.clock.now()).toISOString(),
    });
    expect(epochOfSessionId(data?.id ?? '')).toBe(anna.session.room.epoch);
  });

  it('gives one id for one life of the room, and another for the next (ROOM-3)', async () => {
    const anna = await add('anna');
    const first = (await read()).data?.id;
    await add('ben');
    expect((await read()).data?.id).toBe(first);
    await kickAll();
    await harness.enter(anna.token);
    expect((await read()).data?.id).not.toBe(first);
  });

  it('is refused where nobody is in, and for a meeting that does not exist or is of another App', async () => {
    expect(await refusalOf(read())).toEqual(noSession(meeting));
    expect(await refusalOf(read(NOBODY))).toEqual(noSession(NOBODY));
    await add('anna');
    const call = harness.kit.activeSession.getActiveSession(meeting, { ...ids, app_id: SECOND_APP });
    expect(await refusalOf(call)).toEqual(noSession(meeting));
  });
});

describe('kicking all', () => {
  it('removes everybody, says how many people that were, and ends the session (CLOSE-2)', async () => {
    const anna = await add('anna');
    await harness.enter(anna.token);
    await add('ben');
    expect(await kickAll()).toEqual({ success: true, data: { action: 'kick_all', kicked_participants_count: 2 } });
    expect(await harness.usersIn(meeting)).toEqual([]);
    expect(await refusalOf(read())).toEqual(noSession(meeting));
    expect(harness.departures().slice(-3)).toMatchObject(Array(3).fill({ cause: 'room-closed', reason: '' }));
    expect(harness.batches.at(-1)?.events.at(-1)).toMatchObject({
      type: 'roomClosed',
      cause: 'room-closed',
      announce: true,
    });
  });

  it('leaves the meeting open: the next login begins a new session (CLOSE-5)', async () => {
    const anna = await add('anna');
    await kickAll();
    await harness.enter(anna.token);
    expect((await read()).data?.live_participants).toBe(1);
  });

  it('is refused where nobody is in', async () => {
    expect(await refusalOf(kickAll())).toEqual(noSession(meeting));
    await add('anna');
    await kickAll();
    expect(await refusalOf(kickAll())).toEqual(noSession(meeting));
  });

  it.each([
    ['no body and no content type', undefined, undefined],
    ['an empty body of JSON', 'application/json', ''],
    ['an empty body of a form, as curl -d sends it', 'application/x-www-form-urlencoded', ''],
    ['an empty object', 'application/json', '{}'],
  ])('takes %s', async (_name, contentType, body) => {
    await add('anna');
    const answer = await harness.request(
      'POST',
      `/accounts/${ACCOUNT}/realtime/kit/${APP}/meetings/${meeting}/active-session/kick-all`,
      { ...(contentType !== undefined && { contentType }), ...(body !== undefined && { body }) },
    );
    expect(answer.status).toBe(200);
  });

  it('takes no body that says something: nobody is kicked by a call that meant only some', async () => {
    const anna = await add('anna');
    const answer = await harness.json('POST', `/${APP}/meetings/${meeting}/active-session/kick-all`, {
      participant_ids: [anna.id],
    });
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { message: 'BAD_REQUEST: "participant_ids" is not allowed' } },
    });
    expect(await harness.usersIn(meeting)).toEqual([anna.id]);
  });
});

describe('one room for both APIs (RTK-6)', () => {
  it('counts users of the other API, and removes them with the rest (RTK-6)', async () => {
    await add('anna');
    await harness.enterAsUser(meeting, 'zoe');
    expect((await read()).data?.live_participants).toBe(2);
    expect((await kickAll()).data?.kicked_participants_count).toBe(2);
  });

  it('is a session also where only users of the other API are in (RTK-6)', async () => {
    await harness.enterAsUser(meeting, 'zoe');
    expect((await read()).data?.live_participants).toBe(1);
  });

  it('ends the session when the other API closes the room (RTK-6)', async () => {
    const anna = await add('anna');
    const origin = { channel: 'backend', door: 'zego', requestId: 'r' } as const;
    await harness.rooms.execute(anna.session.room.key, { type: 'close', reason: 'over', announce: false }, origin);
    expect(await refusalOf(read())).toEqual(noSession(meeting));
  });

  it('ends the streams of a kicked person in the same moment (RTK-5, KICK-6)', async () => {
    const [anna] = [await add('anna'), await add('ben')];
    const { member, room } = anna.session;
    const origin = { channel: 'signalling', requestId: 'r' } as const;
    const streamId = 'camera' as StreamId;
    const media = { streamId, audio: true, video: true };
    const { memberId } = member;
    await harness.rooms.execute(room.key, { type: 'reserveStream', memberId, extraInfo: '', ...media }, origin);
    const [reserved] = harness.batches.at(-1)?.events ?? [];
    if (reserved?.type !== 'streamReserved') throw new Error('not reserved');
    const { publishId } = reserved.stream;
    await harness.rooms.execute(room.key, { type: 'announceStream', publishId, ...media }, origin);
    await harness.kit.activeSession.kickParticipants(meeting, { ...ids, participant_ids: [anna.id] });
    expect(harness.batches.at(-1)?.events).toMatchObject([
      { type: 'streamRemoved', cause: 'kicked', stream: { streamId } },
      { type: 'memberLeft', cause: 'kicked' },
    ]);
  });
});
