/**
 * The moderators' console in a browser: from the sign-in to a kick with a ban, its undo, and the audit trail.
 */

import type { LoginResult, RoomKey } from '@gavel/protocol';
import type { CreatedAdminToken } from '@gavel/protocol/admin';
import { createToken04 } from '@gavel/server';
import { RawClient, startTestServer, TEST_API_TOKEN, TEST_APP, type TestServer } from '@gavel/testkit';
import { CHROMIUM, launchChromium } from '@gavel/testkit/chromium';
import Cloudflare from 'cloudflare';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DESKTOP, findAccessibilityFaults, openPage, PHONE } from '../../packages/console/src/testing/page-e2e.ts';

const ROOM: RoomKey = {
  appId: TEST_APP.appId as RoomKey['appId'],
  environment: 'production',
  roomId: 'lobby' as RoomKey['roomId'],
};
const ROOM_HASH = `#/rooms/${ROOM.appId}/${ROOM.environment}/${ROOM.roomId}`;
const REASON = 'insults in the chat';

let browser: Browser;
let gavel: TestServer;
let complaints: string[];

/** Makes a call of the admin API with the key of the configuration. */
async function admin<Answer>(method: string, path: string, body?: object, token = TEST_API_TOKEN): Promise<Answer> {
  const response = await fetch(`${gavel.baseUrl}/admin/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Answer;
}

const createToken = async (name: string, role: string): Promise<string> => {
  const body = { name, role, appIds: [TEST_APP.appId] };
  return (await admin<CreatedAdminToken>('POST', '/admin-tokens', body)).token;
};

/** A login that was admitted. */
interface Entered {
  readonly client: RawClient;
  readonly ticket: string;
}

/** Sends a request by a new connection; returns the error code of a refusal. */
async function request(method: string, params: object): Promise<Entered | string> {
  const client = await RawClient.open(gavel.baseUrl);
  const { result, error } = await client.request(method, params);
  return error ? error.code : { client, ticket: (result as LoginResult).ticket };
}

/** Enters the room; returns the error code of a refused login. */
const enter = (userId: string, roomId: string = ROOM.roomId, more: object = {}): Promise<Entered | string> =>
  request('login', {
    credential: { scheme: 'app-token', appId: TEST_APP.appId, ...more },
    ...{ roomId, userId, clientId: userId, members: true },
  });

/** Enters a meeting by the other surface, as a participant with this id in the customer's own system. */
async function enterMeeting(customId: string): Promise<Entered | string> {
  const baseURL = `${gavel.baseUrl}/client/v4`;
  const kit = new Cloudflare({ baseURL, apiToken: TEST_API_TOKEN, apiKey: null, apiEmail: null, maxRetries: 0 })
    .realtimeKit;
  const ids = { account_id: TEST_APP.accountId, app_id: TEST_APP.rtkAppId };
  const meeting = await kit.meetings.create(ids.app_id, { account_id: ids.account_id, title: 'Planning' });
  const { data } = await kit.meetings.addParticipant(meeting.data?.id ?? '', {
    ...ids,
    ...{ custom_participant_id: customId, preset_name: 'group_call_host', name: customId },
  });
  const credential = { scheme: 'participant-token', token: data?.token ?? '' };
  return request('login', { credential, clientId: customId, members: true });
}

/** @throws Error if the login was refused */
async function mustEnter(userId: string, roomId?: string): Promise<Entered> {
  const entered = await enter(userId, roomId);
  if (typeof entered === 'string') throw new Error(`${userId} was refused: ${entered}`);
  return entered;
}

/** Opens the console in a browser context of its own, signed in. */
async function signIn(token: string, hash = ''): Promise<Page> {
  const context = await browser.newContext();
  const page = await openPage(context, `${gavel.baseUrl}/console${hash}`, complaints);
  await page.getByTestId('token-input').fill(token);
  await page.getByTestId('sign-in-button').click();
  await page.getByTestId('live-state').filter({ hasText: 'Live' }).waitFor();
  return page;
}

describe.skipIf(CHROMIUM === '')('the console', () => {
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    complaints = [];
    gavel = await startTestServer();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await gavel.close();
    expect(complaints).toEqual([]);
  });

  test('a moderator kicks with a ban of an hour, nothing lets the victim back in, and lifting the ban does (BAN-8, BAN-9, AUDIT-1, CON-5)', async () => {
    const bob = await mustEnter('bob');
    await mustEnter('anna');

    const mia = await signIn(await createToken('mia', 'moderator'));
    await mia.getByTestId('nav-rooms').click();
    await mia.getByTestId('filter-search').fill('lob');
    await mia.getByTestId('room-link').click();
    await mia.getByTestId('kick-bob').click();
    await mia.getByTestId('ban-time').selectOption('1h');
    await mia.getByTestId('ban-in').selectOption('app');
    await mia.getByTestId('preview').filter({ hasText: '1 person will be put out' }).waitFor();
    // The preview changed nothing.
    expect((await gavel.rooms.summary(ROOM))?.memberCount).toBe(2);
    await mia.getByTestId('act-reason').fill(REASON);
    await mia.getByTestId('act-confirm').click();
    expect((await bob.client.closed).code).toBeGreaterThanOrEqual(4500);
    await mia.getByTestId('notice').filter({ hasText: 'bob is out and banned for 1 hour' }).waitFor();
    await mia.getByTestId('kick-bob').waitFor({ state: 'detached' });

    // Not by a login, in another room, with a token that was made after the ban, by a resume, or by the other surface.
    expect(await enter('bob')).toBe('login.banned');
    expect(await enter('bob', 'other')).toBe('login.banned');
    const { appId, serverSecret: secret } = TEST_APP;
    const token = createToken04({ appId, userId: 'bob', secret, lifetimeSeconds: 60, nowMs: Date.now() });
    expect(await enter('bob', ROOM.roomId, { token })).toBe('login.banned');
    expect(await request('resume', { ticket: bob.ticket, lastSeq: 0 })).toBe('resume.refused');
    expect(await enterMeeting('bob')).toBe('login.banned');
    await mustEnter('carl');

    await mia.getByTestId('nav-bans').click();
    const ban = mia.getByTestId('bans').locator('tr', { hasText: 'bob' });
    await ban.filter({ hasText: REASON }).waitFor();
    await ban.getByTestId('lift-ban').click();
    await mia.getByTestId('act-reason').fill('talked to him');
    await mia.getByTestId('act-confirm').click();
    await mia.getByTestId('notice').filter({ hasText: 'is lifted' }).waitFor();
    await mustEnter('bob');

    await mia.getByTestId('nav-audit').click();
    const audit = mia.getByTestId('audit');
    await audit
      .locator('tr', { hasText: 'talked to him' })
      .filter({ hasText: 'done' })
      .filter({ hasText: 'mia' })
      .waitFor();
    await audit.locator('tr', { hasText: REASON }).filter({ hasText: 'user/bob' }).filter({ hasText: 'mia' }).waitFor();
    await audit.locator('tr', { hasText: 'preview' }).filter({ hasText: 'user/bob' }).first().waitFor();
  });

  test('a viewer sees the room but can do nothing there, also not by a call (ROLE-1, CON-5)', async () => {
    await mustEnter('bob');
    const token = await createToken('vic', 'viewer');
    const vic = await signIn(token, ROOM_HASH);
    await vic.getByTestId('room-people').getByText('bob').waitFor();
    expect(await vic.getByRole('button', { name: /kick|mute|close/i }).count()).toBe(0);
    expect(await vic.getByTestId('room-people').innerText()).not.toContain('127.0.0.1');
    const scope = `${ROOM.appId}/${ROOM.environment}`;
    const eve = { userId: 'eve', reason: REASON };
    const { ban } = await admin<{ ban: { id: string } }>('POST', `/bans/${scope}`, eve);
    await vic.getByTestId('nav-bans').click();
    await vic.getByTestId('bans').locator('tr', { hasText: 'eve' }).waitFor();
    expect(await vic.getByRole('button', { name: /lift|ban/i }).count()).toBe(0);
    const forbidden = { error: { code: 'forbidden' } };
    const kick = { userIds: ['bob'], reason: REASON };
    for (const dryRun of [true, false]) {
      const path = `/rooms/${scope}/${ROOM.roomId}/kick`;
      expect(await admin('POST', path, { ...kick, dryRun }, token)).toMatchObject(forbidden);
    }
    expect(await admin('POST', `/bans/${scope}`, eve, token)).toMatchObject(forbidden);
    expect(await admin('POST', `/bans/${scope}/${ban.id}/lift`, { reason: REASON }, token)).toMatchObject(forbidden);
    expect((await gavel.rooms.summary(ROOM))?.memberCount).toBe(1);
  });

  test('rows stay in place under the pointer, so that a double click concerns one person (CON-4)', async () => {
    const anna = await mustEnter('anna');
    await mustEnter('bob');
    await mustEnter('carl');
    const mia = await signIn(await createToken('mia', 'moderator'), ROOM_HASH);
    const kickOfBob = mia.getByTestId('kick-bob');
    await kickOfBob.waitFor();
    await kickOfBob.hover();
    const before = await kickOfBob.boundingBox();
    await anna.client.request('logout');
    await mia.locator('tr.gone', { hasText: 'anna' }).waitFor();
    expect(await kickOfBob.boundingBox()).toEqual(before);

    await kickOfBob.dblclick();
    await mia.getByTestId('act-dialog').filter({ hasText: 'Kick bob' }).waitFor();
    expect((await gavel.rooms.summary(ROOM))?.memberCount).toBe(2);
  });

  test('a moderator kicks all but some, whom the preview leaves out (ALL-1, DRY-1)', async () => {
    for (const userId of ['anna', 'bob', 'carl']) await mustEnter(userId);
    const mia = await signIn(await createToken('mia', 'moderator'), ROOM_HASH);
    await mia.getByTestId('kick-others').click();
    await mia.getByTestId('stays-bob').check();
    await mia.getByTestId('preview').filter({ hasText: '2 people will be put out' }).waitFor();
    expect(await mia.getByTestId('preview').innerText()).not.toContain('bob');
    await mia.getByTestId('act-reason').fill(REASON);
    await mia.getByTestId('act-confirm').click();
    await mia.getByTestId('notice').filter({ hasText: '2 people are out of lobby' }).waitFor();
    expect((await gavel.rooms.snapshot(ROOM))?.members.map(({ user }) => user.id)).toEqual(['bob']);
    // The preview is in the audit trail, and can be hidden there.
    await mia.getByTestId('nav-audit').click();
    const audit = mia.getByTestId('audit');
    await audit.locator('tr', { hasText: 'preview' }).first().waitFor();
    await mia.getByTestId('filter-dryRun').selectOption('false');
    await audit.locator('tr', { hasText: 'preview' }).first().waitFor({ state: 'detached' });
    await audit.locator('tr', { hasText: REASON }).waitFor();
  });

  test('an owner creates an App and replaces its secret; each secret is shown once (SEC-1, SEC-3)', async () => {
    const ola = await signIn(TEST_API_TOKEN, '#/apps');
    await ola.getByTestId('new-app').click();
    await ola.getByTestId('app-name').fill('school');
    await ola.getByTestId('app-create').click();
    const secret = await ola.getByTestId('secret-server').innerText();
    expect(secret).toMatch(/^[0-9a-f]{32}$/);
    await ola.getByTestId('copy-server').click();
    await ola.getByRole('button', { name: 'Done' }).click();
    await ola.getByRole('button', { name: 'Keys of school' }).click();
    const keys = ola.getByTestId('key-list');
    await keys.locator('tr').nth(1).waitFor();
    expect(await keys.locator('tr').count()).toBe(2);
    expect(await ola.getByTestId('show-secrets').count()).toBe(0);
    await ola.getByTestId('rotate').click();
    const next = await ola.getByTestId('secret-server').innerText();
    expect(next).toMatch(/^[0-9a-f]{32}$/);
    expect(next).not.toBe(secret);
    await ola.getByTestId('keys-close').click();
    await ola.getByRole('button', { name: 'Keys of school' }).click();
    await keys.filter({ hasText: 'Earlier server' }).waitFor();
    expect(await ola.locator('body').innerText()).not.toContain(next);
    await ola.getByTestId('keys-close').click();
    await ola.getByTestId('nav-overview').click();
    await ola.getByTestId('nodes').filter({ hasText: '1 worker ready' }).waitFor();
    await ola.getByTestId('audit').filter({ hasText: 'replace secret' }).waitFor();
  });

  test('the page is live: a room that begins and ends appears and goes without a click (CON-4)', async () => {
    const mia = await signIn(await createToken('mia', 'moderator'), '#/rooms');
    await mia.getByTestId('rooms').filter({ hasText: 'Nobody is in a room now' }).waitFor();
    const anna = await mustEnter('anna', 'class-7b');
    await mia.getByTestId('room-link').filter({ hasText: 'class-7b' }).waitFor();
    await anna.client.request('logout');
    await mia.getByTestId('rooms').filter({ hasText: 'Nobody is in a room now' }).waitFor();
  });

  test('a wrong token is refused, and signing out ends the session (CON-1)', async () => {
    const context = await browser.newContext();
    const page = await openPage(context, `${gavel.baseUrl}/console`, []);
    await page.getByTestId('token-input').fill('not-a-token');
    await page.getByTestId('sign-in-button').click();
    await page.getByTestId('sign-in-error').filter({ hasText: 'not valid' }).waitFor();
    await page.getByTestId('token-input').fill(TEST_API_TOKEN);
    await page.getByTestId('sign-in-button').click();
    await page.getByTestId('figures').waitFor();
    // No script can read the session.
    expect(await page.evaluate(() => document.cookie)).toBe('');
    const [cookie] = await context.cookies(`${gavel.baseUrl}/admin/v1/`);
    await page.getByTestId('sign-out').click();
    await page.getByTestId('token-input').waitFor();
    const response = await fetch(`${gavel.baseUrl}/admin/v1/rooms`, {
      headers: { cookie: `${cookie?.name}=${cookie?.value}` },
    });
    expect(response.status).toBe(401);
  });

  test('axe-core finds no serious fault in any view, light and dark, at the width of a desktop and of a phone', async () => {
    await mustEnter('bob');
    await admin('POST', `/bans/${ROOM.appId}/${ROOM.environment}`, { userId: 'eve', seconds: 60, reason: REASON });
    const faults: Record<string, string[]> = {};
    const judge = async (view: string, page: Page) => {
      for (const viewport of [DESKTOP, PHONE]) {
        await page.setViewportSize(viewport);
        const found = await findAccessibilityFaults(page);
        if (found.length > 0) faults[`${view}, ${viewport.width} pixels`] = found;
      }
      await page.setViewportSize(DESKTOP);
    };
    const start = await openPage(await browser.newContext(), `${gavel.baseUrl}/console`, complaints);
    await start.getByTestId('token-input').waitFor();
    await judge('sign-in', start);
    const page = await signIn(TEST_API_TOKEN);
    const show = async (hash: string, testId: string) => {
      await page.goto(`${gavel.baseUrl}/console${hash}`);
      await page.getByTestId(testId).first().waitFor();
    };
    const views: Readonly<Record<string, string>> = {
      '#/overview': 'figures',
      '#/rooms': 'room-link',
      '#/people': 'kick-bob',
      [ROOM_HASH]: 'kick-bob',
      '#/bans': 'lift-ban',
      '#/audit': 'audit',
      '#/callbacks': 'callbacks',
      '#/apps': 'tokens',
    };
    for (const [hash, testId] of Object.entries(views)) {
      await show(hash, testId);
      await judge(hash, page);
    }
    await show('#/bans', 'new-ban');
    await page.getByTestId('new-ban').click();
    await page.getByTestId('ban-user').fill('bob');
    await page.getByTestId('preview').filter({ hasText: '1 person' }).waitFor();
    await judge('new ban', page);
    await page.getByTestId('act-cancel').click();
    await show(ROOM_HASH, 'kick-bob');
    await page.getByTestId('kick-bob').click();
    await page.getByTestId('preview').filter({ hasText: '1 person' }).waitFor();
    await judge('kick', page);
    await page.getByTestId('act-cancel').click();
    await show('#/apps', 'new-app');
    await page.getByTestId('new-app').click();
    await judge('new App', page);
    await show('#/people', 'kick-bob');
    await show('#/apps', `keys-${TEST_APP.appId}`);
    await page.getByTestId(`keys-${TEST_APP.appId}`).click();
    await page.getByTestId('key-list').waitFor();
    await judge('keys', page);
    expect(faults).toEqual({});

    // On a phone, the part that is shown is in view in the line of all parts.
    await page.setViewportSize(PHONE);
    await page.reload();
    const readEnd = async () => {
      const { x = Number.NaN, width = 0 } = (await page.getByTestId('nav-apps').boundingBox()) ?? {};
      return x + width;
    };
    await expect.poll(readEnd, { timeout: 10_000 }).toBeLessThanOrEqual(PHONE.width + 1);
  }, 180_000);
});
