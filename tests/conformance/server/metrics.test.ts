import { startTestServer, TEST_API_TOKEN, TEST_APP, type TestServer } from '@gavel/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.close());

const APP = `app="${TEST_APP.appId}"`;

/** Returns the value of a sample, the sum of all nodes; undefined if no node has it. */
async function read(sample: string): Promise<number | undefined> {
  const texts = await Promise.all(server.nodeUrls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
  const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line.startsWith(`${sample} `));
  const values = lines.map((line) => Number(line.slice(sample.length + 1)));
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value);
}

const headers = { authorization: `Bearer ${TEST_API_TOKEN}` };

test('rooms, members and what ends them are counted by App', async () => {
  for (const userId of ['alice', 'bob']) {
    await (await server.connect()).login(TEST_APP.appId, 'lobby', userId);
  }
  expect(await read(`gavel_rooms{${APP}}`)).toBe(1);
  expect(await read(`gavel_members{${APP}}`)).toBe(2);
  await server.call('KickoutUser', { RoomId: 'lobby', 'UserId[]': 'bob' });
  expect(await read(`gavel_exits_total{${APP},cause="kicked"}`)).toBe(1);
  await server.call('CloseRoom', { RoomId: 'lobby' });
  for (const command of ['kick', 'close']) {
    expect(await read(`gavel_removal_duration_seconds_count{command="${command}"}`)).toBe(1);
  }
  expect(await read(`gavel_rooms{${APP}}`)).toBe(0);
  expect(await read(`gavel_members{${APP}}`)).toBe(0);
  expect(await read(`gavel_logins_total{${APP}}`)).toBe(2);
});

test('calls are counted by door, App and code, with their durations by operation', async () => {
  const { Code: refused } = await server.call('CloseRoom', { RoomId: 'nobody' });
  const forged = await fetch(`${server.baseUrl}/?Action=Nonsense&AppId=77`);
  const { Code } = (await forged.json()) as { Code: number };
  expect(await read(`gavel_calls_total{door="zego",${APP},code="${refused}"}`)).toBe(1);
  expect(await read(`gavel_calls_total{door="zego",app="",code="${Code}"}`)).toBe(1);
  expect(await read('gavel_call_duration_seconds_count{door="zego",operation="CloseRoom"}')).toBe(1);
  expect(await read('gavel_call_duration_seconds_count{door="zego",operation="unknown"}')).toBe(1);

  const kit = `${server.baseUrl}/client/v4/accounts/${TEST_APP.accountId}/realtime/kit/${TEST_APP.rtkAppId}`;
  await fetch(`${kit}/meetings`, { headers });
  await fetch(`${kit}/meetings`);
  await fetch(`${kit}/no-such-path-1`, { headers });
  expect(await read(`gavel_calls_total{door="realtimekit",${APP},code="200"}`)).toBe(1);
  expect(await read('gavel_calls_total{door="realtimekit",app="",code="401"}')).toBe(1);
  const meetings = 'operation="GET /:app_id/meetings"';
  expect(await read(`gavel_call_duration_seconds_count{door="realtimekit",${meetings}}`)).toBe(2);
  expect(await read('gavel_call_duration_seconds_count{door="realtimekit",operation="unknown"}')).toBe(1);

  await fetch(`${server.baseUrl}/admin/v1/callbacks/some-id/replay`, { method: 'POST', headers });
  expect(await read('gavel_calls_total{door="admin",app="",code="404"}')).toBe(1);
  const replay = 'operation="POST /callbacks/:id/replay"';
  expect(await read(`gavel_call_duration_seconds_count{door="admin",${replay}}`)).toBe(1);
});

test("clients' requests are counted, those that are refused with their code", async () => {
  const client = await server.connect();
  await client.login(TEST_APP.appId, 'lobby', 'alice');
  await client.request('heartbeat', {});
  await client.request('a-method-that-does-not-exist', {});
  await client.request('stop', { streamId: 'nothing' });
  const counted = (code: string) => read(`gavel_calls_total{door="signalling",${APP},code="${code}"}`);
  expect(await counted('request.unknown-method')).toBe(1);
  // The login and the heartbeat, at least.
  expect(await counted('ok')).toBeGreaterThanOrEqual(2);
  const duration = (operation: string) =>
    read(`gavel_call_duration_seconds_count{door="signalling",operation="${operation}"}`);
  expect([await duration('login'), await duration('heartbeat'), await duration('unknown')]).toEqual([1, 1, 1]);
});

test('the version is a label, and callbacks that wait are seen by their age', async () => {
  const text = await (await fetch(`${server.baseUrl}/metrics`)).text();
  expect(text).toMatch(/^gavel_build_info\{version="\d+\.\d+\.\d+",node="v\d+[^"]*"\} 1$/m);
  expect(await read('gavel_callbacks_pending')).toBe(0);
  expect(await read('gavel_callbacks_oldest_pending_seconds')).toBe(0);
});
