import { afterEach, expect, test, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeStream, FakeTrack } from '../testing/fake-media.ts';
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
    const wanted = (audio || video) as true | { deviceId: { exact: string } };
    const id = wanted === true ? 'default' : wanted.deviceId.exact;
    if (id === 'broken') throw new DOMException('it is in use', 'NotReadableError');
    const track = new FakeTrack(kind, id);
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

test('a device that the browser refuses changes nothing, and a speaker is the page’s to choose', async () => {
  plugIn();
  const { self } = await create();
  await self.enableVideo();
  await expect(self.setDevice(device('videoinput', 'broken'))).rejects.toMatchObject({ code: '0002' });
  expect([self.videoTrack?.id, self.videoTrack?.readyState, self.videoEnabled]).toEqual(['default', 'live', true]);
  await self.disableVideo();
  await self.enableVideo();
  expect(self.videoTrack?.id).toBe('default');
  await expect(self.setDevice(device('audiooutput', 'speaker'))).rejects.toMatchObject({ code: '0002' });
});

test('devices that come and go are told while in the room, and not after', async () => {
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

test('where the page may use no devices, there are none', async () => {
  expect(await (await create()).self.getAllDevices()).toEqual([]);
});
