import { startTestServer, type TestServer } from '@gavel/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

let gavel: TestServer;
beforeAll(async () => {
  gavel = await startTestServer();
});
afterAll(() => gavel.close());

const sign = (headers: Record<string, string> = {}, body: unknown = { action: 'CloseRoom', params: { RoomId: 'x' } }) =>
  fetch(`${gavel.baseUrl}/playground/sign`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

test('in dev mode the server signs for its own page, and the call is good', async () => {
  expect(await (await fetch(`${gavel.baseUrl}/playground/config.json`)).json()).toEqual({
    mode: 'dev',
    appId: gavel.app.appId,
    allowNoToken: true,
  });
  const response = await sign({ origin: gavel.baseUrl });
  const { path } = (await response.json()) as { path: string };
  expect(await (await fetch(`${gavel.baseUrl}${path}`)).json()).toMatchObject({ Code: 5018 });
});

test('nothing is signed for a page of another origin', async () => {
  expect((await sign({ origin: 'https://evil.example' })).status).toBe(403);
  expect((await sign({ origin: 'null' })).status).toBe(403);
});

test('what is no call is refused without a stack', async () => {
  const response = await sign({}, { action: 7, params: [] });
  expect(response.status).toBe(400);
  expect(await response.text()).not.toMatch(/\.ts|at /);
});

test('in production with the playground, nothing is signed, and the page learns no App', async () => {
  const production = await startTestServer({ mode: 'production', playground: true });
  try {
    const config = await (await fetch(`${production.baseUrl}/playground/config.json`)).json();
    expect(config).toEqual({ mode: 'production', appId: null, allowNoToken: false });
    const response = await fetch(`${production.baseUrl}/playground/sign`, { method: 'POST' });
    expect(response.status).toBe(404);
  } finally {
    await production.close();
  }
});

test('in production the playground is off unless it is configured; without an admin API, / is a call (CON-3)', async () => {
  const production = await startTestServer({ mode: 'production' });
  try {
    expect((await fetch(`${production.baseUrl}/playground/config.json`)).status).toBe(404);
    expect((await fetch(`${production.baseUrl}/console`)).status).toBe(404);
    const response = await fetch(`${production.baseUrl}/`);
    expect(await response.json()).toMatchObject({ Code: expect.any(Number) });
  } finally {
    await production.close();
  }
});

test('the page is served with a policy that lets nothing foreign in', async () => {
  const response = await fetch(`${gavel.baseUrl}/`);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(response.headers.get('content-type')).toContain('text/html');
});

test('an unknown path is answered in JSON, without a stack', async () => {
  const response = await fetch(`${gavel.baseUrl}/no/such/path`);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ statusCode: 404 });
});
