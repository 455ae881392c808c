import { startTestServer, TEST_API_TOKEN, TEST_APP, type TestServer } from '@gavel/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const { accountId, rtkAppId } = TEST_APP;
const request = async (method: string, path: string, token: string, body?: object) => {
  const response = await fetch(server.baseUrl + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, never> };
};
const admin = (method: string, path: string, body?: object) =>
  request(method, `/admin/v1/api-tokens${path}`, TEST_API_TOKEN, body);
const statusWith = async (token: string, path = `/${rtkAppId}/meetings`) =>
  (await request('GET', `/client/v4/accounts/${accountId}/realtime/kit${path}`, token)).status;

describe('API tokens made by the admin API', () => {
  it('are shown once, kept as a hash, listed by name, and void when revoked (RTK-1)', async () => {
    const made = await admin('POST', '', { name: 'backend', accountId });
    const { token, ...shown } = made.body as Record<string, string>;
    expect(made.status).toBe(200);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(shown).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      name: 'backend',
      accountId,
      createdAtMs: expect.any(Number),
    });
    expect(await statusWith(token ?? '')).toBe(200);
    const listed = await admin('GET', `?accountId=${accountId}`);
    expect(listed.body.apiTokens).toEqual([shown]);
    expect(JSON.stringify(listed.body)).not.toContain(token);
    expect(await admin('DELETE', `/${shown.id}`)).toEqual({ status: 200, body: { id: shown.id } });
    expect(await statusWith(token ?? '')).toBe(401);
    expect((await admin('DELETE', `/${shown.id}`)).status).toBe(404);
    expect((await admin('GET', `?accountId=${accountId}`)).body.apiTokens).toEqual([]);
  });

  it('are good for the Apps that they name, and no other (RTK-1)', async () => {
    const { body } = await admin('POST', '', { name: 'limited', accountId, appIds: [rtkAppId] });
    expect(body.appIds).toEqual([rtkAppId]);
    const other = await server.server.apps.create(accountId, 'other');
    expect(await statusWith(String(body.token))).toBe(200);
    expect(await statusWith(String(body.token), `/${other.rtkAppId}/meetings`)).toBe(403);
  });

  it('have names of their own in an account, so that the audit log tells them apart (RTK-1)', async () => {
    const body = { name: 'only one', accountId };
    const answers = await Promise.all([admin('POST', '', body), admin('POST', '', body)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toEqual({
      error: { code: 'conflict', message: 'The account already has an API token with the name only one' },
    });
    const id = String(answers.find(({ status }) => status === 200)?.body.id);
    expect((await admin('POST', '', { ...body, accountId: 'another' })).status).toBe(200);
    await admin('DELETE', `/${id}`);
    expect((await admin('POST', '', body)).status).toBe(200);
  });

  it.each([
    [{ accountId }],
    [{ name: '', accountId }],
    [{ name: 'x', accountId: 'x'.repeat(33) }],
    [{ name: 'x', accountId, appIds: [] }],
    [{ name: 'x', accountId, appIds: ['813432c7-3c5a-45e2-9acf-eef7061c7584'] }],
    [{ name: 'x', accountId: 'another', appIds: [rtkAppId] }],
    [{ name: 'x', accountId, token: 'chosen' }],
  ])('are not made of %j', async (body) => {
    const answer = await admin('POST', '', body);
    expect(answer).toEqual({ status: 400, body: { error: { code: 'invalid-request', message: expect.any(String) } } });
  });

  it('are for the admin key alone to make (RTK-1)', async () => {
    const { body } = await admin('POST', '', { name: 'curious', accountId });
    const answer = await request('POST', '/admin/v1/api-tokens', String(body.token), { name: 'x', accountId });
    expect(answer.status).toBe(401);
  });
});
