import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  APP,
  type Harness,
  LIMITED_TOKEN,
  OTHER_ACCOUNT,
  OTHER_APP,
  OTHER_TOKEN,
  refusalOf,
  SECOND_APP,
  startHarness,
} from './harness.ts';

let harness: Harness;
const account = { account_id: ACCOUNT };

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

describe('listing Apps', () => {
  it('gives the Apps of the account, newest first, and of no other account (RTK-1, RTK-2)', async () => {
    const { success, data, paging } = await harness.kit.apps.get(account);
    expect(success).toBe(true);
    expect(data?.map((app) => app.id)).toEqual([SECOND_APP, APP]);
    expect(data?.[1]).toEqual({ id: APP, name: 'first', created_at: '2026-01-01T00:00:00.000Z' });
    expect(paging).toEqual({ total_count: 2, start_offset: 1, end_offset: 2 });
    const others = await harness.kitOf(OTHER_TOKEN).apps.get({ account_id: OTHER_ACCOUNT });
    expect(others.data?.map((app) => app.id)).toEqual([OTHER_APP]);
  });

  it('gives a token that is limited to some Apps those alone (RTK-1)', async () => {
    const { data, paging } = await harness.kitOf(LIMITED_TOKEN).apps.get(account);
    expect(data?.map((app) => app.id)).toEqual([APP]);
    expect(paging?.total_count).toBe(1);
  });

  it('sorts, searches and pages', async () => {
    const ids = async (query: object) =>
      (await harness.kit.apps.get({ ...account, ...query })).data?.map(({ id }) => id);
    expect(await ids({ sort_order: 'ASC' })).toEqual([APP, SECOND_APP]);
    expect(await ids({ sort_order: 'DESC' })).toEqual([SECOND_APP, APP]);
    expect(await ids({ search: 'SEC' })).toEqual([SECOND_APP]);
    expect(await ids({ search: 'none' })).toEqual([]);
    expect(await ids({ per_page: 1, page_no: 2 })).toEqual([APP]);
    const beyond = await harness.kit.apps.get({ ...account, per_page: 5, page_no: 9 });
    expect(beyond.data).toEqual([]);
    expect(beyond.paging).toEqual({ total_count: 2, start_offset: 0, end_offset: 0 });
  });

  it.each([
    ['page_no=0', '"page_no" must be greater than or equal to 1'],
    ['page_no=1.5', '"page_no" must be an integer'],
    ['page_no=two', '"page_no" must be an integer'],
    ['page_no=1&page_no=2', '"page_no" must be an integer'],
    ['page_no=1e3', '"page_no" must be an integer'],
    ['page_no=99999999999999999999', '"page_no" must be less than or equal to 1000000'],
    ['per_page=0', '"per_page" must be greater than or equal to 1'],
    ['per_page=-1', '"per_page" must be greater than or equal to 1'],
    ['per_page=1001', '"per_page" must be less than or equal to 1000'],
    ['sort_order=asc', '"sort_order" must be one of [ASC, DESC]'],
    [`search=${'x'.repeat(126)}`, '"search" length must be less than or equal to 125 characters long'],
  ])('refuses ?%s', async (query, problem) => {
    const { status, body } = await harness.request('GET', `/accounts/${ACCOUNT}/realtime/kit/apps?${query}`);
    expect([status, body.error?.message]).toEqual([400, `BAD_REQUEST: ${problem}`]);
  });
});

describe('making an App', () => {
  it('answers 200 with the App one level down, ready to use: with the stock presets', async () => {
    const answer = await harness.kit.apps.post({ ...account, name: 'made' });
    const made = answer.data?.app;
    expect(answer).toEqual({
      success: true,
      data: { app: { id: made?.id, name: 'made', created_at: new Date(harness.clock.now()).toISOString() } },
    });
    const presets = await harness.kit.presets.get(made?.id ?? '', account);
    expect(presets.data.map((preset) => preset.name)).toEqual([
      'webinar_viewer',
      'webinar_presenter',
      'group_call_participant',
      'group_call_host',
    ]);
    const { data: meeting } = await harness.kit.meetings.create(made?.id ?? '', account);
    expect(meeting?.id).toBeDefined();
    expect((await harness.kit.apps.get(account)).data?.[0]).toEqual(made);
  });

  it('takes a name twice', async () => {
    const first = await harness.kit.apps.post({ ...account, name: 'twin' });
    const second = await harness.kit.apps.post({ ...account, name: 'twin' });
    expect(first.data?.app?.id).not.toBe(second.data?.app?.id);
  });

  it('never shows a secret', async () => {
    const answer = JSON.stringify(await harness.kit.apps.post({ ...account, name: 'quiet' }));
    for (const app of harness.apps.ofAccount(ACCOUNT)) {
      expect(answer).not.toContain(app.serverSecret);
      expect(answer).not.toContain(app.callbackSecret);
    }
  });

  it('is not for a token that is limited to some Apps (RTK-1)', async () => {
    const call = harness.kitOf(LIMITED_TOKEN).apps.post({ ...account, name: 'mine' });
    expect(await refusalOf(call)).toMatchObject({ name: 'PermissionDeniedError', status: 403 });
  });

  it.each([
    [{}, '"name" is required'],
    [{ name: '' }, '"name" is not allowed to be empty'],
    [{ name: null }, '"name" must be a string'],
    [{ name: 7 }, '"name" must be a string'],
    [{ name: 'x'.repeat(101) }, '"name" length must be less than or equal to 100 characters long'],
    [{ name: 'a', id: APP }, '"id" is not allowed'],
    [{ name: 'a\0b' }, '"name" must be well-formed text'],
    [[], '"body" must be of type object'],
    [null, '"body" must be of type object'],
    ['name', '"body" must be of type object'],
  ])('refuses %j', async (body, problem) => {
    const answer = await harness.json('POST', '/apps', body);
    expect([answer.status, answer.body]).toEqual([
      400,
      { success: false, error: { code: 400, message: `BAD_REQUEST: ${problem}` } },
    ]);
  });
});
