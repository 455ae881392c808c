/**
 * How the console is served: with a strict policy, and from `/` where there is no playground.
 */

import { startTestServer } from '@gavel/testkit';
import { expect, test } from 'vitest';

test('the console is served with a policy that permits only the files and calls of this server', async () => {
  const gavel = await startTestServer();
  try {
    const { headers } = await fetch(`${gavel.baseUrl}/console`);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    const slash = await fetch(`${gavel.baseUrl}/console/`, { redirect: 'manual' });
    expect(new URL(slash.headers.get('location') ?? '', `${gavel.baseUrl}/console/`).pathname).toBe('/console');
  } finally {
    await gavel.close();
  }
});

test('in production with an admin API, / leads to the console, and signed calls still work (CON-3)', async () => {
  const production = await startTestServer({ mode: 'production', adminKey: 'an-admin-key-of-20-characters' });
  try {
    const root = await fetch(`${production.baseUrl}/`, { redirect: 'manual' });
    expect(root.status).toBe(302);
    expect(root.headers.get('location')).toBe('/console');
    expect(await production.call('DescribeUserNum', { 'RoomId[]': ['lobby'] })).toMatchObject({ Code: 0 });
  } finally {
    await production.close();
  }
});
