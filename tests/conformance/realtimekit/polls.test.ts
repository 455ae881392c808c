import { POLL_LIMITS } from '@gavel/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventsOf } from '../../../packages/server/src/rooms/events.ts';
import { ACCOUNT, APP, type Harness, NOBODY, refusalOf, refused, startHarness } from './harness.ts';

let harness: Harness;
let meeting: string;
const BODY = { question: 'Lunch?', options: ['Now', 'Later'] };
const ids = { account_id: ACCOUNT, app_id: APP };

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());
beforeEach(async () => {
  meeting = await harness.newMeeting();
});

const enter = async (customId: string) => {
  const { id, token } = await harness.newParticipant(meeting, customId, { name: customId });
  return { id, token, session: await harness.enter(token) };
};
const create = (body: object = {}, meetingId = meeting) =>
  harness.kit.activeSession.createPoll(meetingId, { ...ids, ...BODY, ...body });

describe('creating a poll', () => {
  it('answers 201 with the poll, which nobody of the session made, and reaches the room (POLL-7)', async () => {
    const { session } = await enter('anna');
    const { data, success } = await create();
    expect(success).toBe(true);
    const options = [
      { text: 'Now', count: 0, votes: [] },
      { text: 'Later', count: 0, votes: [] },
    ];
    const poll = {
      id: expect.any(String),
      question: 'Lunch?',
      options,
      anonymous: false,
      hide_votes: false,
      voted: [],
    };
    expect(data).toEqual({ action: 'poll', poll });
    const [told] = harness.batches.flatMap(({ events }) => eventsOf(events, 'pollUpdated'));
    expect(told?.poll).toMatchObject({ pollId: data?.poll?.id, question: 'Lunch?', hideVotes: false });
    expect(told?.poll).not.toHaveProperty('creator');
    const snapshot = await harness.rooms.snapshot(session.room.key);
    expect(snapshot?.polls.map(({ pollId }) => pollId)).toEqual([data?.poll?.id]);
  });

  it('is answered with the status 201, and takes both switches (POLL-7)', async () => {
    await enter('anna');
    const path = `/${APP}/meetings/${meeting}/active-session/poll`;
    const answer = await harness.json('POST', path, { ...BODY, anonymous: true, hide_votes: true });
    expect(answer).toMatchObject({ status: 201, body: { data: { poll: { anonymous: true, hide_votes: true } } } });
  });

  it('has the votes of both of a person’s connections count once (POLL-2)', async () => {
    const { id, token, session } = await enter('anna');
    const again = await harness.enter(token);
    const pollId = (await create()).data?.poll?.id as never;
    const origin = { channel: 'server', requestId: 'test' } as const;
    const { key } = session.room;
    for (const { member } of [session, again]) {
      await harness.rooms.execute(key, { type: 'vote', memberId: member.memberId, pollId, option: 1 }, origin);
    }
    const [poll] = (await harness.rooms.snapshot(key))?.polls ?? [];
    expect(poll?.options.map(({ count }) => count)).toEqual([0, 1]);
    expect(poll?.options[1]?.votes).toEqual([{ id, name: 'anna' }]);
  });
});

describe('refusals', () => {
  it('of a meeting in which nobody is, and of one that does not exist: 404 (POLL-7, RTK-4)', async () => {
    for (const id of [meeting, NOBODY]) {
      const message = `No active session found for meeting_id ${id}`;
      expect(await refusalOf(create({}, id))).toEqual(refused('NotFoundError', 404, message));
    }
  });

  const { questionBytes, optionBytes, options } = POLL_LIMITS;
  it.each([
    [{ question: undefined }, '"question" is required'],
    [{ question: '' }, '"question" is not allowed to be empty'],
    [{ question: 'é'.repeat(questionBytes / 2 + 1) }, `"question" length must be less than or equal to 512 bytes long`],
    [{ options: undefined }, '"options" is required'],
    [{ options: 'Now' }, '"options" must be an array'],
    [{ options: [] }, '"options" must contain at least 1 items'],
    [{ options: [1] }, '"options[0]" must be a string'],
    [{ options: ['Now', ''] }, '"options[1]" is not allowed to be empty'],
    [{ options: Array(options + 1).fill('x') }, '"options" must contain less than or equal to 20 items'],
    [
      { options: ['x', 'é'.repeat(optionBytes / 2 + 1)] },
      '"options[1]" length must be less than or equal to 256 bytes long',
    ],
    [{ hide_votes: 'no' }, '"hide_votes" must be a boolean'],
    [{ hideVotes: true }, '"hideVotes" is not allowed'],
  ])('%j: 400 (POLL-6, POLL-7)', async (body, problem) => {
    await enter('anna');
    expect(await refusalOf(create(body))).toEqual(refused('BadRequestError', 400, `BAD_REQUEST: ${problem}`));
  });

  it('of one poll more than a session may have: 409 (POLL-6)', async () => {
    await enter('anna');
    for (let count = 0; count < POLL_LIMITS.polls; count += 1) await create();
    const message = 'A room can have at most 50 polls.';
    expect(await refusalOf(create())).toEqual(refused('ConflictError', 409, message));
  });
});
