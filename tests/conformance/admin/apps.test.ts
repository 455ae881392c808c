/**
 * Apps, their keys, presets and nodes at the admin API.
 */

import { createToken04, signedPath } from '@gavel/server';
import { FakeClock, TEST_APP } from '@gavel/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AdminStage, startAdminStage } from './harness.ts';

let stage: AdminStage;
const clock = new FakeClock();
beforeAll(async () => {
  stage = await startAdminStage({ clock });
});
afterAll(() => stage.close());

const { appId, accountId } = TEST_APP;

test('Apps are listed of all accounts or of one, and an owner creates one with its keys', async () => {
  const made = (await stage.admin('POST', '/apps', { body: { accountId: 'other', name: 'new' } })).body;
  expect(made).toMatchObject({
    accountId: 'other',
    name: 'new',
    keyId: expect.stringMatching(/^[0-9a-f]{8}$/),
    serverSecret: expect.stringMatching(/^[0-9a-f]{32}$/),
    earlier: [],
  });
  const idsOf = async (query: string) =>
    (await stage.admin('GET', `/apps${query}`)).body.apps.map((app: { appId: number }) => app.appId);
  expect(await idsOf('')).toEqual([appId, made.appId]);
  expect(await idsOf(`?accountId=${accountId}`)).toEqual([appId]);
  expect((await stage.admin('GET', `/apps/${made.appId}/keys`)).headers.get('cache-control')).toBe('no-store');
});

test('a new secret is valid beside the one before until the overlap is over (SEC-1)', async () => {
  const made = (await stage.admin('POST', '/apps', { body: { accountId, name: 'rotated' } })).body;
  const rotated = (await stage.admin('POST', `/apps/${made.appId}/keys`, { body: { overlapSeconds: 60 } })).body;
  expect(rotated.serverSecret).not.toBe(made.serverSecret);
  expect(rotated).toMatchObject({
    callbackSecret: made.callbackSecret,
    earlier: [{ keyId: made.keyId, validUntilMs: clock.now() + 60_000 }],
  });
  const call = async (serverSecret: string) => {
    const path = signedPath({ appId: made.appId, serverSecret }, 'DescribeUserNum', { 'RoomId[]': ['r'] }, clock.now());
    return ((await (await fetch(`${stage.baseUrl}${path}`)).json()) as { Code: number }).Code;
  };
  const login = async (secret: string, userId: string) => {
    const token = createToken04({ appId: made.appId, secret, userId, lifetimeSeconds: 3600, nowMs: clock.now() });
    const client = await stage.connect();
    const credential = { scheme: 'app-token', appId: made.appId, token };
    const { error } = await client.request('login', { credential, clientId: 'c', roomId: 'r', userId, members: true });
    return error?.code;
  };
  expect([await call(rotated.serverSecret), await call(made.serverSecret)]).toEqual([0, 0]);
  expect([await login(rotated.serverSecret, 'anna'), await login(made.serverSecret, 'bob')]).toEqual([
    undefined,
    undefined,
  ]);
  clock.advance(60_000);
  expect([await call(rotated.serverSecret), await call(made.serverSecret)]).toEqual([0, 100000005]);
  expect(await login(made.serverSecret, 'carl')).toBe('login.bad-credential');
  expect((await stage.admin('GET', `/apps/${made.appId}/keys`)).body.earlier).toEqual([]);
});

test('an App of the configuration, and one that does not exist, get no new secret (SEC-1)', async () => {
  const rotate = async (id: number) =>
    (await stage.admin('POST', `/apps/${id}/keys`, { body: { overlapSeconds: 0 } })).status;
  expect([await rotate(appId), await rotate(7)]).toEqual([409, 404]);
});

test('presets are read page by page, and nodes with their workers', async () => {
  const first = (await stage.admin('GET', `/presets?appId=${appId}&limit=2`)).body;
  const second = (await stage.admin('GET', `/presets?appId=${appId}&limit=500&cursor=${first.next}`)).body;
  const names = [...first.presets, ...second.presets].map(({ name }: { name: string }) => name);
  expect(names).toContain('group_call_host');
  expect([new Set(names).size, second.next]).toEqual([first.totalCount, null]);
  expect((await stage.admin('GET', '/nodes')).body.nodes).toMatchObject([
    { node: 'local', version: expect.any(String), workers: [{ worker: 0, isReady: true }] },
  ]);
});
