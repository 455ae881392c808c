import { afterEach, expect, test, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeStream, FakeTrack } from '../testing/fake-media.ts';
import { loginResult } from '../testing/fake-server.ts';
import { createWorld } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';

afterEach(() => void vi.unstubAllGlobals());

const device = (kind: MediaDeviceKind, deviceId: string) =>
  ({ kind, deviceId, groupId: '', label: deviceId }) as MediaDeviceInfo;

/** A browser with some devices; each capture gives a track named after the device. */
function plugIn(...list: MediaDeviceInfo[]) {
  const devices = { list, captured: [] as FakeTrack[], watchers: new Set<() => void>() };
  const getUserMedia = async ({ audio, video }: MediaStreamConstraints) => {
    const kind = audio ? 'audio' : 'video';
    const wanted = (audio || video) as true | { deviceId?: { exact: string } };
    const id = wanted === true ? 'default' : (wanted.deviceId?.exact ?? 'default');
    if (id === 'broken') throw new DOMException('it is in use', 'NotReadableError');
    if (id === 'forbidden') throw new DOMException('Permission denied', 'NotAllowedError');
    if (id === 'gone') throw new DOMException('Requested device not found', 'NotFoundError');
    const track = new FakeTrack(kind, id);
    track.settings = { deviceId: id };
    devices.captured.push(track);
    return new FakeStream([track]);
  };
  vi.stubGlobal('navigator', {
    mediaDevices: {
      getUserMedia,
      enumerateDevices: async () => devices.list,
      addEventListener: (_: string, watcher: () => void) => devices.watchers.add(watcher),
      removeEventListener: (_: string, watcher: () => void) => devices.watchers.delete(watcher),
    },
  });
  return devices;
}

async function create() {
  const world = createWorld();
  const defaults = { audio: false, video: false };
  const options = { authToken: 'jwt', baseURI: 'rooms.test', defaults, platform: world.platform };
  return RealtimeKitClient.init(options);
}

test('a device that is chosen is used at once where its kind is on, and the one before is closed', async () => {
  const devices = plugIn(device('videoinput', 'front'), device('videoinput', 'back'), device('audioinput', 'headset'));
  const { self } = await create();
  expect((await self.getAllDevices()).map(({ deviceId }) => deviceId)).toEqual(['front', 'back', 'headset']);
  await self.enableVideo();
  const chosen: string[] = [];
  self.on('deviceUpdate', (event) => chosen.push(event.device.deviceId));
  await self.setDevice(device('videoinput', 'back'));
  expect([self.videoTrack?.id, devices.captured[0]?.readyState]).toEqual(['back', 'ended']);
  // Of a kind that is off it is used when it is turned on.
  await self.setDevice(device('audioinput', 'headset'));
  expect(self.audioTrack).toBeUndefined();
  await self.enableAudio();
  expect(self.audioTrack?.id).toBe('headset');
  expect(chosen).toEqual(['back', 'headset']);
});

test('a device that the browser refuses changes nothing', async () => {
  plugIn();
  const { self } = await create();
  await self.enableVideo();
  await expect(self.setDevice(device('videoinput', 'broken'))).rejects.toMatchObject({ code: '1604' });
  expect([self.videoTrack?.id, self.videoTrack?.readyState, self.videoEnabled]).toEqual(['default', 'live', true]);
  await self.disableVideo();
  await self.enableVideo();
  expect(self.videoTrack?.id).toBe('default');
});

test('a speaker is selected for meeting.audio, and the page is told', async () => {
  plugIn(device('audiooutput', 'built-in'), device('audiooutput', 'headset'));
  const { self } = await create();
  await settle();
  expect(self.getCurrentDevices().speaker?.deviceId).toBe('built-in');
  const chosen = vi.fn();
  self.on('deviceUpdate', chosen);
  const headset = device('audiooutput', 'headset');
  await self.setDevice(headset);
  expect(chosen).toHaveBeenCalledWith({ device: headset });
  expect(self.getCurrentDevices().speaker?.deviceId).toBe('headset');
});

test('the devices are listed by kind, and those in use are known without waiting', async () => {
  plugIn(device('audioinput', 'mic'), device('videoinput', 'front'), device('videoinput', 'back'));
  const { self } = await create();
  await settle();
  const ids = (list: readonly MediaDeviceInfo[]) => list.map(({ deviceId }) => deviceId);
  expect(ids(await self.getAudioDevices())).toEqual(['mic']);
  expect(ids(await self.getVideoDevices())).toEqual(['front', 'back']);
  expect(await self.getSpeakerDevices()).toEqual([]);
  await self.setDevice(device('videoinput', 'back'));
  await self.enableVideo();
  expect(self.getCurrentDevices()).toMatchObject({ audio: { deviceId: 'mic' }, video: { deviceId: 'back' } });
  expect((await self.getDeviceById('front', 'video')).label).toBe('front');
  await expect(self.getDeviceById('front', 'audio')).rejects.toMatchObject({ code: '1603' });
  await expect(self.setDevice(undefined as never)).rejects.toMatchObject({ code: '1104' });
});

test.each([
  ['forbidden', 'DENIED', '1602', 'NotAllowedError'],
  ['gone', 'NO_DEVICES_AVAILABLE', '1607', 'NotFoundError'],
  ['broken', 'COULD_NOT_START', '1602', 'NotReadableError'],
])(
  'a camera that is %s is told as %s and rejects with %s; the browser’s error is kept',
  async (id, message, code, name) => {
    plugIn();
    const { self } = await create();
    await self.setDevice(device('videoinput', id));
    const log: unknown[] = [];
    self.on('mediaPermissionUpdate', (event) => log.push(event));
    self.on('mediaPermissionError', (event) => log.push(event));
    await expect(self.enableVideo()).rejects.toMatchObject({ code, cause: { details: { name } } });
    const constraints = { video: { deviceId: { exact: id } } };
    expect(log).toEqual([
      { message, kind: 'video' },
      { message, kind: 'video', constraints },
    ]);
    expect(self.mediaPermissions).toMatchObject({ audio: 'NOT_REQUESTED', video: message });
    // It can be tried again, with another device.
    await self.setDevice(device('videoinput', 'front'));
    log.length = 0;
    await self.enableVideo();
    expect(log).toEqual([{ message: 'ACCEPTED', kind: 'video' }]);
    expect(self.mediaPermissions.video).toBe('ACCEPTED');
  },
);

test('the camera is captured with the size of the preset, of the options, or of updateVideoConstraints', async () => {
  const devices = plugIn();
  const getUserMedia = vi.spyOn(navigator.mediaDevices, 'getUserMedia');
  const world = createWorld();
  const video = { quality: 'fhd', frame_rate: 24 };
  world.server.login = loginResult({ facts: { config: { media: { video } } } });
  const options = { authToken: 'jwt', baseURI: 'rooms.test', platform: world.platform };
  const { self } = await RealtimeKitClient.init({ ...options, defaults: { audio: false } });
  const fullHd = { width: { ideal: 1920 }, height: { ideal: 1080 }, frameRate: { ideal: 24 } };
  expect(getUserMedia).toHaveBeenLastCalledWith({ audio: false, video: fullHd });

  const small = { width: { ideal: 320 }, height: { ideal: 240 } };
  await self.updateVideoConstraints(small);
  expect(devices.captured.at(-1)?.constraints).toEqual([small]);
  await self.disableVideo();
  await self.enableVideo();
  expect(getUserMedia).toHaveBeenLastCalledWith({ audio: false, video: small });

  await RealtimeKitClient.init({ ...options, defaults: { audio: false, mediaConfiguration: { video: 'vga' } } });
  const vga = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 24 } };
  expect(getUserMedia).toHaveBeenLastCalledWith({ audio: false, video: vga });
});

test('setupTracks opens what is asked, anew with forceReset, and cleanUpTracks closes everything (PRIV-1)', async () => {
  const devices = plugIn();
  const { self } = await create();
  await self.setupTracks({ audio: false, video: false });
  expect(devices.captured).toHaveLength(0);
  await self.setupTracks({ audio: true, video: true });
  expect([self.audioEnabled, self.videoEnabled]).toEqual([true, true]);
  await self.setupTracks({ video: true, forceReset: true });
  expect([self.audioEnabled, self.videoEnabled, devices.captured.length]).toEqual([false, true, 3]);
  self.cleanUpTracks();
  expect(devices.captured.map(({ readyState }) => readyState)).toEqual(['ended', 'ended', 'ended']);
  expect(self.videoEnabled).toBe(false);
});

test('initMedia opens devices before there is a client, which takes them over and closes them at the end (PRIV-1)', async () => {
  const devices = plugIn();
  const world = createWorld();
  const mediaHandler = await RealtimeKitClient.initMedia({ video: true }, world.platform);
  expect(mediaHandler.videoTrack?.id).toBe('default');
  const options = { authToken: 'jwt', baseURI: 'rooms.test', defaults: { mediaHandler }, platform: world.platform };
  const meeting = await RealtimeKitClient.init(options);
  expect(meeting.self.videoTrack).toBe(mediaHandler.videoTrack);
  expect(meeting.self.mediaPermissions.video).toBe('ACCEPTED');
  expect(devices.captured).toHaveLength(1);
  await meeting.join();
  await settle();
  expect(world.server.seen('publish')).toMatchObject([{ audio: false, video: true }]);
  await meeting.leave();
  expect(devices.captured[0]?.readyState).toBe('ended');
  expect(mediaHandler.videoEnabled).toBe(false);
});

test('devices that come and go are told until the meeting is left', async () => {
  const devices = plugIn(device('videoinput', 'front'));
  const meeting = await create();
  await meeting.join();
  await settle();
  const log: unknown[] = [];
  const ids = (list: readonly MediaDeviceInfo[]) => list.map(({ deviceId }) => deviceId);
  meeting.self.on('deviceListUpdate', (update) =>
    log.push([ids(update.added), ids(update.removed), ids(update.devices)]),
  );
  const change = async (...list: MediaDeviceInfo[]) => {
    devices.list = list;
    for (const watcher of devices.watchers) watcher();
    await settle();
  };
  await change(device('videoinput', 'front'), device('audioinput', 'headset'));
  await change(device('audioinput', 'headset'));
  expect(log).toEqual([
    [['headset'], [], ['front', 'headset']],
    [[], ['front'], ['headset']],
  ]);
  await meeting.leave();
  expect(devices.watchers.size).toBe(0);
});

test('devices whose ids appear with the permission are told as the list, and not as new ones', async () => {
  const devices = plugIn(device('videoinput', ''), device('audioinput', ''));
  const meeting = await create();
  await meeting.join();
  await settle();
  const log: unknown[] = [];
  meeting.self.on('deviceListUpdate', (update) => log.push([update.added, update.removed, update.devices]));
  devices.list = [device('videoinput', 'front'), device('audioinput', 'headset')];
  await meeting.self.enableVideo();
  await settle();
  expect(log).toEqual([[[], [], devices.list]]);
});

test('a list that the browser refuses is 1609', async () => {
  plugIn();
  const { self } = await create();
  navigator.mediaDevices.enumerateDevices = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  await expect(self.getAllDevices()).rejects.toMatchObject({ name: 'RealtimeKitError', code: '1609' });
  await expect(self.getSpeakerDevices()).rejects.toMatchObject({ code: '1609' });
});

test('where the page may use no devices, there are none', async () => {
  expect(await (await create()).self.getAllDevices()).toEqual([]);
});
