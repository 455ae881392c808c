import { FakeClock, type RawClient, startTestServer, TEST_API_TOKEN, type TestServer } from '@gavel/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let clock: FakeClock;
let testServer: TestServer;

beforeEach(async () => {
  clock = new FakeClock();
  testServer = await startTestServer({ clock });
});
afterEach(() => testServer.close());

const enter = async (roomId: string, userId: string): Promise<RawClient> => {
  const client = await testServer.connect();
  await client.login(testServer.app.appId, roomId, userId);
  return client;
};
const members = async (): Promise<number> =>
  (
    await testServer.rooms.summary({
      appId: testServer.app.appId,
      environment: 'production',
      roomId: 'r',
    } as never)
  )?.memberCount ?? 0;
const listMeetings = async (): Promise<number> => {
  const { accountId, rtkAppId } = testServer.app;
  const path = `/client/v4/accounts/${accountId}/realtime/kit/${rtkAppId}/meetings`;
  return (await fetch(testServer.baseUrl + path, { headers: { authorization: `Bearer ${TEST_API_TOKEN}` } })).status;
};

describe.each([
  ['forward by two minutes', 120_000],
  ['back by a minute', -60_000],
  ['forward by a day', 86_400_000],
  ['back by a day', -86_400_000],
])('the wall clock set %s', (_name, stepMs) => {
  test('takes nobody out and refuses nothing at any door (ROOM-9)', async () => {
    const ann = await enter('r', 'ann');
    const ben = await enter('r', 'ben');
    // Every limit has been used up before the step.
    expect(await ann.request('heartbeat')).toHaveProperty('result');
    expect(await ann.request('send', { kind: 'broadcast', text: 'before' })).toHaveProperty('result');
    expect(await testServer.call('SendBroadcastMessage', broadcast('before'))).toMatchObject({ Code: 0 });
    expect(await listMeetings()).toBe(200);

    clock.stepWall(stepMs);
    // The heartbeat sweep runs; a second has passed for every limit.
    clock.advance(2000);

    expect(await members()).toBe(2);
    for (let request = 0; request < 100; request += 1) {
      expect(await ann.request('heartbeat')).toMatchObject({ result: { serverTimeMs: clock.now() } });
    }
    expect(await ben.request('send', { kind: 'broadcast', text: 'after' })).toHaveProperty('result');
    expect(await testServer.call('SendBroadcastMessage', broadcast('after'))).toMatchObject({ Code: 0 });
    expect(await testServer.call('KickoutUser', { RoomId: 'r', 'UserId[]': ['ben'] })).toMatchObject({ Code: 0 });
    expect(await listMeetings()).toBe(200);
    await enter('r', 'cleo');
    expect(await members()).toBe(2);

    // A missing heartbeat is still detected, at the usual time.
    clock.advance(99_000);
    expect(await ann.request('heartbeat')).toHaveProperty('result');
    clock.advance(2000);
    expect(await members()).toBe(1);
  });
});

const broadcast = (text: string) => ({
  RoomId: 'r',
  UserId: 'host',
  UserName: 'host',
  MessageCategory: '2',
  MessageContent: text,
});
