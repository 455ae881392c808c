import { readFileSync } from 'node:fs';
import { startTestServer, type TestServer } from '@gavel/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

let gavel: TestServer;
beforeAll(async () => {
  gavel = await startTestServer();
});
afterAll(() => gavel.close());

const fetchSdk = (path: string, encoding = 'br'): Promise<Response> =>
  fetch(`${gavel.baseUrl}/sdk/${path}`, {
    headers: { origin: 'https://app.example.org', 'accept-encoding': encoding },
  });

const version = JSON.parse(
  readFileSync(new URL('../../../packages/client/package.json', import.meta.url), 'utf8'),
).version;

test.each(['index.js', 'zego.js', 'liveroom.js', 'realtimekit.js'])(
  '%s is served to pages of every origin (SDK-1)',
  async (name) => {
    const response = await fetchSdk(name);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^(text|application)\/javascript/);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('cache-control')).toContain('max-age=0');
  },
);

test('the address with a version never changes and is cached for a year', async () => {
  const response = await fetchSdk(`${version}/zego.js`);
  expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(await response.text()).toBe(await (await fetchSdk('zego.js')).text());
  expect((await fetchSdk('9.9.9/zego.js')).status).toBe(404);
});

test.each(['br', 'gzip', 'identity'])(
  'modules are sent with the encoding that the client takes: %s',
  async (encoding) => {
    const response = await fetchSdk('zego.js', encoding);
    expect(response.headers.get('content-encoding') ?? 'identity').toBe(encoding);
    expect(await response.text()).toContain('ZegoExpressEngine');
  },
);

test.each(['../package.json', '%2e%2e/package.json', 'zego.d.ts', '.gavel-sources', 'zego.js.br', ''])(
  'what is no module is not served: %s',
  async (path) => {
    expect((await fetchSdk(path)).status).toBe(404);
  },
);
