/**
 * The admin API: its key, its document, and listing and resending failed callbacks.
 */

import { TEST_API_TOKEN, TEST_APP } from '@gavel/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Stage, startStage, tell, until } from './harness.ts';

let stage: Stage;
beforeEach(async () => {
  // Long enough for three callbacks of one room to fail permanently, one after another.
  stage = await startStage({ rooms: { heartbeatTimeoutMs: 86_400_000 } });
});
afterEach(() => stage.close());

interface Entry {
  readonly id: string;
  readonly event: string;
  readonly url: string;
}
const list = async (query = '') => {
  const { status, body } = await stage.admin('GET', `/callbacks${query}`);
  expect(status).toBe(200);
  return { entries: body.callbacks as Entry[], next: body.next };
};

/** Lets all callbacks fail: those of two logins and a room fail permanently. */
async function giveUp(): Promise<void> {
  stage.receiver.behaviour = () => 500;
  await stage.join('r', 'anna');
  await stage.join('r', 'bob');
  const isSettled = async () => (await list('?status=pending&limit=1')).entries.length === 0;
  while (!(await isSettled())) stage.clock.advance(32_000);
}

describe('access', () => {
  it.each([
    [{}],
    [{ authorization: '' }],
    [{ authorization: TEST_API_TOKEN }],
    [{ authorization: `Bearer ${TEST_API_TOKEN}x` }],
    [{ authorization: `bearer ${TEST_API_TOKEN.slice(1)}` }],
    [{ authorization: `Bearer ${TEST_APP.serverSecret}` }],
  ])('is refused with %j', async (headers: Record<string, string>) => {
    for (const path of ['/callbacks', '/openapi.json', '/nowhere']) {
      const response = await fetch(`${stage.baseUrl}/admin/v1${path}`, { headers });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await response.json()).toEqual({ error: { code: 'unauthorized', message: expect.any(String) } });
    }
  });

  it('is not there in production without a key', async () => {
    const production = await startStage({ mode: 'production', app: { callbacks: {} } });
    const { status } = await production.admin('GET', '/callbacks');
    await production.close();
    expect(status).toBe(404);
  });
});

it.each([
  '?status=delivered',
  '?limit=0',
  '?limit=501',
  '?limit=ten',
  '?appId=0',
  '?after=-1',
  '?unknown=1',
  '?limit=1&limit=2',
])('refuses the query %s', async (query) => {
  const { status, body } = await stage.admin('GET', `/callbacks${query}`);
  expect(status).toBe(400);
  expect(body).toEqual({ error: { code: 'invalid-request', message: expect.any(String) } });
});

it.each([{}, { appId: '1' }, { appId: 1.5 }, { appId: 1, more: 1 }, []])('refuses to replay %j', async (body) => {
  expect((await stage.admin('POST', '/callbacks/replay', body)).status).toBe(400);
});

it('answers 404 for what does not exist', async () => {
  expect(await stage.admin('GET', '/nothing')).toMatchObject({ status: 404, body: { error: { code: 'not-found' } } });
  const { status, body } = await stage.admin('POST', '/callbacks/no-such-id/replay');
  expect([status, (body.error as { code: string }).code]).toEqual([404, 'not-found']);
});

it('lists what was given up, part by part and without secrets (CB-2)', async () => {
  await giveUp();
  const { entries, next } = await list();
  expect(entries.map(({ event }) => event)).toEqual(['room_create', 'room_login', 'room_login']);
  expect(next).toBeNull();
  expect(entries[0]).toStrictEqual({
    id: stage.receiver.received[0]?.headers['webhook-id'],
    appId: TEST_APP.appId,
    dialect: 'zego',
    event: 'room_create',
    url: stage.receiver.url('/hook'),
    lane: `${TEST_APP.appId}/live/r`,
    status: 'failed',
    attempts: 6,
    createdAtMs: expect.any(Number),
    failedAtMs: expect.any(Number),
    lastStatus: 500,
    lastError: 'answered 500',
  });
  const first = await list(`?limit=2&appId=${TEST_APP.appId}`);
  expect(first.entries).toHaveLength(2);
  const second = await list(`?limit=2&after=${first.next}`);
  expect([...first.entries, ...second.entries]).toEqual(entries);
  expect((await list('?appId=1')).entries).toEqual([]);
  expect((await list('?status=pending')).entries).toEqual([]);
  expect(JSON.stringify(entries)).not.toContain(TEST_APP.callbackSecret);
});

it('sends one again, under its id (CB-2)', async () => {
  await giveUp();
  const [, login] = (await list()).entries;
  stage.receiver.behaviour = () => 200;
  await stage.news();
  const answer = await stage.admin('POST', `/callbacks/${login?.id}/replay`);
  expect(answer).toEqual({ status: 200, body: { id: login?.id, status: 'pending' } });
  expect(await stage.news()).toEqual(['room_login anna']);
  expect(stage.receiver.received.at(-1)?.headers['webhook-id']).toBe(login?.id);
  expect((await list()).entries).toHaveLength(2);
  // It is no longer pending, and cannot be sent a third time.
  expect((await stage.admin('POST', `/callbacks/${login?.id}/replay`)).status).toBe(404);
});

it('sends all of an App again, in their order (CB-2)', async () => {
  await giveUp();
  stage.receiver.behaviour = () => 200;
  await stage.news();
  expect((await stage.admin('POST', '/callbacks/replay', { appId: 1 })).body).toEqual({ replayed: 0 });
  const { body } = await stage.admin('POST', '/callbacks/replay', { appId: TEST_APP.appId });
  expect(body).toEqual({ replayed: 3 });
  expect(await stage.news()).toEqual(['room_create', 'room_login anna', 'room_login bob']);
  expect((await list()).entries).toEqual([]);
});

it('failed callbacks are forgotten after the configured time', async () => {
  await stage.close();
  stage = await startStage({ rooms: { heartbeatTimeoutMs: 86_400_000 }, callbacks: { keepFailedDays: 1 } });
  await giveUp();
  expect((await list()).entries).toHaveLength(3);
  stage.receiver.behaviour = () => 200;
  await stage.call('CloseRoom', { RoomId: 'r' });
  await stage.settled();
  stage.clock.stepWall(25 * 3_600_000);
  stage.clock.advance(3_600_000);
  await until(async () => (await list()).entries.length === 0, 'they are forgotten');
});

it('figures of callbacks stand among the metrics', async () => {
  await giveUp();
  stage.receiver.behaviour = () => 200;
  await stage.join('other', 'carl');
  await stage.settled();
  // One node sends the callbacks of an App.
  const texts = await Promise.all(stage.nodeUrls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
  const text = texts.join('');
  expect(text).toContain(`gavel_callbacks_delivered_total{app="${TEST_APP.appId}"} 2`);
  expect(text).toContain(`gavel_callbacks_failed_total{app="${TEST_APP.appId}"} 3`);
  expect(text).toContain('gavel_callbacks_pending 0');
  expect(stage.receiver.received.slice(-2).map(tell)).toEqual(['room_create', 'room_login carl']);
});
