import { startTestServer, TEST_API_TOKEN, type TestServer } from '@gavel/testkit';
import { CHROMIUM } from '@gavel/testkit/chromium';
import Cloudflare from 'cloudflare';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStage, type Stage, until } from './harness.ts';

let stage: Stage;
let gavel: TestServer;
let api: Cloudflare;

/** A meeting, and a way to bring people with a preset into it, each on a page of its own. */
async function openMeeting() {
  const account = { account_id: gavel.app.accountId };
  const ids = { ...account, app_id: gavel.app.rtkAppId };
  const meeting = (await api.realtimeKit.meetings.create(gavel.app.rtkAppId, { ...account, title: 'Lunch' })).data;
  const meetingId = meeting?.id ?? '';
  const enter = async (name: string, preset_name: string) => {
    const body = { ...ids, name, preset_name, custom_participant_id: `user-${name}` };
    const added = (await api.realtimeKit.meetings.addParticipant(meetingId, body)).data;
    const page = await stage.open();
    await page.evaluate(
      async ([token, baseUrl]) => {
        const user = await e2e.RealtimeKitUser.init(token, baseUrl);
        e2e.users.realtimekit = user;
        await user.client.join();
      },
      [added?.token ?? '', gavel.baseUrl] as const,
    );
    return { page, id: added?.id ?? '' };
  };
  return { ids, meetingId, enter };
}

/** A preset like the stock one of participants, whose holders see polls and may not vote. */
async function addOnlookerPreset(): Promise<string> {
  const ids = { account_id: gavel.app.accountId, app_id: gavel.app.rtkAppId };
  const { presets } = api.realtimeKit;
  const stock = (await presets.get(ids.app_id, { account_id: ids.account_id })).data ?? [];
  const { id = '' } = stock.find(({ name }) => name === 'group_call_participant') ?? {};
  const { config, permissions, ui } = (await presets.getPresetByID(id, ids)).data as Definition;
  const polls = { can_create: false, can_vote: false, can_view: true };
  const body = { account_id: ids.account_id, name: 'onlooker', config, permissions: { ...permissions, polls }, ui };
  await presets.create(ids.app_id, body as never);
  return 'onlooker';
}
interface Definition {
  readonly config: object;
  readonly permissions: object;
  readonly ui: object;
}

const items = (page: Page) => page.evaluate(() => [...e2e.realtimekit().client.polls.items]);
const seesPolls = (page: Page, count: number) => until(async () => (await items(page)).length === count, 'the poll');
/** The code that a call is refused with, or `done`. */
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
    stage = await openStage();
    gavel = await startTestServer({ media: 'real' });
    api = new Cloudflare({ apiToken: TEST_API_TOKEN, baseURL: `${gavel.baseUrl}/client/v4`, maxRetries: 0 });
  });
  afterAll(async () => {
    await stage?.close();
    await gavel?.close();
  });

  test('a host’s poll and the backend’s are voted in by who may, and each is shown what it may see (POLL-1, POLL-2, POLL-4, POLL-7)', async () => {
    const { ids, meetingId, enter } = await openMeeting();
    const hanna = await enter('Hanna', 'group_call_host');
    const ben = await enter('Ben', 'group_call_participant');
    const olga = await enter('Olga', await addOnlookerPreset());
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
    const made = await api.realtimeKit.activeSession.createPoll(meetingId, body);
    for (const { page } of [hanna, ben, olga]) await seesPolls(page, 2);
    expect(await vote(hanna.page, made.data?.poll?.id ?? '', 0)).toBe('done');
    await until(async () => (await items(olga.page))[1]?.options[0]?.count === 1, 'the anonymous vote');
    // Olga has not voted in the first, and is shown who voted in neither.
    expect(await tallies(olga.page)).toEqual([
      [[0], [0]],
      [[1], [0]],
    ]);
    expect((await items(hanna.page))[1]).toMatchObject({ createdBy: '', voted: [hanna.id] });

    const late = await enter('Lea', 'group_call_participant');
    expect(await tallies(late.page)).toEqual(await tallies(olga.page));
  });
});
