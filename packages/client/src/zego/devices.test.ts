import { afterEach, expect, test, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { loginToZego } from '../testing/zego-world.ts';

afterEach(() => void vi.unstubAllGlobals());

async function plugIn() {
  const all = await loginToZego();
  all.devices.plug('videoinput', 'cam');
  all.devices.plug('audioinput', 'mic');
  all.devices.plug('audiooutput', 'speaker');
  await settle();
  return all;
}

const info = (id: string) => ({ deviceName: `Name of ${id}`, deviceID: id });

test('the lists have the names and ids of the devices', async () => {
  const { engine } = await plugIn();
  const infos = { cameras: [info('cam')], microphones: [info('mic')], speakers: [info('speaker')] };
  expect(await engine.enumDevices()).toEqual(infos);
  expect(await engine.getCameras()).toEqual(infos.cameras);
  expect(await engine.getMicrophones()).toEqual(infos.microphones);
  expect(await engine.getSpeakers()).toEqual(infos.speakers);
});

test('before the user has permitted a device, it is opened for a moment so that the browser asks (PRIV-1)', async () => {
  const { devices, engine, open } = await plugIn();
  devices.hidesNames = true;
  expect((await engine.enumDevices()).cameras).toEqual([{ deviceName: '', deviceID: '' }]);
  expect(devices.requests).toEqual([]);
  expect(await open(engine.getCameras())).toEqual([info('cam')]);
  expect(devices.requests).toEqual([{ audio: false, video: true }]);
  expect(devices.live()).toEqual([]);
  devices.hidesNames = true;
  devices.moods.audio.refusal = 'NotAllowedError';
  await expect(open(engine.getMicrophones())).rejects.toEqual({
    errorCode: 1103064,
    extendedData: 'NotAllowedError: the device cannot be used',
  });
});

test('a device that is opened only to ask is closed if the engine is destroyed meanwhile (PRIV-1)', async () => {
  const { world, devices, engine } = await plugIn();
  devices.hidesNames = true;
  devices.moods.video.delayMs = 500;
  const cameras = engine.getCameras().catch(() => 'refused');
  await settle();
  engine.destroyEngine();
  await world.clock.advance(1_000);
  await cameras;
  expect([devices.given.length, devices.live(), devices.watcherCount]).toEqual([1, [], 0]);
});

test('a device that is plugged in or out raises the event of its kind', async () => {
  const { devices, engine } = await plugIn();
  const log: unknown[] = [];
  engine.on('videoDeviceStateChanged', (...args) => log.push(args));
  engine.on('audioDeviceStateChanged', (...args) => log.push(args));
  devices.plug('videoinput', 'second');
  await settle();
  devices.plug('audioinput', 'headset');
  await settle();
  devices.unlist('speaker');
  await settle();
  expect(log).toEqual([
    ['ADD', info('second')],
    ['ADD', 'Input', info('headset')],
    ['DELETE', 'Output', info('speaker')],
  ]);
});

test('devices whose ids become known with the permission are not reported as new', async () => {
  const { devices, engine, open } = await plugIn();
  devices.hidesNames = true;
  devices.plug('audioinput', 'headset');
  await settle();
  const log: unknown[] = [];
  engine.on('videoDeviceStateChanged', (...args) => log.push(args));
  engine.on('audioDeviceStateChanged', (...args) => log.push(args));
  await open(engine.createStream());
  await settle();
  devices.plug('videoinput', 'second');
  await settle();
  expect(log).toEqual([['ADD', info('second')]]);
});

test('a lost camera raises deviceError, and with enableAutoSwitchDevice another one is sent (PRIV-2)', async () => {
  const { world, devices, engine, open, publish, sent } = await plugIn();
  const stream = await open(engine.createStream());
  await publish('mine', stream);
  const errors: unknown[] = [];
  engine.on('deviceError', (...args) => errors.push(args));
  devices.unplug('video');
  await world.clock.advance(0);
  expect(sent()[1]?.readyState).toBe('ended');
  expect(errors).toEqual([[1106010, 'audio-video-video-0']]);
  engine.enableAutoSwitchDevice({ microphone: true });
  devices.unplug('audio');
  await world.clock.advance(0);
  await settle();
  expect(errors[1]).toEqual([1106009, 'audio-video-audio-0']);
  expect(devices.requests.at(-1)).toEqual({ audio: { deviceId: { exact: 'mic' } }, video: false });
  expect(sent()[0]).toBe(devices.live('audio')[0]);
  expect(world.server.seen('updateStream').at(-1)).toEqual({ streamId: 'mine', audio: true });
});
