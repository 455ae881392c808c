import type { Bus } from '@gavel/server';
import { SerialisingBus, startTestServer } from '@gavel/testkit';
import { wrapTestBus } from '@gavel/testkit/test-bus';
import { expect, test } from 'vitest';

test('the doors of a test server reach its rooms by a bus that serialises (BUS-1, BUS-4)', async () => {
  const buses: Bus[] = [];
  const wrapBus = (bus: Bus): Bus => {
    buses.push(wrapTestBus(bus));
    return buses[0] as Bus;
  };
  const testServer = await startTestServer({ wrapBus });
  try {
    expect(buses).toEqual([expect.any(SerialisingBus)]);
    const commands: string[] = [];
    const [bus] = buses as [Bus];
    const call = bus.call.bind(bus);
    bus.call = (envelope) => {
      commands.push(envelope.command.type);
      return call(envelope);
    };
    const client = await testServer.connect();
    await client.login(testServer.app.appId, 'room', 'ann');
    await client.media.publish('cam');
    await testServer.call('KickoutUser', { RoomId: 'room', 'UserId[]': ['ann'] });
    expect(commands.filter((type) => type !== 'touch')).toEqual(['login', 'negotiate', 'kick']);
  } finally {
    await testServer.close();
  }
});
