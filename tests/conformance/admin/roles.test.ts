/**
 * Roles and tokens of persons at the admin API.
 */

import { FakeClock, TEST_API_TOKEN, TEST_APP } from '@gavel/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AdminStage, startAdminStage } from './harness.ts';

let stage: AdminStage;
const clock = new FakeClock();
let otherAppId: number;
beforeAll(async () => {
  stage = await startAdminStage({ clock });
  otherAppId = (await stage.server.apps.create(TEST_APP.accountId, 'other')).appId;
});
afterAll(() => stage.close());

const { appId, accountId } = TEST_APP;
const forbidden = { status: 403, body: { error: { code: 'forbidden', message: expect.any(String) } } };

test('the key of the configuration is an owner, and a token is who it was made for (ROLE-1)', async () => {
  expect((await stage.admin('GET', '/me')).body).toEqual({ name: 'admin key', role: 'owner' });
  const body = { name: 'anna', role: 'moderator', appIds: [appId], expiresInSeconds: 3600 };
  const made = await stage.admin('POST', '/admin-tokens', { body });
  const { token, ...facts } = made.body;
  expect(facts).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{64}$/),
    name: 'anna',
    role: 'moderator',
    appIds: [appId],
    createdBy: 'admin key',
    createdAtMs: clock.now(),
    expiresAtMs: clock.now() + 3_600_000,
  });
  expect((await stage.admin('GET', '/me', { token })).body).toEqual({
    name: 'anna',
    role: 'moderator',
    appIds: [appId],
  });
  const listed = await stage.admin('GET', '/admin-tokens');
  expect(listed.body.adminTokens).toContainEqual(facts);
  expect(JSON.stringify(listed.body)).not.toContain(token);
});

test('a token is refused at once when it is revoked, and when it has expired (ROLE-1)', async () => {
  const make = async (name: string) =>
    (await stage.admin('POST', '/admin-tokens', { body: { name, role: 'owner', expiresInSeconds: 60 } })).body;
  const [revoked, expired] = [await make('revoked'), await make('expired')];
  expect((await stage.admin('GET', '/me', { token: revoked.token })).status).toBe(200);
  expect(await stage.admin('DELETE', `/admin-tokens/${revoked.id}`)).toMatchObject({ status: 200 });
  expect((await stage.admin('GET', '/me', { token: revoked.token })).status).toBe(401);
  expect((await stage.admin('DELETE', `/admin-tokens/${revoked.id}`)).status).toBe(404);
  expect((await stage.admin('GET', '/me', { token: expired.token })).status).toBe(200);
  clock.advance(60_000);
  expect((await stage.admin('GET', '/me', { token: expired.token })).status).toBe(401);
});

test.each([
  ['a moderator without Apps', { name: 'x', role: 'moderator' }, 400],
  ['an owner with Apps', { name: 'x', role: 'owner', appIds: [appId] }, 400],
  ['an App that does not exist', { name: 'x', role: 'viewer', appIds: [7] }, 400],
  ['an unknown role', { name: 'x', role: 'king' }, 400],
  ['the name of the key', { name: 'admin key', role: 'viewer' }, 409],
])('a token is not made for %s', async (_, body, status) => {
  expect((await stage.admin('POST', '/admin-tokens', { body })).status).toBe(status);
});

test('two tokens do not have one name, so that the audit log distinguishes them', async () => {
  const body = { name: 'only one', role: 'viewer' };
  const answers = await Promise.all([1, 2].map(() => stage.admin('POST', '/admin-tokens', { body })));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
});

test('a viewer and a moderator read, and manage nothing (ROLE-1)', async () => {
  for (const token of [await stage.tokenOf('viewer'), await stage.tokenOf('moderator', [appId])]) {
    expect((await stage.admin('GET', `/apps?accountId=${accountId}`, { token })).status).toBe(200);
    expect((await stage.admin('GET', '/callbacks', { token })).status).toBe(200);
    for (const [method, path, body] of [
      ['GET', `/apps/${appId}/keys`],
      ['GET', '/admin-tokens'],
      ['POST', '/admin-tokens', { name: 'mine', role: 'owner' }],
      ['GET', `/api-tokens?accountId=${accountId}`],
      ['POST', '/callbacks/replay', { appId }],
    ] as const) {
      expect(await stage.admin(method, path, { token, ...(body && { body }) })).toMatchObject(forbidden);
    }
  }
});

test('a limited token reads its own Apps only, and does not learn which others exist (ROLE-1)', async () => {
  const token = await stage.tokenOf('viewer', [appId]);
  const { body } = await stage.admin('GET', `/apps?accountId=${accountId}`, { token });
  expect(body.apps.map((app: { appId: number }) => app.appId)).toEqual([appId]);
  for (const other of [otherAppId, 7]) {
    expect(await stage.admin('GET', `/callbacks?appId=${other}`, { token })).toMatchObject(forbidden);
  }
});

test('only the key of the configuration is accepted while the store is unavailable; others get 503, not an empty list', async () => {
  const token = await stage.tokenOf('owner');
  const { adminTokens } = stage.server.store;
  const find = adminTokens.findByHash;
  const { GavelError } = await import('@gavel/protocol');
  adminTokens.findByHash = () => Promise.reject(new GavelError('server.store-unavailable'));
  try {
    expect((await stage.admin('GET', '/me', { token: TEST_API_TOKEN })).status).toBe(200);
    expect(await stage.admin('GET', '/me', { token })).toMatchObject({
      status: 503,
      body: { error: { code: 'unavailable' } },
    });
  } finally {
    adminTokens.findByHash = find;
  }
});

test('the API describes itself as OpenAPI, to whoever has a token', async () => {
  const token = await stage.tokenOf('viewer');
  const { status, body } = await stage.admin('GET', '/openapi.json', { token });
  expect([status, body.openapi]).toEqual([200, '3.1.0']);
  expect(Object.keys(body.paths)).toEqual(expect.arrayContaining(['/admin/v1/me', '/admin/v1/callbacks/{id}/replay']));
});
