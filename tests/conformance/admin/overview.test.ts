/**
 * The overview at the admin API.
 */

import { FakeClock, TEST_APP } from '@gavel/testkit';
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

test('has what there is and was in the Apps that the caller may access (CON-2)', async () => {
  const client = await stage.connect();
  await client.login(TEST_APP.appId, 'lobby', 'anna');
  clock.advance(15_000);

  const { status, body } = await stage.admin('GET', '/overview');
  expect(status).toBe(200);
  expect(body).toMatchObject({ rooms: 1, people: 1, streams: 0, callbacks: { pending: 0, failed: 0 } });
  expect(body.nowMs).toBe(clock.now());
  expect(body.startedAtMs).toBe(clock.now() - 15_000);
  expect(body.samples).toEqual([
    { atMs: clock.now() - 15_000, rooms: 0, people: 0, streams: 0 },
    { atMs: clock.now(), rooms: 1, people: 1, streams: 0 },
  ]);

  const token = await stage.tokenOf('moderator', [otherAppId]);
  const other = (await stage.admin('GET', '/overview', { token })).body;
  expect(other).toMatchObject({ rooms: 0, people: 0, streams: 0, callbacks: null });
  expect(other.samples.at(-1)).toMatchObject({ rooms: 0, people: 0 });
});
