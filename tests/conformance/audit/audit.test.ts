import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RoomId } from '@gavel/protocol';
import { startTestServer, TEST_API_TOKEN, TEST_APP, type TestServer } from '@gavel/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';

let folder: string;
let test: TestServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gavel-audit-'));
  test = await startTestServer({ dataDir: folder });
});
afterEach(async () => {
  await test.close();
  rmSync(folder, { recursive: true, force: true });
});

const rowsOf = async () => (await test.server.store.audit.list({}, 50)).rows.toReversed();

it('a kick of the backend, done or refused, has its row before the answer, and it survives a restart (AUDIT-1)', async () => {
  const anna = await test.connect();
  await anna.login(TEST_APP.appId, 'hall', 'anna');
  await test.call('KickoutUser', { RoomId: 'hall', 'UserId[]': ['anna', 'ben'], CustomReason: 'spam' });
  const done = await rowsOf();
  expect(done).toMatchObject([
    {
      ...{ appId: TEST_APP.appId, roomId: 'hall', door: 'zego', actor: `app:${TEST_APP.appId}`, role: 'backend' },
      ...{ action: 'kick', reason: 'spam', targets: ['user/anna', 'user/ben'], outcome: 'done', term: 1 },
    },
  ]);
  expect(done[0]?.requestId).toMatch(/\S/);
  await test.call('KickoutUser', { RoomId: 'nowhere', 'UserId[]': ['anna'] });
  const all = await rowsOf();
  expect(all[1]).toMatchObject({ roomId: 'nowhere', outcome: 'refused', errorCode: 'room.not-found' });
  await test.close();
  test = await startTestServer({ dataDir: folder });
  expect(await rowsOf()).toEqual(all);
});

it('a moderator has a row at the signalling door, also where it is not allowed; logins and messages have none (AUDIT-1)', async () => {
  const [anna, ben] = [await test.connect(), await test.connect()];
  await anna.login(TEST_APP.appId, 'hall', 'anna');
  const { memberId } = await ben.login(TEST_APP.appId, 'hall', 'ben');
  await anna.request('send', { kind: 'chat', text: 'hello' });
  await anna.request('heartbeat', {});
  expect(await rowsOf()).toEqual([]);
  const answer = await anna.request('moderate', { action: 'kick', memberId });
  const [row, ...others] = await rowsOf();
  expect(others).toEqual([]);
  expect(row).toMatchObject({ door: 'signalling', actor: 'anna', role: 'member', action: 'kick' });
  expect(row?.errorCode).toBe(answer.error?.code);
});

it('a call of the other API has its row with the token as the actor (AUDIT-1)', async () => {
  const base = `${test.baseUrl}/client/v4/accounts/${TEST_APP.accountId}/realtime/kit/${TEST_APP.rtkAppId}`;
  const headers = { authorization: `Bearer ${TEST_API_TOKEN}`, 'content-type': 'application/json' };
  const post = async (path: string, body: object) =>
    (await fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) })).json();
  const { data } = (await post('/meetings', { title: 'Planning' })) as { data: { id: string } };
  await post(`/meetings/${data.id}/active-session/kick-all`, {});
  expect(await rowsOf()).toMatchObject([
    { door: 'realtimekit', actor: 'token test', action: 'close', roomId: data.id, outcome: 'refused' },
  ]);
});

it('an App that the other API creates has a row, done or refused (AUDIT-2)', async () => {
  const base = `${test.baseUrl}/client/v4/accounts/${TEST_APP.accountId}/realtime/kit/apps`;
  const create = (token: string) =>
    fetch(base, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'second' }),
    });
  expect((await create(TEST_API_TOKEN)).status).toBe(200);
  const limited = await fetch(`${test.baseUrl}/admin/v1/api-tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_API_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'limited', accountId: TEST_APP.accountId, appIds: [TEST_APP.rtkAppId] }),
  });
  expect((await create(((await limited.json()) as { token: string }).token)).status).toBe(403);
  const rows = (await rowsOf()).filter(({ action }) => action === 'createApp');
  const made = test.server.apps.all().find(({ name }) => name === 'second');
  const row = { door: 'realtimekit', targets: ['app/second'], details: { accountId: TEST_APP.accountId } };
  expect(rows).toMatchObject([
    { ...row, appId: made?.appId, actor: 'token test', role: 'backend', outcome: 'done' },
    { ...row, appId: 0, actor: 'token limited', outcome: 'refused', errorCode: 'forbidden' },
  ]);
});

it('a command that is repeated under its id gets the first reply and changes nothing, also after a restart (BUS-2)', async () => {
  const key = { appId: TEST_APP.appId as never, environment: 'production', roomId: 'hall' as RoomId } as const;
  const origin = { channel: 'backend', door: 'zego', requestId: 'r1' } as const;
  const targets = [{ label: 'anna', userIds: ['anna' as never] }];
  const command = { type: 'kick', targets, require: 'any', reason: '' } as const;
  const kick = () => test.server.bus.call({ key, command, origin, commandId: 'app/1/kick-1' });
  await (await test.connect()).login(TEST_APP.appId, 'hall', 'anna');
  await (await test.connect()).login(TEST_APP.appId, 'hall', 'ben');
  const first = await kick();
  expect(first.members).toMatchObject([{ user: { id: 'anna' } }]);
  const again = await test.connect();
  await again.login(TEST_APP.appId, 'hall', 'anna');
  expect(await kick()).toEqual(first);
  // She is still in: the repeat has removed nobody.
  expect((await again.request('heartbeat', {})).error).toBeUndefined();
  await test.close();
  test = await startTestServer({ dataDir: folder });
  expect(await kick()).toEqual(first);
  expect(await rowsOf()).toHaveLength(1);
});
