import { CHROMIUM } from '@gavel/testkit/chromium';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from './harness.ts';
import { Hall } from './meeting.ts';

let hall: Hall;

const items = (page: Page) => page.evaluate(() => [...e2e.realtimekit().client.polls.items]);
const seesPolls = (page: Page, count: number) => until(async () => (await items(page)).length === count, 'the poll');
/** The error code of a call, or `done`. */
const create = (page: Page, question: string, options: string[], anonymous: boolean, hideVotes: boolean) =>
  page.evaluate(
    ([question, options, anonymous, hideVotes]) =>
      e2e
        .realtimekit()
        .client.polls.create(question, options, anonymous, hideVotes)
        .then(
          () => 'done',
          (error: { code: string }) => error.code,
        ),
    [question, options, anonymous, hideVotes] as const,
  );
const vote = (page: Page, id: string, index: number) =>
  page.evaluate(
    ([id, index]) =>
      e2e
        .realtimekit()
        .client.polls.vote(id, index)
        .then(
          () => 'done',
          (error: { code: string }) => error.code,
        ),
    [id, index] as const,
  );
const tallies = async (page: Page) =>
  (await items(page)).map(({ options }) =>
    options.map(({ count, votes }) => [count, ...votes.map(({ name }) => name)]),
  );

describe.skipIf(CHROMIUM === '')('polls of a meeting', () => {
  beforeAll(async () => {
    hall = await Hall.open();
  });
  afterEach(() => hall.clear());
  afterAll(() => hall?.close());

  test('a host’s poll and the backend’s are voted in by who may, and each is shown what it may see (POLL-1, POLL-2, POLL-4, POLL-7)', async () => {
    const { ids, meetingId, people } = await hall.meet('Hanna', 'Ben');
    const [hanna, ben] = people;
    const polls = { can_create: false, can_vote: false, can_view: true };
    const olga = await hall.join(meetingId, 'Olga', await hall.newPreset('onlooker', { polls }));
    expect(await create(ben.page, 'Mine?', ['Yes', 'No'], false, false)).toBe('1201');
    expect(await create(hanna.page, 'Lunch?', ['Now', 'Later'], false, true)).toBe('done');
    for (const { page } of [hanna, ben, olga]) await seesPolls(page, 1);
    const [poll] = await items(hanna.page);
    expect(poll).toMatchObject({ question: 'Lunch?', createdBy: 'Hanna', createdByUserId: hanna.id, hideVotes: true });

    expect(await vote(olga.page, poll?.id ?? '', 0)).toBe('1201');
    expect(await vote(ben.page, poll?.id ?? '', 1)).toBe('done');
    const withBen = [[[0], [1, 'Ben']]];
    expect(await tallies(ben.page)).toEqual(withBen);
    await until(async () => (await items(hanna.page))[0]?.voted.includes(ben.id) ?? false, 'the vote');
    expect(await tallies(hanna.page)).toEqual(withBen);
    expect(await vote(ben.page, poll?.id ?? '', 0)).not.toBe('done');

    const body = { ...ids, question: 'Coffee?', options: ['Yes', 'No'], anonymous: true };
    const made = await hall.api.realtimeKit.activeSession.createPoll(meetingId, body);
    for (const { page } of [hanna, ben, olga]) await seesPolls(page, 2);
    expect(await vote(hanna.page, made.data?.poll?.id ?? '', 0)).toBe('done');
    await until(async () => (await items(olga.page))[1]?.options[0]?.count === 1, 'the anonymous vote');
    // Olga has not voted in the first poll, and sees the voters of neither.
    expect(await tallies(olga.page)).toEqual([
      [[0], [0]],
      [[1], [0]],
    ]);
    expect((await items(hanna.page))[1]).toMatchObject({ createdBy: '', voted: [hanna.id] });

    const late = await hall.join(meetingId, 'Lea', 'group_call_participant');
    expect(await tallies(late.page)).toEqual(await tallies(olga.page));
  });
});
