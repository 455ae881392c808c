import { expect, test } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeTrack } from '../testing/fake-media.ts';
import { loginResult, snapshot, stream } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { RealtimeKitClient, type RealtimeKitOptions } from './client.ts';
import type { RealtimeKitError } from './errors.ts';

async function join(world: World, more: Partial<RealtimeKitOptions> = {}) {
  world.server.login = loginResult({ room: snapshot({ streams: [stream('rtk-m-ann', 'm-ann')] }) });
  const errors: RealtimeKitError[] = [];
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
    onError: (error) => errors.push(error),
    ...more,
  });
  await meeting.join();
  await meeting.self.enableAudio(new FakeTrack('audio') as unknown as MediaStreamTrack);
  await settle();
  return { meeting, errors };
}

test('onError is told within 10 s, once, why media does not get through (CONN-4)', async () => {
  const world = createWorld();
  const { errors } = await join(world);
  await world.clock.advance(10_000);
  expect(errors.map(({ code }) => code)).toEqual(['0011']);
  expect(errors[0]?.cause).toMatchObject({ code: 'client.no-media-path' });
});

test("the vendor's `forceRelay` and our `iceTransportPolicy` allow relayed media only", async () => {
  for (const more of [{ overrides: { forceRelay: true } }, { iceTransportPolicy: 'relay' }] as const) {
    const world = createWorld();
    await join(world, more);
    expect(world.media.peer.configuration.iceTransportPolicy).toBe('relay');
  }
  const world = createWorld();
  await join(world);
  expect(world.media.peer.configuration.iceTransportPolicy).toBe('all');
});
