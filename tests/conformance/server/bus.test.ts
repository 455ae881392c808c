import { SerialisingBus, startTestServer } from '@gavel/testkit';
import { expect, test } from 'vitest';

test('the doors of a test server reach its rooms by a bus that serialises (BUS-1, BUS-4)', async () => {
  const testServer = await startTestServer();
  try {
    expect(testServer.server.bus).toBeInstanceOf(SerialisingBus);
    const client = await testServer.connect();
    const { roomId } = await client.login(testServer.app.appId, 'room', 'ann');
    const key = { appId: testServer.app.appId, environment: 'production', roomId } as never;
    expect(await testServer.rooms.summary(key)).toMatchObject({ memberCount: 1 });
  } finally {
    await testServer.close();
  }
});
