import { afterEach, expect, test, vi } from 'vitest';
import { FakeDevices } from '../testing/fake-devices.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { ZegoExpressEngine } from './engine.ts';
import type { ZegoCheckType } from './system-check.ts';
import { setWarnings } from './warnings.ts';

const ME = { userID: 'me', userName: 'Me' };

function createEngine(world: World, server: string | readonly string[] = 'https://rooms.test'): ZegoExpressEngine {
  return new ZegoExpressEngine(1, server, { platform: world.platform });
}

function plugIn(world: World): FakeDevices {
  const devices = new FakeDevices(world.clock);
  vi.stubGlobal('navigator', devices.navigator);
  return devices;
}

/** Waits for a call that opens devices one after the other, each when the fake clock advances. */
async function finish<T>(world: World, call: Promise<T>): Promise<T> {
  await vi.dynamicImportSettled();
  for (let opened = 0; opened < 2; opened += 1) await world.clock.advance(1);
  return call;
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  setWarnings(true);
});

test.each([
  ['wss://rooms.test/ws', 'wss://rooms.test/signalling'],
  ['wss://rooms.test/ws/', 'wss://rooms.test/signalling'],
  [['wss://rooms.test/base/ws', 'wss://other.test/ws'], 'wss://rooms.test/base/signalling'],
  ['https://rooms.test', 'wss://rooms.test/signalling'],
  ['https://rooms.test/ws', 'wss://rooms.test/ws/signalling'],
])('the server %j is called at %s', async (server, url) => {
  const world = createWorld();
  await createEngine(world, server).loginRoom('room', 'token', ME);
  expect(world.server.sockets.map((socket) => socket.url)).toEqual([url]);
});

const CODECS = ['video/VP8', 'video/H264'].map((mimeType) => ({ mimeType, clockRate: 90_000 }));

test('a check of everything opens camera and microphone for a moment, and reports what is missing', async () => {
  const world = createWorld();
  const devices = plugIn(world);
  world.media.codecs = CODECS;
  devices.moods.audio.refusal = 'NotAllowedError';
  vi.stubGlobal('HTMLMediaElement', class {});
  const zg = createEngine(world);
  const found = await finish(world, zg.checkSystemRequirements());
  expect(found).toMatchObject({ webRTC: true, customCapture: false, camera: true, microphone: false });
  expect(found).toMatchObject({ screenSharing: true, videoCodec: { H264: true, VP8: true, H265: false } });
  expect(found.errInfo).toEqual({
    customCapture: { name: 'NotSupportedError', message: 'the browser cannot capture media elements' },
    microphone: { name: 'NotAllowedError', message: 'the device cannot be used' },
  });
  expect(devices.live()).toEqual([]);
});

test.each<[ZegoCheckType, boolean]>([
  ['webRTC', true],
  ['VP8', true],
  ['H265', false],
  ['camera', true],
  ['screenSharing', true],
])('a check of %s alone has its result', async (type, result) => {
  const world = createWorld();
  const devices = plugIn(world);
  world.media.codecs = CODECS;
  await expect(finish(world, createEngine(world).checkSystemRequirements(type, 1))).resolves.toMatchObject({ result });
  expect(devices.live()).toEqual([]);
});

test('without WebRTC and devices, nothing can be done, and each check says why', async () => {
  vi.stubGlobal('navigator', {});
  const world = createWorld();
  const zg = new ZegoExpressEngine(1, 'https://rooms.test', { platform: { ...world.platform, media: undefined } });
  const found = await zg.checkSystemRequirements();
  expect(found).toMatchObject({ webRTC: false, camera: false, microphone: false, screenSharing: false });
  expect(Object.keys(found.errInfo)).toEqual(['webRTC', 'customCapture', 'camera', 'microphone', 'screenSharing']);
  expect(found.errInfo.camera).toMatchObject({ name: 'InsecureContext' });
});

test('the retry time holds for the next login', async () => {
  const world = createWorld();
  const zg = createEngine(world);
  zg.setEngineConfig({ room_retry_time: 60 });
  await zg.loginRoom('room', 'token', ME);
  const reasons: string[] = [];
  zg.on('roomStateChanged', (_room, reason) => reasons.push(reason));
  world.server.isReachable = false;
  world.server.socket.close(1006);
  await world.clock.advance(61_000);
  expect(reasons.at(-1)).toBe('RECONNECT_FAILED');
});

test('the time of the server is known from the login, as exactly as its answer was fast', async () => {
  const world = createWorld();
  const zg = createEngine(world);
  expect(zg.getNetworkTimeInfo()).toEqual({ timestamp: 0, maxDeviation: 0 });
  await zg.loginRoom('room', 'token', ME);
  const { timestamp, maxDeviation } = zg.getNetworkTimeInfo();
  await world.clock.advance(500);
  expect(zg.getNetworkTimeInfo()).toEqual({ timestamp: timestamp + 500, maxDeviation });
});

test('the use of rooms can be set before a login only', async () => {
  const world = createWorld();
  const zg = createEngine(world);
  expect(zg.setRoomScenario(5)).toBe(true);
  await zg.loginRoom('room', 'token', ME);
  expect(zg.setRoomScenario(5)).toBe(false);
});

test('a log level above warn, or setDebugVerbose, silences the warnings of the page', () => {
  const printed = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const zg = createEngine(createWorld());
  zg.setEngineConfig({ one: 1 });
  expect(printed).toHaveBeenCalledTimes(1);
  expect(zg.setLogConfig({ logLevel: 'error', remoteLogLevel: 'disable' })).toBe(true);
  zg.setEngineConfig({ two: 2 });
  expect(ZegoExpressEngine.presetLogConfig({ logLevel: 'debug' })).toBe(true);
  zg.setEngineConfig({ three: 3 });
  zg.setDebugVerbose(false);
  zg.setEngineConfig({ four: 4 });
  expect(printed.mock.calls.map(([text]) => text)).toEqual([
    '[gavel] setEngineConfig: one has no effect',
    '[gavel] setEngineConfig: three has no effect',
  ]);
});

test('settings of the page that have no effect say so once', () => {
  const printed = vi.spyOn(console, 'warn').mockImplementation(() => {});
  for (let times = 0; times < 2; times += 1) {
    ZegoExpressEngine.use({});
    ZegoExpressEngine.setEngineOptions({});
    ZegoExpressEngine.setGeoFence(1, [2]);
    ZegoExpressEngine.setCloudProxyConfig([], '', true);
    ZegoExpressEngine.setLocalProxyConfig({}, true);
  }
  expect(printed).toHaveBeenCalledTimes(5);
  expect(ZegoExpressEngine.version).toBe(createEngine(createWorld()).getVersion());
});
