import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { settle } from '../../testing/fake-clock.ts';
import { FakeTrack } from '../../testing/fake-media.ts';
import { asTrack, loginToZego } from '../../testing/zego-world.ts';
import type { ZegoCamera, ZegoScreen, ZegoStreamOptions } from './stream-types.ts';

beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const SMALL = { width: 320, height: 240, frameRate: 15 };
const MIDDLE = { width: 640, height: 480, frameRate: 15 };
const LARGE = { width: 1280, height: 720, frameRate: 20 };

const CAMERAS: readonly [string, ZegoCamera, object, number][] = [
  ['nothing', {}, MIDDLE, 800],
  ['quality 1', { videoQuality: 1 }, SMALL, 300],
  ['quality 2', { videoQuality: 2 }, MIDDLE, 800],
  ['quality 3', { videoQuality: 3 }, LARGE, 1_500],
  ['quality 3 and a size', { videoQuality: 3, width: 99, bitrate: 900 }, LARGE, 900],
  [
    'quality 4',
    { videoQuality: 4, width: 800, height: { max: 600 }, frameRate: 24, bitrate: 1_200 },
    { width: 800, height: { max: 600 }, frameRate: 24 },
    1_200,
  ],
  ['a frame rate', { frameRate: 30 }, { ...MIDDLE, frameRate: 30 }, 800],
  ['a device', { videoInput: 'cam' }, { ...MIDDLE, deviceId: { exact: 'cam' } }, 800],
  ['a side', { videoInput: 'cam', facingMode: 'environment' }, { ...MIDDLE, facingMode: 'environment' }, 800],
];

test.each(CAMERAS)('createStream with %s asks for the size, and limits the bitrate', async (_, camera, size, kbps) => {
  const { world, devices, engine, open, publish } = await loginToZego();
  const stream = await open(engine.createStream({ camera }));
  expect(devices.requests).toEqual([{ audio: {}, video: size }]);
  await publish('mine', stream);
  expect(world.media.peer.transceivers[1]?.sender.getParameters().encodings).toEqual([{ maxBitrate: kbps * 1000 }]);
});

const SCREENS: readonly [string, boolean | ZegoScreen, object, number][] = [
  ['true', true, { audio: false, video: { frameRate: 15 } }, 1_500],
  ['quality 1', { videoQuality: 1 }, { audio: false, video: { frameRate: 20 } }, 800],
  ['quality 3', { videoQuality: 3 }, { audio: false, video: { frameRate: 5 } }, 2_000],
  ['the older bitrate', { videoQuality: 4, bitRate: 700 }, { audio: false, video: { frameRate: 15 } }, 700],
  [
    'audio',
    { audio: true, AEC: false },
    {
      audio: { noiseSuppression: false, autoGainControl: false, echoCancellation: false },
      video: { frameRate: 15 },
    },
    1_500,
  ],
];

test.each(SCREENS)('createStream of a screen with %s', async (_, screen, request, kbps) => {
  const { world, devices, engine, open, publish } = await loginToZego();
  const stream = await open(engine.createStream({ screen }));
  expect(devices.requests).toEqual([request]);
  await publish('mine', stream);
  const video = world.media.peer.transceivers.at(-1);
  expect(video?.sender.getParameters().encodings).toEqual([{ maxBitrate: kbps * 1000 }]);
});

test('createStream honours the microphone options, the audio bitrate and the optimization mode', async () => {
  const { world, devices, engine, open, publish } = await loginToZego();
  const camera = { audioInput: 'mic', ANS: false, AGC: true, AEC: false, channelCount: 1, audioBitrate: 32 } as const;
  const stream = await open(engine.createStream({ camera: { ...camera, videoOptimizationMode: 'detail' } }));
  const processing = { noiseSuppression: false, autoGainControl: true, echoCancellation: false };
  expect(devices.requests[0]?.audio).toEqual({ ...processing, channelCount: 1, deviceId: { exact: 'mic' } });
  expect(stream.getVideoTracks()[0]?.contentHint).toBe('detail');
  await publish('mine', stream);
  expect(world.media.peer.transceivers[0]?.sender.getParameters().encodings).toEqual([{ maxBitrate: 32_000 }]);
});

test('the start bitrate is the target, or 1,200 kbit/s but not above the highest bitrate', async () => {
  for (const [startBitrate, bitrate, expected] of [
    ['target', 2_500, 2_500],
    ['default', 2_500, 1_200],
    ['default', 300, 300],
  ] as const) {
    const { world, engine, open, publish } = await loginToZego();
    const answer = 'm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n';
    world.server.answers.publish = () => ({ answer, audio: true, video: true });
    await publish('mine', await open(engine.createStream({ camera: { bitrate, startBitrate } })));
    expect(world.media.peer.remoteSdp).toContain(`x-google-start-bitrate=${expected}\r\n`);
  }
});

test('an option that has no effect is named by a warning, once', async () => {
  const { engine, open, publish } = await loginToZego();
  const camera = { minBitrate: 100, keyFrameInterval: 4, channelCount: 2 } as const;
  for (let turn = 0; turn < 2; turn += 1) await open(engine.createStream({ camera }));
  const stream = await open(engine.createStream({ screen: { sourceID: 'window:1' } }));
  engine.startPublishingStream('mine', stream, {
    videoCodec: 'H265',
    inspectFlag: 1,
    enableDTX: false,
  });
  await publish('other', stream);
  engine.startPlayingStream('theirs', { resourceMode: 2, streamParams: 'zg_token=1' }).catch(() => {});
  await settle();
  const warnings = vi.mocked(console.warn).mock.calls.map(([text]) => String(text));
  for (const name of ['minBitrate', 'keyFrameInterval', 'channelCount: 2', 'sourceID', 'H265']) {
    expect(
      warnings.filter((text) => text.includes(name)),
      name,
    ).toHaveLength(1);
  }
  expect(warnings.some((text) => text.includes('inspectFlag'))).toBe(true);
  expect(warnings.some((text) => text.includes('resourceMode'))).toBe(true);
  expect(warnings.some((text) => text.includes('enableDTX'))).toBe(false);
});

test('a custom stream has the tracks of its source, and leaves them running', async () => {
  const { world, engine, open } = await loginToZego();
  const element = world.media.page.createElement('video');
  const stream = await open(engine.createStream({ custom: { source: element as unknown as HTMLVideoElement } }));
  expect(stream.getAudioTracks()).toEqual(element.captured.getAudioTracks());
  engine.destroyStream(stream);
  expect(element.captured.getTracks().map(({ readyState }) => readyState)).toEqual(['live']);
});

const ZEGO_STREAMS: readonly [string, ZegoStreamOptions | undefined, object][] = [
  ['nothing', undefined, { audio: {}, video: MIDDLE }],
  [
    'only a microphone',
    { camera: { audio: { ANS: false, input: 'mic' } } },
    {
      audio: { noiseSuppression: false, deviceId: { exact: 'mic' } },
      video: false,
    },
  ],
  [
    'only a camera',
    { camera: { video: { quality: 3, input: 'cam' } } },
    {
      audio: false,
      video: { ...LARGE, deviceId: { exact: 'cam' } },
    },
  ],
  ['a screen', { screen: { video: { quality: 3 } } }, { audio: false, video: { frameRate: 5 } }],
];

test.each(ZEGO_STREAMS)('createZegoStream with %s captures what is named', async (_, options, request) => {
  const { devices, engine, open } = await loginToZego();
  const stream = await open(engine.createZegoStream(options));
  expect(devices.requests).toEqual([request]);
  expect(stream.stream?.getTracks()).toEqual(stream.getTracks());
  expect(stream.active).toBe(true);
});

test('createZegoStream without autoCapture captures nothing until it is told to', async () => {
  const { devices, engine, open, publish } = await loginToZego();
  const stream = await open(engine.createZegoStream({ autoCapture: false, videoBitrate: 650 }));
  expect([devices.requests, stream.stream, stream.videoCaptureStream]).toEqual([[], null, null]);
  const states: unknown[] = [];
  engine.on('publisherStateUpdate', ({ state, errorCode }) => states.push([state, errorCode]));
  expect(await publish('mine', stream)).toBe(false);
  expect(states).toEqual([['NO_PUBLISH', 1103099]]);
  expect(await open(stream.startCaptureCamera({ quality: 3 }))).toEqual({ errorCode: 0 });
  expect(stream.videoCaptureStream?.getTracks()).toEqual(stream.getVideoTracks());
  expect(await publish('mine', stream)).toBe(true);
});

test('a published ZegoLocalStream sends a new capture only after updatePublishingStream, and then closes the old one', async () => {
  const { world, devices, engine, open, publish, sent } = await loginToZego();
  const stream = await open(engine.createZegoStream());
  const changes: string[] = [];
  stream.on('captureVideoTrackChanged', ({ id }) => changes.push(`captured ${id}`));
  stream.on('videoTrackChanged', ({ id }) => changes.push(`sent ${id}`));
  await publish('mine', stream);
  const [camera] = stream.getVideoTracks();
  expect(await open(stream.startCaptureScreen({ quality: 1 }))).toEqual({ errorCode: 0 });
  const [screen] = devices.live('screen');
  expect(stream.videoCaptureStream?.getTracks()).toEqual([screen]);
  expect([sent()[1], stream.getVideoTracks(), camera?.readyState]).toEqual([camera, [camera], 'live']);
  expect(await engine.updatePublishingStream(stream, 0)).toEqual({ errorCode: 0 });
  expect([sent()[1], stream.getVideoTracks(), camera?.readyState]).toEqual([screen, [screen], 'ended']);
  expect(changes).toEqual([`captured ${screen?.id}`, `sent ${screen?.id}`]);
  const { encodings } = world.media.peer.transceivers[1]?.sender.getParameters() ?? {};
  expect(encodings).toEqual([{ maxBitrate: 800_000 }]);
});

test('stopCaptureVideo closes the camera and is told to the other users; a later capture can be sent', async () => {
  const { world, devices, engine, open, publish, sent } = await loginToZego();
  const stream = await open(engine.createZegoStream());
  await publish('mine', stream);
  expect(await stream.stopCaptureVideo()).toBe(true);
  await settle();
  expect([devices.live('video'), devices.live('audio').length]).toEqual([[], 1]);
  expect(world.server.seen('updateStream')).toEqual([{ streamId: 'mine', video: false }]);
  expect(await stream.stopCaptureVideo()).toBe(false);
  expect(await engine.updatePublishingStream(stream, 0)).toMatchObject({ errorCode: 1103088 });
  await open(stream.startCaptureCamera());
  expect(await engine.updatePublishingStream(stream, 0)).toEqual({ errorCode: 0 });
  expect(sent()[1]).toBe(devices.live('video')[0]);
  expect(world.server.seen('updateStream').at(-1)).toEqual({ streamId: 'mine', video: true });
});

test('useVideoDevice sends another camera and closes the one before; a failure leaves it', async () => {
  const { devices, engine, open, publish, sent } = await loginToZego();
  const stream = await open(engine.createStream({ camera: { videoQuality: 3 } }));
  await publish('mine', stream);
  for (const id of ['front', 'back']) devices.plug('videoinput', id);
  const [first] = stream.getVideoTracks();
  expect(await open(engine.useVideoDevice(stream, 'back'))).toEqual({ errorCode: 0 });
  expect(devices.requests.at(-1)).toEqual({ audio: false, video: { ...LARGE, deviceId: { exact: 'back' } } });
  const [second] = stream.getVideoTracks();
  expect([sent()[1], first?.readyState]).toEqual([second, 'ended']);
  expect(await open(engine.useVideoDevice(stream, 'gone'))).toMatchObject({ errorCode: 1103066 });
  expect([sent()[1], second?.readyState]).toEqual([second, 'live']);
  expect(await open(engine.useFrontCamera(stream, true))).toEqual({ errorCode: 0 });
  expect(devices.requests.at(-1)).toEqual({ audio: false, video: { ...LARGE, facingMode: 'user' } });
  expect(devices.live('video')).toEqual(stream.getVideoTracks());
});

test('useAudioDevice and setAudioConfig open the microphone anew, and keep what was chosen before', async () => {
  const { devices, engine, open, publish, sent } = await loginToZego();
  const stream = await open(engine.createZegoStream());
  await publish('mine', stream);
  expect(await open(engine.useAudioDevice(stream, 'headset'))).toEqual({ errorCode: 0 });
  expect(await open(engine.setAudioConfig(stream, { ANS: false }))).toEqual({ errorCode: 0 });
  const audio = { deviceId: { exact: 'headset' }, noiseSuppression: false };
  expect(devices.requests.at(-1)).toEqual({ audio, video: false });
  expect(devices.live('audio')).toEqual(stream.getAudioTracks());
  expect(sent()[0]).toBe(devices.live('audio')[0]);
});

test('setVideoConfig constrains the camera and limits the bitrate of the publication, and of the next', async () => {
  const { world, engine, open, publish } = await loginToZego();
  const stream = await open(engine.createStream());
  await publish('mine', stream);
  expect(await engine.setVideoConfig(stream, { width: 160, frameRate: 5, maxBitrate: 100 })).toEqual({ errorCode: 0 });
  const [track] = stream.getVideoTracks() as unknown as FakeTrack[];
  expect(track?.constraints).toEqual([{ width: 160, height: 480, frameRate: 5 }]);
  const limit = () => world.media.peer.transceivers[1]?.sender.getParameters().encodings;
  expect(limit()).toEqual([{ maxBitrate: 100_000 }]);
  engine.stopPublishingStream('mine');
  await publish('again', stream);
  expect(limit()).toEqual([{ maxBitrate: 100_000 }]);
  if (track) track.constraintRefusal = 'OverconstrainedError';
  await expect(engine.setVideoConfig(stream, { width: 9_000 })).rejects.toMatchObject({ errorCode: 1103066 });
});

test('addTrack and removeTrack change what is published, without closing the device', async () => {
  const { world, engine, open, publish, sent } = await loginToZego();
  const stream = await open(engine.createStream({ camera: { video: false } }));
  await publish('mine', stream);
  const track = new FakeTrack('video', 'drawn');
  expect(await engine.addTrack(stream, asTrack(track))).toEqual({ errorCode: 0 });
  await settle();
  world.media.peer.become('connected');
  expect(sent()[1]).toBe(track);
  expect(await engine.addTrack(stream, asTrack(new FakeTrack('video')))).toMatchObject({ errorCode: 1103067 });
  expect(await engine.removeTrack(stream, asTrack(track))).toEqual({ errorCode: 0 });
  expect([sent()[1], track.readyState]).toEqual([null, 'live']);
  expect(world.server.seen('updateStream').at(-1)).toEqual({ streamId: 'mine', video: false });
  expect(await engine.removeTrack(stream, asTrack(track))).toMatchObject({ errorCode: 1103047 });
});

test('enableVideoCaptureDevice closes the camera and opens it again as it was', async () => {
  const { devices, engine, open, publish, sent } = await loginToZego();
  const stream = await open(engine.createStream({ camera: { videoQuality: 1 } }));
  await publish('mine', stream);
  expect(await engine.enableVideoCaptureDevice(stream, false)).toBe(true);
  expect(devices.live('video')).toEqual([]);
  expect(await engine.checkVideoTrackIsActive(stream)).toBe(false);
  expect(await open(engine.enableVideoCaptureDevice(stream))).toBe(true);
  expect(devices.requests.at(-1)).toEqual({ audio: false, video: SMALL });
  expect(sent()[1]).toBe(devices.live('video')[0]);
  expect(await engine.checkVideoTrackIsActive(stream)).toBe(true);
});
