import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNT, APP, type Harness, NOBODY, refusalOf, refused, SECOND_APP, startHarness } from './harness.ts';

let harness: Harness;
let production: Harness;
const account = { account_id: ACCOUNT };
const ids = { ...account, app_id: APP };
const EVENTS = ['meeting.started', 'meeting.ended'] as const;

beforeAll(async () => {
  harness = await startHarness();
  production = await startHarness({ callbacks: { allowPrivateTargets: false } });
});
afterAll(() => Promise.all([harness.stop(), production.stop()]));
beforeEach(async () => {
  for (const { id } of (await harness.kit.webhooks.getWebhooks(APP, account)).data) {
    await harness.kit.webhooks.deleteWebhook(id, ids);
  }
});

const facts = (path = '/hook') => ({
  ...account,
  name: 'hook',
  url: `https://hooks.example.com${path}`,
  events: [...EVENTS],
});
const create = async (path?: string) => (await harness.kit.webhooks.createWebhook(APP, facts(path))).data;
const badRequest = (problem: string) => refused('BadRequestError', 400, `BAD_REQUEST: ${problem}`);
const nothing = refused('NotFoundError', 404, `No webhook found with id ${NOBODY}`);

describe('webhooks', () => {
  it('are registered with 201, enabled unless they say otherwise, and read (RTK-12)', async () => {
    const { account_id: _account, ...body } = facts();
    const { status, body: answer } = await harness.json('POST', `/${APP}/webhooks`, body);
    const now = new Date(harness.clock.now()).toISOString();
    const id = expect.stringMatching(/^[0-9a-f-]{36}$/);
    expect(status).toBe(201);
    expect(answer).toEqual({ success: true, data: { ...body, id, enabled: true, created_at: now, updated_at: now } });
    const read = await harness.kit.webhooks.getWebhookByID(answer.data.id, ids);
    expect(read.data).toEqual(answer.data);
    const off = await harness.kit.webhooks.createWebhook(APP, { ...facts('/off'), enabled: false });
    expect(off.data.enabled).toBe(false);
  });

  it('are listed newest first, without paging, and an empty list is a list (RTK-12)', async () => {
    expect(await harness.kit.webhooks.getWebhooks(APP, account)).toEqual({ success: true, data: [] });
    await create('/a');
    await create('/b');
    const { data } = await harness.kit.webhooks.getWebhooks(APP, account);
    expect(data.map((each) => each.url)).toEqual(['https://hooks.example.com/b', 'https://hooks.example.com/a']);
    expect((await harness.kit.webhooks.getWebhooks(SECOND_APP, account)).data).toEqual([]);
  });

  it('are changed in parts, replaced whole, and deleted (RTK-12)', async () => {
    const made = await create();
    harness.clock.advance(1000);
    const off = await harness.kit.webhooks.editWebhook(made.id, { ...ids, enabled: false });
    expect(off.data).toEqual({ ...made, enabled: false, updated_at: new Date(harness.clock.now()).toISOString() });
    const renamed = await harness.kit.webhooks.editWebhook(made.id, { ...ids, name: 'other' });
    expect(renamed.data).toMatchObject({ name: 'other', enabled: false });
    const replaced = await harness.kit.webhooks.replaceWebhook(made.id, { ...facts('/new'), app_id: APP });
    expect(replaced.data).toMatchObject({ name: 'hook', url: 'https://hooks.example.com/new', enabled: true });
    expect((await harness.kit.webhooks.deleteWebhook(made.id, ids)).data).toEqual(replaced.data);
    const again = refused('NotFoundError', 404, `No webhook found with id ${made.id}`);
    expect(await refusalOf(harness.kit.webhooks.getWebhookByID(made.id, ids))).toEqual(again);
    expect(await refusalOf(harness.kit.webhooks.deleteWebhook(made.id, ids))).toEqual(again);
  });

  it('have an address of their own in their App (RTK-12)', async () => {
    await create('/a');
    const other = await create('/b');
    const taken = refused('ConflictError', 409, 'A webhook with url https://hooks.example.com/a already exists');
    expect(await refusalOf(create('/a'))).toEqual(taken);
    const { url } = facts('/a');
    expect(await refusalOf(harness.kit.webhooks.editWebhook(other.id, { ...ids, url }))).toEqual(taken);
    const replacing = harness.kit.webhooks.replaceWebhook(other.id, { ...facts('/a'), app_id: APP });
    expect(await refusalOf(replacing)).toEqual(taken);
    expect((await harness.kit.webhooks.createWebhook(SECOND_APP, facts('/a'))).success).toBe(true);
    expect((await harness.kit.webhooks.editWebhook(other.id, { ...ids, url: other.url })).success).toBe(true);
  });

  it('that nobody has are not found', async () => {
    const foreign = (await harness.kit.webhooks.createWebhook(SECOND_APP, facts('/theirs'))).data.id;
    for (const refusal of await Promise.all(
      [
        harness.kit.webhooks.getWebhookByID(NOBODY, ids),
        harness.kit.webhooks.editWebhook(NOBODY, { ...ids, name: 'x' }),
        harness.kit.webhooks.replaceWebhook(NOBODY, { ...facts(), app_id: APP }),
        harness.kit.webhooks.deleteWebhook(NOBODY, ids),
      ].map(refusalOf),
    )) {
      expect(refusal).toEqual(nothing);
    }
    expect(await refusalOf(harness.kit.webhooks.getWebhookByID(foreign, ids))).toMatchObject({ status: 404 });
    const { status } = await harness.json('POST', `/${APP}/webhooks/${NOBODY}/test`, {});
    expect(status).toBe(404);
  });

  it.each([
    [{ events: [] }, '"events" must contain at least 1 items'],
    [{ events: ['meeting.started', 'meeting.started'] }, '"events" contains a duplicate value'],
    [{ url: 'ftp://example.com' }, '"url" must be a valid uri'],
    [{ url: 'not an address' }, '"url" must be a valid uri'],
    [{ url: 'https://user:secret@example.com' }, '"url" must not contain a user name or a password'],
    [{ enabled: 'yes' }, '"enabled" must be a boolean'],
    [{ secret: 'x' }, '"secret" is not allowed'],
    [{ name: '' }, '"name" is not allowed to be empty'],
  ])('are refused with %o (RTK-12, RTK-2)', async (change, problem) => {
    const call = harness.kit.webhooks.createWebhook(APP, { ...facts(), ...change } as never);
    expect(await refusalOf(call)).toEqual(badRequest(problem));
  });

  it('are refused with an event that there is not, and the events that there are, are named (RTK-2)', async () => {
    const call = harness.kit.webhooks.createWebhook(APP, { ...facts(), events: ['meeting.paused'] } as never);
    const { body } = await refusalOf(call);
    expect(body).toMatchObject({ error: { message: expect.stringContaining('meeting.participantLeft') } });
  });

  it.each(['http://127.0.0.1/x', 'http://10.1.2.3/', 'http://[::1]/', 'http://169.254.169.254/latest'])(
    'do not go to %s in production (RTK-12)',
    async (url) => {
      const call = production.kit.webhooks.createWebhook(APP, { ...facts(), url });
      expect(await refusalOf(call)).toEqual(badRequest('"url" must be a public address'));
      const made = await production.kit.webhooks.createWebhook(APP, facts(`/${encodeURIComponent(url)}`));
      const edit = production.kit.webhooks.editWebhook(made.data.id, { ...ids, url });
      expect(await refusalOf(edit)).toEqual(badRequest('"url" must be a public address'));
    },
  );

  it('are a hundred in an App at most (RTK-12)', async () => {
    for (let index = 0; index < 100; index += 1) await create(`/${index}`);
    expect(await refusalOf(create('/one-more'))).toEqual(
      refused('ConflictError', 409, 'The app already has 100 webhooks'),
    );
  });
});

describe('what webhooks are owed', () => {
  it('is what they list, while they are enabled, for their App alone (RTK-12)', async () => {
    const started = (await harness.kit.webhooks.createWebhook(APP, { ...facts('/s'), events: ['meeting.started'] }))
      .data;
    const off = (await harness.kit.webhooks.createWebhook(APP, { ...facts('/off'), enabled: false })).data;
    await harness.kit.webhooks.createWebhook(SECOND_APP, facts('/second'));
    const enter = async (count: number) => {
      const before = harness.posts.length;
      const meeting = await harness.newMeeting();
      await harness.enter((await harness.newParticipant(meeting, 'anna')).token);
      await harness.kit.activeSession.kickAllParticipants(meeting, ids);
      await expect.poll(() => harness.posts.length).toBe(before + count);
      return harness.posts
        .slice(before)
        .map(({ url, body }) => `${(JSON.parse(body) as { event: string }).event} ${new URL(url).pathname}`);
    };
    expect(await enter(1)).toEqual(['meeting.started /s']);
    await harness.kit.webhooks.editWebhook(off.id, { ...ids, enabled: true });
    await harness.kit.webhooks.deleteWebhook(started.id, ids);
    expect(await enter(2)).toEqual(['meeting.started /off', 'meeting.ended /off']);
  });
});
