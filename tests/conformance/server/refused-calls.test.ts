import { startTestServer } from '@gavel/testkit';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';

describe('a refused HTTP call', () => {
  test('is logged with the address of the client, not of a trusted proxy (LOG-1, ADDR-1)', async () => {
    const written: string[] = [];
    const log = pino({ base: null, level: 'info' }, { write: (line: string) => void written.push(line) });
    const server = await startTestServer({ log, trustedProxies: ['127.0.0.1'] });
    const headers = { 'x-forwarded-for': '[2001:DB8::7]:4711' };
    expect((await fetch(`${server.baseUrl}/nowhere?secret=1`, { headers })).status).toBe(404);
    const lines = () => written.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'call refused');
    await expect.poll(() => lines()).toMatchObject([{ path: '/nowhere', status: 404, address: '2001:db8::7' }]);
    await server.close();
  });

  test('without a signature is answered by its query alone: a large body is not kept (ACC-2)', async () => {
    const server = await startTestServer();
    const post = async (padding: number) => {
      const body = JSON.stringify({ AppId: 1, Padding: 'x'.repeat(padding) });
      const response = await fetch(`${server.baseUrl}/?Action=KickoutUser`, { method: 'POST', body });
      return (await response.json()) as { Code: number; Message: string };
    };
    const [small, large] = [await post(10), await post(5_000)];
    expect(small.Message).toContain('AppId is in the body');
    expect(large.Message).not.toContain('AppId is in the body');
    expect(large.Code).toBe(small.Code);
    // A second close waits for the first.
    await Promise.all([server.close(), server.close()]);
  });
});
