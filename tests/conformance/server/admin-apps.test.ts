/**
 * Apps at the admin API: what an App of the meetings API needs for the other APIs, its owner is shown here.
 */

import { signedPath } from '@gavel/server';
import { startTestServer, TEST_API_TOKEN, TEST_APP, type TestServer } from '@gavel/testkit';
import Cloudflare from 'cloudflare';
import { afterAll, beforeAll, expect, test } from 'vitest';

let gavel: TestServer;
beforeAll(async () => {
  gavel = await startTestServer();
});
afterAll(() => gavel.close());

async function admin(path: string, token = TEST_API_TOKEN, method = 'GET') {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${gavel.baseUrl}/admin/v1${path}`, { method, headers });
  return { status: response.status, body: await response.json() };
}

test('an App made by the RealtimeKit API can be used at the ZEGO API with the secrets that its owner is shown once (SEC-3)', async () => {
  const api = new Cloudflare({ apiToken: TEST_API_TOKEN, baseURL: `${gavel.baseUrl}/client/v4`, maxRetries: 0 });
  const made = await api.realtimeKit.apps.post({ account_id: TEST_APP.accountId, name: 'second' });
  expect(JSON.stringify(made)).not.toMatch(/secret/i);

  const { body } = await admin(`/apps?accountId=${TEST_APP.accountId}`);
  expect(body.apps).toEqual([
    expect.objectContaining({ appId: TEST_APP.appId, name: 'test' }),
    { ...body.apps[1], rtkAppId: made.data?.app?.id, accountId: TEST_APP.accountId, name: 'second' },
  ]);
  expect(JSON.stringify(body)).not.toContain(TEST_APP.serverSecret);

  const { appId } = body.apps[1];
  const keys = (await admin(`/apps/${appId}/keys/show`, TEST_API_TOKEN, 'POST')).body;
  expect(keys).toEqual({
    ...{ appId, isConfigured: false, areShown: true, callbackKeyId: expect.stringMatching(/^[0-9a-f]{8}$/) },
    serverSecret: expect.stringMatching(/^[0-9a-f]{32}$/),
    callbackSecret: expect.stringMatching(/^[0-9a-f]{32}$/),
    keyId: expect.stringMatching(/^[0-9a-f]{8}$/),
    earlier: [],
  });
  expect((await admin(`/apps/${appId}/keys/show`, TEST_API_TOKEN, 'POST')).status).toBe(409);
  const path = signedPath(keys, 'DescribeUserNum', { 'RoomId[]': ['lobby'] }, Date.now());
  expect(await (await fetch(`${gavel.baseUrl}${path}`)).json()).toMatchObject({ Code: 0 });
});

test('keys are for the admin key alone, and for an App that exists', async () => {
  expect((await admin(`/apps/${TEST_APP.appId}/keys`, 'another')).status).toBe(401);
  expect(await admin('/apps/7/keys')).toMatchObject({ status: 404, body: { error: { code: 'not-found' } } });
  expect(await admin('/apps/0/keys')).toMatchObject({ status: 400, body: { error: { code: 'invalid-request' } } });
});
