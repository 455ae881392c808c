import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeTrack } from '../testing/fake-media.ts';
import { asElement, asTrack, loginToZego } from '../testing/zego-world.ts';
import type { ZegoExpressEngine } from './engine.ts';

beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** What is no local stream, no track, no element. */
const WRONG: readonly unknown[] = [undefined, null, 5, 'x', {}, [], () => {}];

// biome-ignore lint/suspicious/noExplicitAny: wrong arguments are passed on purpose.
type AnyEngine = { [K in keyof ZegoExpressEngine]: (...args: any[]) => any };

/** What a call answers, in one form: its error code, what it returns, or what it is rejected with. */
async function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    const result = (await call()) as { errorCode?: number } | undefined;
    return result?.errorCode ?? result;
  } catch (error) {
    return { rejected: (error as { errorCode?: number }).errorCode ?? error };
  }
}

const WRONG_STREAM: readonly [string, (engine: AnyEngine, wrong: unknown) => unknown, unknown][] = [
  ['destroyStream', (engine, wrong) => engine.destroyStream(wrong), undefined],
  ['startPublishingStream', (engine, wrong) => engine.startPublishingStream('mine', wrong), false],
  ['updatePublishingStream', (engine, wrong) => engine.updatePublishingStream(wrong, 0), 1103086],
  ['mutePublishStreamAudio', (engine, wrong) => engine.mutePublishStreamAudio(wrong, true), false],
  ['mutePublishStreamVideo', (engine, wrong) => engine.mutePublishStreamVideo(wrong, true), false],
  ['replaceTrack', (engine, wrong) => engine.replaceTrack(wrong, new FakeTrack('audio')), 1000018],
  ['addTrack', (engine, wrong) => engine.addTrack(wrong, new FakeTrack('audio')), 1000018],
  ['removeTrack', (engine, wrong) => engine.removeTrack(wrong, new FakeTrack('audio')), 1000018],
  ['setVideoConfig', (engine, wrong) => engine.setVideoConfig(wrong, { width: 9 }), { rejected: 1000018 }],
  ['setAudioConfig', (engine, wrong) => engine.setAudioConfig(wrong, { ANS: true }), { rejected: 1000018 }],
  ['checkVideoTrackIsActive', (engine, wrong) => engine.checkVideoTrackIsActive(wrong), { rejected: 1000018 }],
  ['checkAudioTrackIsActive', (engine, wrong) => engine.checkAudioTrackIsActive(wrong), { rejected: 1000018 }],
  ['useVideoDevice', (engine, wrong) => engine.useVideoDevice(wrong, 'cam'), 1000018],
  ['useAudioDevice', (engine, wrong) => engine.useAudioDevice(wrong, 'mic'), 1000018],
  ['useFrontCamera', (engine, wrong) => engine.useFrontCamera(wrong, true), 1000018],
  ['enableVideoCaptureDevice', (engine, wrong) => engine.enableVideoCaptureDevice(wrong, true), false],
  ['setCaptureVolume', (engine, wrong) => engine.setCaptureVolume(wrong, 50), 1000018],
  ['startMixingAudio', (engine, wrong) => engine.startMixingAudio(wrong, [element()]), false],
  ['stopMixingAudio', (engine, wrong) => engine.stopMixingAudio(wrong), false],
  ['setMixingAudioVolume', (engine, wrong) => engine.setMixingAudioVolume(wrong, 50, element()), false],
  ['createLocalStreamView', (engine, wrong) => engine.createLocalStreamView(wrong), { rejected: 1100001 }],
  ['createRemoteStreamView', (engine, wrong) => engine.createRemoteStreamView(wrong), { rejected: 1100001 }],
];

const element = () => ({ play: () => {}, srcObject: null, captureStream: () => undefined });

test.each(WRONG_STREAM)('%s of what is no local stream', async (_, call, expected) => {
  const { engine } = await loginToZego();
  for (const wrong of WRONG) {
    expect([wrong, await outcomeOf(() => call(engine as unknown as AnyEngine, wrong))]).toEqual([wrong, expected]);
  }
});

const WRONG_OPTIONS: readonly [string, (engine: AnyEngine) => unknown, unknown][] = [
  ['createStream(null)', (engine) => engine.createStream(null), { rejected: 1103001 }],
  ['createStream(5)', (engine) => engine.createStream(5), { rejected: 1103001 }],
  ['createStream, camera a number', (engine) => engine.createStream({ camera: 5 }), { rejected: 1103001 }],
  ['two sources', (engine) => engine.createStream({ camera: {}, screen: true }), { rejected: 1103001 }],
  ['quality 5', (engine) => engine.createStream({ camera: { videoQuality: 5 } }), { rejected: 1103001 }],
  ['quality as text', (engine) => engine.createStream({ camera: { videoQuality: 'hd' } }), { rejected: 1103001 }],
  ['width as text', (engine) => engine.createStream({ camera: { width: '640' } }), { rejected: 1103001 }],
  ['width 0', (engine) => engine.createStream({ camera: { width: 0 } }), { rejected: 1103001 }],
  ['negative ideal', (engine) => engine.createStream({ camera: { height: { ideal: -1 } } }), { rejected: 1103001 }],
  ['bitrate as text', (engine) => engine.createStream({ camera: { bitrate: '1m' } }), { rejected: 1103001 }],
  ['bitrate too high', (engine) => engine.createStream({ camera: { bitrate: 20_000 } }), { rejected: 1103001 }],
  ['neither kind', (engine) => engine.createStream({ camera: { audio: false, video: false } }), { rejected: 1103001 }],
  ['custom without source', (engine) => engine.createStream({ custom: {} }), { rejected: 1103061 }],
  ['custom source a text', (engine) => engine.createStream({ custom: { source: 'x' } }), { rejected: 1103001 }],
  ['createZegoStream(null)', (engine) => engine.createZegoStream(null), { rejected: 1103001 }],
  ['zego camera empty', (engine) => engine.createZegoStream({ camera: {} }), { rejected: 1103001 }],
  ['zego custom empty', (engine) => engine.createZegoStream({ custom: {} }), { rejected: 1103001 }],
  ['zego video a number', (engine) => engine.createZegoStream({ camera: { video: 5 } }), { rejected: 1103001 }],
  ['zego bitrate', (engine) => engine.createZegoStream({ videoBitrate: -1 }), { rejected: 1103001 }],
  ['play without id', (engine) => engine.startPlayingStream(), { rejected: 1104001 }],
  ['play a number', (engine) => engine.startPlayingStream(5), { rejected: 1104001 }],
  ['play an empty id', (engine) => engine.startPlayingStream(''), { rejected: 1000015 }],
  ['stop playing nothing', (engine) => engine.stopPlayingStream('nothing'), undefined],
  ['mute nothing', (engine) => engine.mutePlayStreamAudio('nothing', true), false],
  ['stop publishing nothing', (engine) => engine.stopPublishingStream('nothing'), false],
  ['extra info of nothing', (engine) => engine.setStreamExtraInfo('nothing', 'text'), 1103055],
  ['extra info a number', (engine) => engine.setStreamExtraInfo('nothing', 5), 1103001],
  ['a speaker for nothing', (engine) => engine.useAudioOutputDevice(null, 'speaker'), false],
  ['mixing into nothing', (engine) => engine.startMixingAudio('nothing', [element()]), false],
  ['the sound interval', (engine) => engine.setSoundLevelDelegate(true, 'fast'), undefined],
];

test.each(WRONG_OPTIONS)('wrong options: %s', async (_, call, expected) => {
  const { devices, engine } = await loginToZego();
  expect(await outcomeOf(() => call(engine as unknown as AnyEngine))).toEqual(expected);
  expect(devices.requests).toEqual([]);
});

const WRONG_DETAILS: readonly [string, (engine: AnyEngine, stream: MediaStream) => unknown, unknown][] = [
  ['replaceTrack', (engine, stream) => engine.replaceTrack(stream, {}), 1100001],
  ['addTrack', (engine, stream) => engine.addTrack(stream, null), 1100001],
  ['removeTrack', (engine, stream) => engine.removeTrack(stream, 'audio'), 1100001],
  ['useVideoDevice', (engine, stream) => engine.useVideoDevice(stream), 1103001],
  ['useVideoDevice of a stream without camera', (engine, stream) => engine.useVideoDevice(stream, 'cam'), 1103045],
  ['setVideoConfig', (engine, stream) => engine.setVideoConfig(stream, {}), { rejected: 1103001 }],
  ['setVideoConfig null', (engine, stream) => engine.setVideoConfig(stream, null), { rejected: 1103001 }],
  [
    'setVideoConfig without video',
    (engine, stream) => engine.setVideoConfig(stream, { width: 9 }),
    { rejected: 1103045 },
  ],
  ['setAudioConfig', (engine, stream) => engine.setAudioConfig(stream, 5), { rejected: 1103001 }],
  ['setCaptureVolume', (engine, stream) => engine.setCaptureVolume(stream, 'loud'), 1103001],
  ['setCaptureVolume 201', (engine, stream) => engine.setCaptureVolume(stream, 201), 1103001],
  ['startMixingAudio, no list', (engine, stream) => engine.startMixingAudio(stream), false],
  ['startMixingAudio, empty', (engine, stream) => engine.startMixingAudio(stream, []), false],
  ['startMixingAudio, wrong', (engine, stream) => engine.startMixingAudio(stream, [{}]), false],
  ['startMixingAudio, uncapturable', (engine, stream) => engine.startMixingAudio(stream, [element()]), false],
  ['stopMixingAudio', (engine, stream) => engine.stopMixingAudio(stream, 5), false],
  ['enableVideoCaptureDevice', (engine, stream) => engine.enableVideoCaptureDevice(stream, false), false],
  ['publish with options null', (engine, stream) => engine.startPublishingStream('mine', stream, null), false],
  ['publish without id', (engine, stream) => engine.startPublishingStream(undefined, stream), false],
  ['publish with extra info 5', (engine, stream) => engine.startPublishingStream('m', stream, { extraInfo: 5 }), false],
];

test.each(WRONG_DETAILS)('wrong details for a local stream: %s', async (_, call, expected) => {
  const { engine, open } = await loginToZego();
  const stream = await open(engine.createStream({ camera: { video: false } }));
  expect(await outcomeOf(() => call(engine as unknown as AnyEngine, stream))).toEqual(expected);
  expect(stream.getTracks().map(({ kind, readyState }) => [kind, readyState])).toEqual([['audio', 'live']]);
});

const REFUSALS: readonly [string, number, number][] = [
  ['NotAllowedError', 1103064, 1103042],
  ['NotReadableError', 1103065, 1103065],
  ['OverconstrainedError', 1103066, 1103066],
  ['NotFoundError', 1103061, 1103061],
];

test.each(REFUSALS)('the browser refuses a device with %s', async (name, cameraCode, screenCode) => {
  const { devices, engine, open } = await loginToZego();
  const stream = await open(engine.createZegoStream());
  for (const kind of ['video', 'screen'] as const) devices.moods[kind].refusal = name;
  const camera = { errorCode: cameraCode, extendedData: `${name}: the device cannot be used` };
  await expect(open(engine.createStream())).rejects.toEqual(camera);
  await expect(open(engine.createZegoStream())).rejects.toEqual(camera);
  expect(await open(stream.startCaptureCamera())).toEqual(camera);
  expect(await open(engine.useVideoDevice(stream, 'other'))).toEqual(camera);
  await expect(open(engine.createStream({ screen: true }))).rejects.toMatchObject({ errorCode: screenCode });
  expect(await open(stream.startCaptureScreen())).toMatchObject({ errorCode: screenCode });
  expect(devices.live()).toEqual(stream.getTracks());
});

test('without https, and where screens cannot be captured, the codes say so', async () => {
  const { devices, engine } = await loginToZego();
  const { getUserMedia } = devices.navigator.mediaDevices;
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
  await expect(engine.createStream({ screen: true })).rejects.toMatchObject({ errorCode: 1103043 });
  vi.stubGlobal('navigator', {});
  await expect(engine.createStream()).rejects.toMatchObject({ errorCode: 1103053 });
  expect(await engine.getCameras()).toEqual([]);
});

test('publish before login, twice and of a destroyed stream is refused with the code', async () => {
  const { world, devices, engine, open, publish } = await loginToZego();
  const states: [string, string, number][] = [];
  engine.on('publisherStateUpdate', ({ streamID, state, errorCode }) => states.push([streamID, state, errorCode]));
  const stream = await open(engine.createZegoStream());
  await publish('mine', stream);
  expect(await publish('mine', stream)).toBe(false);
  engine.destroyStream(stream);
  engine.destroyStream(stream);
  expect(await publish('again', stream)).toBe(false);
  engine.logoutRoom();
  await settle();
  const other = await open(engine.createStream());
  expect(await publish('late', other)).toBe(false);
  expect(states.filter(([, state]) => state === 'NO_PUBLISH')).toEqual([
    ['mine', 'NO_PUBLISH', 1103056],
    ['again', 'NO_PUBLISH', 1000018],
    ['mine', 'NO_PUBLISH', 0],
    ['late', 'NO_PUBLISH', 1000002],
  ]);
  expect([devices.live(), world.media.open]).toEqual([other.getTracks(), []]);
});

test('a destroyed ZegoLocalStream captures and plays nothing', async () => {
  const { world, devices, engine, open } = await loginToZego();
  const stream = await open(engine.createZegoStream());
  engine.destroyStream(stream);
  const requests = devices.requests.length;
  expect(await open(stream.startCaptureCamera())).toMatchObject({ errorCode: 1000002 });
  expect(await open(stream.startCaptureScreen())).toMatchObject({ errorCode: 1000002 });
  stream.playAudio();
  stream.playVideo(world.media.page.addContainer('me') as unknown as HTMLElement);
  expect([devices.requests.length, world.media.page.created]).toEqual([requests, []]);
  for (const wrong of WRONG) stream.playVideo(wrong as HTMLElement);
  expect([stream.setVolume(101), stream.setVolume('x' as never), stream.takeStreamSnapshot()]).toEqual([
    false,
    false,
    '',
  ]);
});

const ON_DESTROYED: readonly [string, (engine: AnyEngine) => unknown, unknown][] = [
  ['createStream', (engine) => engine.createStream(), { rejected: 1000002 }],
  ['createZegoStream', (engine) => engine.createZegoStream(), { rejected: 1000002 }],
  ['publish', (engine) => engine.startPublishingStream('mine', foreign()), false],
  ['play', (engine) => engine.startPlayingStream('theirs'), { rejected: 1000002 }],
  ['replaceTrack', (engine) => engine.replaceTrack(foreign(), new FakeTrack('audio')), 1000018],
  ['mixing', (engine) => engine.startMixingAudio(foreign(), [element()]), false],
  ['getCameras', (engine) => engine.getCameras(), { rejected: 1000002 }],
  ['useVideoDevice', (engine) => engine.useVideoDevice(foreign(), 'cam'), 1000018],
  ['muteMicrophone', (engine) => engine.muteMicrophone(true), true],
  ['destroyStream', (engine) => engine.destroyStream(foreign()), undefined],
  ['destroyEngine', (engine) => engine.destroyEngine(), undefined],
];

const foreign = () => ({ getTracks: () => [], getAudioTracks: () => [], getVideoTracks: () => [] });

test.each(ON_DESTROYED)('on a destroyed engine: %s', async (_, call, expected) => {
  const { world, devices, engine } = await loginToZego();
  devices.hidesNames = true;
  devices.plug('videoinput', 'cam');
  engine.destroyEngine();
  expect(await outcomeOf(() => call(engine as unknown as AnyEngine))).toEqual(expected);
  await world.clock.advance(5_000);
  expect([devices.requests, devices.live(), world.clock.pending]).toEqual([[], [], 0]);
});

test('a stream of the application can be used without createStream, and is stopped by destroyStream', async () => {
  const { world, engine, publish, sent } = await loginToZego();
  const track = new FakeTrack('audio', 'own');
  const stream = world.media.platform.createMediaStream([asTrack(track)]);
  expect(await publish('mine', stream)).toBe(true);
  const other = new FakeTrack('audio', 'other');
  expect(await engine.replaceTrack(stream, asTrack(other))).toEqual({ errorCode: 0 });
  expect(engine.startMixingAudio(stream, [asElement(world.media.page.createElement('audio'))])).toBe(true);
  await vi.dynamicImportSettled();
  await settle();
  expect(sent()[0]?.id).toBe('mix-1');
  engine.stopMixingAudio(stream);
  engine.destroyStream(stream);
  expect(other.readyState).toBe('ended');
});
