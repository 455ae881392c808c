/**
 * Apps, their keys, presets and nodes at the admin API.
 */

import { createToken04, signedPath } from '@gavel/server';
import { FakeClock, TEST_APP } from '@gavel/testkit';
import { IS_ONE_PROCESS } from '@gavel/testkit/test-bus';
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
    ...{ isConfigured: false, areShown: true, callbackSecret: expect.stringMatching(/^[0-9a-f]{32}$/) },
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
});

test('each answer with a secret is the only one that has it (SEC-3)', async () => {
  const created = await stage.admin('POST', '/apps', { body: { accountId, name: 'once' } });
  const { appId: id } = created.body;
  const keys = `/apps/${id}/keys`;
  const byKit = await stage.server.apps.create(accountId, 'made by the meetings API');
  const shown = await stage.admin('POST', `/apps/${byKit.appId}/keys/show`);
  const rotated = await stage.admin('POST', keys, { body: { kind: 'callback', overlapSeconds: 60 } });
  for (const { headers } of [created, shown, rotated]) expect(headers.get('cache-control')).toBe('no-store');
  const { serverSecret, callbackSecret } = byKit;
  expect(shown.body).toMatchObject({ areShown: true, serverSecret, callbackSecret });
  expect(rotated.body.callbackSecret).toMatch(/^[0-9a-f]{32}$/);
  expect(rotated.body).not.toHaveProperty('serverSecret');
  expect((await stage.admin('GET', keys)).body).toEqual({
    ...{ appId: id, isConfigured: false, areShown: true, keyId: created.body.keyId },
    callbackKeyId: rotated.body.callbackKeyId,
    earlier: [{ kind: 'callback', keyId: created.body.callbackKeyId, validUntilMs: clock.now() + 60_000 }],
  });
  const refused = await Promise.all(
    [id, byKit.appId, appId, 7].map(async (each) => (await stage.admin('POST', `/apps/${each}/keys/show`)).status),
  );
  expect(refused).toEqual([409, 409, 409, 404]);
});

test('a login token is made at the server, for an App of the configuration too, and the secret stays there', async () => {
  const made = await stage.admin('POST', `/apps/${appId}/login-tokens`, {
    body: { userId: 'ann', expiresInSeconds: 60 },
  });
  const client = await stage.connect();
  const credential = { scheme: 'app-token', appId, token: made.body.token };
  const { error } = await client.request('login', { credential, clientId: 'c', roomId: 'r', userId: 'ann' });
  expect([error, made.headers.get('cache-control')]).toEqual([undefined, 'no-store']);
});

test('what an owner changes has an audit row without a secret, done or refused; so has a call that the role forbids (AUDIT-2)', async () => {
  const { body: before } = await stage.admin('GET', '/audit?limit=1');
  const app = (await stage.admin('POST', '/apps', { body: { accountId, name: 'audited' } })).body;
  await stage.admin('POST', `/apps/${app.appId}/keys`, { body: { overlapSeconds: 5 } });
  await stage.admin('POST', `/apps/${app.appId}/keys/show`);
  await stage.admin('POST', `/apps/${app.appId}/login-tokens`, { body: { userId: 'ann', expiresInSeconds: 60 } });
  const token = (await stage.admin('POST', '/api-tokens', { body: { accountId, name: 'backend' } })).body;
  await stage.admin('DELETE', `/api-tokens/${token.id}`);
  const person = { name: 'mia', role: 'moderator', appIds: [app.appId] };
  const mia = (await stage.admin('POST', '/admin-tokens', { body: person })).body;
  await stage.admin('POST', '/admin-tokens', { body: person });
  await stage.admin('POST', `/apps/${app.appId}/keys`, { body: { overlapSeconds: 5 }, token: mia.token });
  await stage.admin('DELETE', `/admin-tokens/${mia.id}`);
  await stage.admin('POST', '/callbacks/none/replay');
  await stage.admin('POST', '/callbacks/replay', { body: { appId: app.appId } });
  const { body } = await stage.admin('GET', '/audit?limit=100');
  const rows = body.rows.filter(({ seq }: { seq: number }) => seq > (before.rows[0]?.seq ?? 0)).toReversed();
  const shown = rows.map((row: Record<string, unknown>) => [
    ...[row.appId, row.action, (row.targets as string[]).join(), row.details, row.errorCode ?? row.outcome],
  ]);
  const { appId: id } = app;
  expect(shown).toEqual([
    [id, 'createApp', 'app/audited', { accountId }, 'done'],
    [id, 'replaceSecret', 'secret/server', { overlapSeconds: 5 }, 'done'],
    [id, 'showSecrets', '', {}, 'conflict'],
    [id, 'createLoginToken', 'user/ann', { expiresInSeconds: 60 }, 'done'],
    [0, 'createApiToken', 'api-token/backend', { accountId }, 'done'],
    [0, 'revokeApiToken', `api-token/${token.id}`, {}, 'done'],
    [0, 'createAdminToken', 'admin-token/mia', { role: 'moderator', appIds: [id] }, 'done'],
    [0, 'createAdminToken', 'admin-token/mia', { role: 'moderator', appIds: [id] }, 'conflict'],
    [id, 'replaceSecret', '', {}, 'forbidden'],
    [0, 'revokeAdminToken', `admin-token/${mia.id}`, {}, 'done'],
    [0, 'replayCallback', 'callback/none', {}, 'not-found'],
    [id, 'replayCallbacks', '', { replayed: 0 }, 'done'],
  ]);
  expect(rows[0]).toMatchObject({ door: 'admin', actor: 'admin key', role: 'owner', environment: 'production' });
  expect(rows[8]).toMatchObject({ actor: 'mia', role: 'moderator', outcome: 'refused' });
});

test('a new secret is valid beside the one before until the overlap is over (SEC-1)', async () => {
  const made = (await stage.admin('POST', '/apps', { body: { accountId, name: 'rotated' } })).body;
  const rotated = (await stage.admin('POST', `/apps/${made.appId}/keys`, { body: { overlapSeconds: 60 } })).body;
  expect(rotated.serverSecret).not.toBe(made.serverSecret);
  expect(rotated).toMatchObject({
    callbackKeyId: made.callbackKeyId,
    earlier: [{ kind: 'server', keyId: made.keyId, validUntilMs: clock.now() + 60_000 }],
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
  const node = IS_ONE_PROCESS ? 'local' : expect.stringMatching(/^node-\d$/);
  const facts = { node, version: expect.any(String), workers: [{ worker: 0, isReady: true }] };
  expect((await stage.admin('GET', '/nodes')).body.nodes).toMatchObject(stage.nodeUrls.map(() => facts));
});
