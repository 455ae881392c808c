/**
 * Sessions of the console at the admin API: what a browser may do with its cookie, and what another site may not.
 */

import { TEST_API_TOKEN, TEST_APP } from '@gavel/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AdminStage, startAdminStage } from './harness.ts';

let stage: AdminStage;
beforeAll(async () => {
  stage = await startAdminStage();
});
afterAll(() => stage.close());

interface Options {
  readonly headers?: Record<string, string>;
  readonly body?: object;
}

/** Makes a call without a Bearer token. */
async function call(method: string, path: string, { headers, body }: Options = {}) {
  const response = await fetch(`${stage.baseUrl}/admin/v1${path}`, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

const signIn = (token = TEST_API_TOKEN, headers: Record<string, string> = {}) =>
  call('POST', '/session', { headers, body: { token } });

async function openSession(token?: string) {
  const { headers, body } = await signIn(token);
  const cookie = headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  return { cookie, csrf: { cookie, 'x-gavel-csrf': body.csrfToken as string } };
}

const REPLAY = { body: { appId: TEST_APP.appId } };

test('a token is exchanged for a cookie that no script reads and no other site sends (CON-1)', async () => {
  const { status, headers, body } = await signIn();
  expect(status).toBe(200);
  expect(headers.get('set-cookie')).toMatch(/^gavel_session=[\w-]{43}; Path=\/admin\/v1; .*HttpOnly; SameSite=Strict$/);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toMatchObject({ role: 'owner', csrfToken: expect.stringMatching(/^[\w-]{43}$/) });
  expect(JSON.stringify(body)).not.toContain(TEST_API_TOKEN);
});

test('the cookie is Secure for a page of HTTPS, also behind a proxy (CON-1)', async () => {
  const { headers } = await signIn(TEST_API_TOKEN, { origin: 'https://rooms.example' });
  expect(headers.get('set-cookie')).toMatch(/; Secure$/);
});

test('a wrong token, and a page of another site, begin no session (CON-1)', async () => {
  const wrong = await signIn('another');
  expect(wrong).toMatchObject({ status: 401, body: { error: { code: 'unauthorized' } } });
  expect(wrong.headers.get('set-cookie')).toBeNull();
  for (const site of ['cross-site', 'same-site']) {
    expect((await signIn(TEST_API_TOKEN, { 'sec-fetch-site': site })).status).toBe(403);
  }
});

test('a session reads without a CSRF token, and changes only with it (CON-1)', async () => {
  const { cookie, csrf } = await openSession();
  expect((await call('GET', '/callbacks', { headers: { cookie } })).status).toBe(200);

  const without = await call('POST', '/callbacks/replay', { ...REPLAY, headers: { cookie } });
  expect(without).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
  const other = { cookie, 'x-gavel-csrf': (await openSession()).csrf['x-gavel-csrf'] };
  expect((await call('POST', '/callbacks/replay', { ...REPLAY, headers: other })).status).toBe(403);
  const foreign = { ...csrf, 'sec-fetch-site': 'cross-site' };
  expect((await call('POST', '/callbacks/replay', { ...REPLAY, headers: foreign })).status).toBe(403);

  const ok = await call('POST', '/callbacks/replay', {
    ...REPLAY,
    headers: { ...csrf, 'sec-fetch-site': 'same-origin' },
  });
  expect(ok).toMatchObject({ status: 200, body: { replayed: 0 } });
});

test('a Bearer token needs no CSRF token, and a wrong one is refused although the cookie is valid', async () => {
  const authorization = `Bearer ${TEST_API_TOKEN}`;
  expect((await call('POST', '/callbacks/replay', { ...REPLAY, headers: { authorization } })).status).toBe(200);
  const { cookie } = await openSession();
  expect((await call('GET', '/callbacks', { headers: { cookie, authorization: 'Bearer x' } })).status).toBe(401);
});

test('signing out ends the session, not only its cookie (CON-1)', async () => {
  const { cookie, csrf } = await openSession();
  expect((await call('GET', '/session', { headers: { cookie } })).body.session).toMatchObject({ role: 'owner' });
  expect((await call('DELETE', '/session', { headers: { cookie } })).status).toBe(403);

  const { status, headers } = await call('DELETE', '/session', { headers: csrf });
  expect(status).toBe(200);
  expect(headers.get('set-cookie')).toMatch(/^gavel_session=; .*Max-Age=0/);
  expect((await call('GET', '/callbacks', { headers: { cookie } })).status).toBe(401);
  expect((await call('GET', '/session', { headers: { cookie } })).body).toEqual({ session: null });
});

test('a session has the rights of its token, and ends with it (CON-1, ROLE-1)', async () => {
  const token = await stage.tokenOf('viewer', [TEST_APP.appId]);
  const { cookie, csrf } = await openSession(token);
  const { session } = (await call('GET', '/session', { headers: { cookie } })).body;
  expect(session).toMatchObject({ role: 'viewer', appIds: [TEST_APP.appId] });
  const replay = await call('POST', '/callbacks/replay', { ...REPLAY, headers: csrf });
  expect(replay).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });

  const { adminTokens } = (await stage.admin('GET', '/admin-tokens')).body;
  const { id } = adminTokens.find(({ role }: { role: string }) => role === 'viewer');
  await stage.admin('DELETE', `/admin-tokens/${id}`);
  expect((await call('GET', '/me', { headers: { cookie } })).status).toBe(401);
  expect((await call('GET', '/session', { headers: { cookie } })).body).toEqual({ session: null });
});
