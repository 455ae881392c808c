import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { settle } from '../../testing/fake-clock.ts';
import { loginToZego } from '../../testing/zego-world.ts';

beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function publish() {
  const all = await loginToZego();
  const stream = await all.open(all.engine.createZegoStream());
  await all.publish('mine', stream);
  return { ...all, stream };
}

test('createZegoStream that opens after destroyEngine is closed, and its call is refused (PRIV-1)', async () => {
  const { world, devices, engine } = await loginToZego();
  devices.moods.video.delayMs = 600;
  const created = engine.createZegoStream();
  created.catch(() => {});
  await vi.dynamicImportSettled();
  await settle();
  engine.destroyEngine();
  await world.clock.advance(1_000);
  await expect(created).rejects.toMatchObject({ errorCode: 1000002 });
  expect([devices.given.length, devices.live()]).toEqual([2, []]);
});

test('of two captures the last wins, in whichever order the devices open (PRIV-1)', async () => {
  const { world, devices, engine, stream, sent } = await publish();
  devices.moods.video.delayMs = 600;
  const slow = stream.startCaptureCamera({ quality: 1 });
  devices.moods.video.delayMs = 100;
  const fast = stream.startCaptureCamera({ quality: 3 });
  await world.clock.advance(1_000);
  expect([await slow, await fast]).toMatchObject([{ errorCode: 1000002 }, { errorCode: 0 }]);
  await engine.updatePublishingStream(stream, 0);
  expect(devices.live('video')).toEqual([sent()[1]]);
});

test('stopCaptureVideo while camera and microphone open leaves only the microphone (PRIV-1)', async () => {
  const { world, devices, engine, open } = await loginToZego();
  const stream = await open(engine.createZegoStream({ autoCapture: false }));
  devices.moods.video.delayMs = 600;
  const captured = stream.startCaptureCameraAndMicrophone();
  await settle();
  expect(await stream.stopCaptureVideo()).toBe(true);
  await world.clock.advance(1_000);
  expect(await captured).toEqual({ errorCode: 0 });
  expect([devices.live('video'), stream.getVideoTracks(), stream.videoCaptureStream]).toEqual([[], [], null]);
  expect(devices.live('audio')).toEqual(stream.getTracks());
});

test('destroyStream while another camera opens closes both (PRIV-1)', async () => {
  const { world, devices, engine, stream } = await publish();
  devices.moods.video.delayMs = 600;
  const switched = engine.useVideoDevice(stream, 'other');
  engine.destroyStream(stream);
  await world.clock.advance(1_000);
  expect(await switched).toMatchObject({ errorCode: 1000002 });
  expect(devices.live()).toEqual([]);
  expect(world.server.seen('updateStream')).toEqual([
    { streamId: 'mine', audio: false },
    { streamId: 'mine', video: false },
  ]);
});

test('a kick closes what is sent, what is only captured, and what is being opened (KICK-5, PRIV-1)', async () => {
  const { world, devices, engine, stream, open } = await publish();
  await open(stream.startCaptureScreen());
  devices.moods.audio.delayMs = 600;
  const switched = engine.useAudioDevice(stream, 'other');
  await world.server.remove('kicked', '', 4500);
  await world.clock.advance(1_000);
  expect(await switched).toMatchObject({ errorCode: 1000002 });
  expect([devices.given.length, devices.live()]).toEqual([5, []]);
});

test('a muted kind stays muted with another device, capture, option and publication (PRIV-1)', async () => {
  const { world, devices, engine, stream, open, publish: publishAgain } = await publish();
  engine.mutePublishStreamVideo(stream, true);
  engine.muteMicrophone(true);
  await settle();
  const areOff = () => stream.getTracks().map(({ kind, enabled }) => [kind, enabled]);
  const off = [
    ['audio', false],
    ['video', false],
  ];
  await open(engine.useVideoDevice(stream, 'other'));
  await open(engine.useAudioDevice(stream, 'other'));
  await open(engine.setAudioConfig(stream, { AEC: false }));
  expect(areOff().toSorted()).toEqual(off);
  await open(stream.startCaptureCameraAndMicrophone());
  await engine.updatePublishingStream(stream, 2);
  expect(areOff().toSorted()).toEqual(off);
  await stream.stopCaptureVideo();
  await open(stream.startCaptureScreen());
  await engine.updatePublishingStream(stream, 0);
  expect(areOff().toSorted()).toEqual(off);
  engine.stopPublishingStream('mine');
  await publishAgain('again', stream);
  expect(world.server.seen('publish').at(-1)).toMatchObject({ streamId: 'again', audio: false, video: false });
  expect(world.server.seen('updateStream').filter(({ audio, video }) => audio || video)).toEqual([]);
  engine.muteMicrophone(false);
  engine.mutePublishStreamVideo(stream, false);
  expect(stream.getTracks().every(({ enabled }) => enabled)).toBe(true);
  expect(devices.live().every(({ enabled }) => enabled)).toBe(true);
});

test('a camera, microphone and screen of a ZegoLocalStream that end by themselves are told to everybody (PRIV-2)', async () => {
  const { world, devices, engine, stream, open, sent } = await publish();
  const log: unknown[] = [];
  engine.on('deviceError', (code) => log.push(code));
  engine.on('screenSharingEnded', (which) => log.push(which));
  devices.unplug('video');
  devices.unplug('audio');
  await settle();
  expect(log).toEqual([1106010, 1106009]);
  expect(world.server.seen('updateStream')).toEqual([
    { streamId: 'mine', video: false },
    { streamId: 'mine', audio: false },
  ]);
  await open(stream.startCaptureScreen());
  await engine.updatePublishingStream(stream, 0);
  expect([sent()[1], world.server.seen('updateStream').at(-1)]).toEqual([
    devices.live('screen')[0],
    { streamId: 'mine', video: true },
  ]);
  devices.unplug('screen');
  await settle();
  expect(log.at(-1)).toBe(stream.stream);
  expect(world.server.seen('updateStream').at(-1)).toEqual({ streamId: 'mine', video: false });
});

test('captures and stops without a network are taken, and sent when it is back (PRIV-3)', async () => {
  const { world, devices, engine, stream, open } = await publish();
  world.server.isReachable = false;
  world.media.peer.become('disconnected');
  await world.clock.advance(4_000);
  world.server.socket.close(1006);
  expect(await open(engine.useVideoDevice(stream, 'other'))).toEqual({ errorCode: 0 });
  await stream.stopCaptureAudio();
  await world.clock.advance(9_000);
  world.server.isReachable = true;
  world.goOnline();
  await world.clock.advance(10_000);
  expect(devices.live()).toEqual(stream.getTracks());
  expect(world.media.peer.transceivers.map(({ sent }) => sent)).toEqual(stream.getTracks());
  expect(world.server.seen('updateStream').at(-1)).toEqual({ streamId: 'mine', audio: false });
});
