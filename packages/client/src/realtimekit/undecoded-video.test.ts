import { expect, it, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { loginResult, member, snapshot, stream } from '../testing/fake-server.ts';
import { createWorld } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';
import { UndecodedVideo } from './undecoded-video.ts';

it('video that arrives for 5 s without a decoded frame is reported to participants', async () => {
  const world = createWorld();
  world.server.login = loginResult({
    room: snapshot({ members: [member('m-me'), member('m-ann')], streams: [stream('rtk-m-ann', 'm-ann')] }),
  });
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
  const errors: unknown[] = [];
  meeting.participants.on('media_decode_error', (error) => errors.push(error));
  await meeting.join();
  await settle();
  let [seconds, bytesReceived] = [0, 0];
  const receive = async (times: number) => {
    for (let time = 0; time < times; time += 1) {
      seconds += 1;
      bytesReceived += 1_000;
      const about = { id: 'in', type: 'inbound-rtp', kind: 'video', timestamp: seconds * 1_000 };
      world.media.peer.report = [['in', { ...about, bytesReceived, framesDecoded: 0 }]];
      await world.clock.advance(1_000);
      await vi.dynamicImportSettled();
      await settle();
    }
  };
  // The first measurement only begins the comparison.
  await receive(1);
  await receive(4);
  expect(errors).toEqual([]);
  await receive(1);
  expect(errors).toEqual([{ reason: 'video arrives and is not decoded: camera of m-ann', code: '1702' }]);
});

it('is reported once, until a frame is decoded again; a camera that is off sends nothing to decode', () => {
  const video = new UndecodedVideo();
  const measure = (times: number, bitrateKbps: number, framesPerSecond: number) =>
    Array.from({ length: times }, () => video.isOverdue({ bitrateKbps, framesPerSecond })).filter(Boolean).length;
  expect(measure(4, 100, 0)).toBe(0);
  expect(measure(20, 0, 0)).toBe(0);
  expect(measure(20, 100, 0)).toBe(1);
  expect(measure(10, 0, 0)).toBe(0);
  expect(measure(1, 100, 25)).toBe(0);
  expect(measure(5, 100, 0)).toBe(1);
});
