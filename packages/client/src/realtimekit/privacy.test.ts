import { afterEach, expect, test, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeDevices } from '../testing/fake-devices.ts';
import { FakeTrack } from '../testing/fake-media.ts';
import { loginResult, snapshot } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';

afterEach(() => void vi.unstubAllGlobals());

async function create(more: { audio?: boolean; video?: boolean } = {}) {
  const world = createWorld();
  const devices = new FakeDevices(world.clock);
  vi.stubGlobal('navigator', devices.navigator);
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false, ...more },
    platform: world.platform,
  });
  return { world, devices, meeting, self: meeting.self };
}

async function join() {
  const all = await create();
  await all.meeting.join();
  await settle();
  return all;
}

/** What the server was told last of the own stream. */
function toldLast(world: World) {
  const facts: { audio?: boolean; video?: boolean } = {};
  for (const { audio, video } of [...world.server.seen('publish').slice(0, 1), ...world.server.seen('updateStream')]) {
    if (audio !== undefined) facts.audio = audio;
    if (video !== undefined) facts.video = video;
  }
  return facts;
}

test.each([
  ['video', 'enableVideo', 'disableVideo'],
  ['audio', 'enableAudio', 'disableAudio'],
] as const)(
  '%s turned off 5 ms after it was turned on stays off, though the device takes 600 ms to open (PRIV-1)',
  async (kind, enable, disable) => {
    const { world, devices, self } = await join();
    devices.moods[kind].delayMs = 600;
    const updates: unknown[] = [];
    self.on('videoUpdate', ({ videoEnabled }) => updates.push(videoEnabled));
    self.on('audioUpdate', ({ audioEnabled }) => updates.push(audioEnabled));
    const enabled = self[enable]();
    await world.clock.advance(5);
    await self[disable]();
    await world.clock.advance(1_000);
    await enabled;
    expect([self.audioEnabled, self.videoEnabled, devices.live().length]).toEqual([false, false, 0]);
    expect(devices.given).toHaveLength(1);
    expect([updates, world.server.seen('publish')]).toEqual([[], []]);
  },
);

test('the last of several calls wins, in whatever order the device answers (PRIV-1)', async () => {
  const { world, devices, self } = await join();
  devices.moods.video.delayMs = 600;
  const first = self.enableVideo();
  await self.disableVideo();
  devices.moods.video.delayMs = 10;
  const second = self.enableVideo();
  await world.clock.advance(1_000);
  await Promise.all([first, second]);
  expect([self.videoEnabled, devices.given.length, devices.live().length]).toEqual([true, 2, 1]);
  expect(devices.live()[0]).toBe(self.videoTrack);
  expect(toldLast(world)).toEqual({ audio: false, video: true });
});

test('a camera that was turned on twice at once is opened once, and not live after it was turned off and left (PRIV-1)', async () => {
  const { world, devices, meeting, self } = await join();
  devices.moods.video.delayMs = 600;
  const enabled = Promise.all([self.enableVideo(), self.enableVideo()]);
  await world.clock.advance(1_000);
  await enabled;
  expect(devices.given).toHaveLength(1);
  await self.disableVideo();
  expect(devices.live()).toHaveLength(0);
  await meeting.leave();
  await world.clock.advance(10_000);
  expect(devices.live()).toHaveLength(0);
});

test('a device that opens after leave() is closed, in the room and before it (PRIV-1)', async () => {
  for (const isIn of [true, false]) {
    const { world, devices, meeting, self } = isIn ? await join() : await create();
    devices.moods.video.delayMs = devices.moods.audio.delayMs = 600;
    const enabled = Promise.all([self.enableVideo(), self.enableAudio()]);
    await world.clock.advance(5);
    await meeting.leave();
    await world.clock.advance(1_000);
    await enabled;
    expect([devices.given.length, devices.live().length]).toEqual([2, 0]);
    expect([self.videoEnabled, self.audioEnabled, world.server.seen('publish')]).toEqual([false, false, []]);
  }
});

test('leave() before the login is answered closes what is open, and logs the late login out (PRIV-1)', async () => {
  const { world, devices, meeting, self } = await create();
  const opened = Promise.all([self.enableVideo(), self.enableAudio()]);
  await world.clock.advance(0);
  await opened;
  expect(devices.live()).toHaveLength(2);
  world.server.answers.login = () => undefined;
  const joined = meeting.join();
  joined.catch(() => {});
  await settle();
  await meeting.leave();
  expect([devices.live().length, self.videoEnabled, self.roomState]).toEqual([0, false, 'left']);
  await expect(joined).rejects.toMatchObject({ code: '0002' });

  const { socket } = world.server;
  socket.answer(socket.requests[0]?.id ?? 0, loginResult());
  await settle();
  expect(socket.requests.map(({ method }) => method)).toEqual(['login', 'logout']);
  expect(socket.isClosedByClient).toBe(true);
  expect([world.server.seen('publish'), devices.live()]).toEqual([[], []]);
});

test('a join that follows leave() at once is a session of its own, which leave() ends (PRIV-1)', async () => {
  const { world, devices, meeting, self } = await create();
  const first = meeting.join().catch(() => {});
  await meeting.leave();
  const second = meeting.join();
  await Promise.all([first, second]);
  const enabled = self.enableVideo();
  await world.clock.advance(0);
  await enabled;
  expect([self.roomState, devices.live().length]).toEqual(['joined', 1]);
  await meeting.leave();
  await settle();
  expect([self.roomState, devices.live().length]).toEqual(['left', 0]);
  expect(world.server.seen('logout')).toHaveLength(1);
});

test('a screen that is chosen after the sharing was ended, or after leave(), is not shared (PRIV-1)', async () => {
  const { world, devices, meeting, self } = await join();
  devices.moods.screen.delayMs = 3_000;
  const shared = self.enableScreenShare();
  await world.clock.advance(5);
  await self.disableScreenShare();
  await world.clock.advance(5_000);
  await shared;
  expect([self.screenShareEnabled, devices.given.length, devices.live().length]).toEqual([false, 2, 0]);
  const again = self.enableScreenShare();
  await world.clock.advance(5);
  await meeting.leave();
  await world.clock.advance(5_000);
  await again;
  expect([self.screenShareEnabled, devices.given.length, devices.live().length]).toEqual([false, 4, 0]);
  expect(world.server.seen('publish')).toEqual([]);
});

test('a screen whose right was taken away while its user chose it is not shared (PRIV-1)', async () => {
  const { world, devices, self } = await join();
  devices.moods.screen.delayMs = devices.moods.video.delayMs = 3_000;
  const shared = Promise.all([self.enableScreenShare(), self.enableVideo()]);
  await settle();
  const permissions = { publishAudio: true, publishVideo: false, screen: { publish: false } };
  await world.server.push({ event: 'permissions', seq: 11, permissions });
  await world.clock.advance(5_000);
  await shared;
  expect([devices.given.length, devices.live().length]).toEqual([3, 0]);
  expect(world.server.seen('publish')).toEqual([]);
});

test.each([
  [undefined, 'COULD_NOT_START'],
  ['denied', 'DENIED'],
])(
  'a camera that vanishes is off for everybody, is told, and can be opened anew (PRIV-2); permission %s',
  async (permission, message) => {
    const { world, devices, self } = await join();
    if (permission) {
      const query = async ({ name }: { name: string }) => ({ state: name === 'camera' ? permission : 'granted' });
      vi.stubGlobal('navigator', { ...devices.navigator, permissions: { query } });
    }
    const opened = self.enableVideo();
    await world.clock.advance(0);
    await opened;
    await settle();
    world.media.peer.become('connected');
    const log: unknown[] = [];
    self.on('videoUpdate', ({ videoEnabled, videoTrack }) => log.push([videoEnabled, videoTrack !== undefined]));
    self.on('mediaPermissionUpdate', (event) => log.push(event));
    self.on('mediaPermissionError', (event) => log.push(event));
    devices.unplug('video');
    await settle();
    expect(log).toEqual([
      [false, false],
      { message, kind: 'video' },
      { message, kind: 'video', constraints: { video: true } },
    ]);
    expect([self.videoEnabled, self.videoTrack, toldLast(world).video]).toEqual([false, undefined, false]);
    const again = self.enableVideo();
    await world.clock.advance(0);
    await again;
    expect([self.videoEnabled, devices.live().length, toldLast(world).video]).toEqual([true, 1, true]);
    expect(world.media.peer.transceivers[1]?.sender.track).toBe(self.videoTrack);
    expect(world.server.seen('publish')).toHaveLength(1);
  },
);

test('a camera that vanishes before the join is off then, and one that the browser gives dead is refused (PRIV-2)', async () => {
  const { world, devices, meeting, self } = await create();
  const opened = self.enableVideo();
  await world.clock.advance(0);
  await opened;
  devices.unplug('video');
  expect(self.videoEnabled).toBe(false);
  await meeting.join();
  await settle();
  expect(world.server.seen('publish')).toEqual([]);
  const dead = new FakeTrack('video');
  dead.stop();
  const getUserMedia = async () => ({ getTracks: () => [dead] });
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
  await expect(self.enableVideo()).rejects.toMatchObject({ code: '1602' });
  expect(self.videoEnabled).toBe(false);
});

test('a camera toggled while the whole network is gone for 13 s is taken, done when it is back, and told to all (PRIV-3)', async () => {
  const { world, devices, self } = await join();
  const open = async () => {
    const opened = Promise.all([self.enableVideo(), self.enableAudio()]);
    await world.clock.advance(0);
    await opened;
    await settle();
  };
  await open();
  world.media.peer.become('connected');
  // The media goes first; the server is not heard of any more, and not reached either.
  world.server.isReachable = false;
  world.server.answers.updateStream = world.server.answers.publish = () => undefined;
  world.media.peer.become('disconnected');
  await world.clock.advance(4_000);
  const off = self.disableVideo();
  await world.clock.advance(1_000);
  world.server.socket.close(1006);
  const on = self.enableVideo();
  const silent = self.disableAudio();
  await world.clock.advance(8_000);
  await Promise.all([off, on, silent]);
  delete world.server.answers.updateStream;
  delete world.server.answers.publish;
  world.server.isReachable = true;
  world.goOnline();
  await world.clock.advance(4_000);
  world.media.peer.become('connected');
  await world.clock.advance(5_000);
  expect([self.videoEnabled, self.audioEnabled, devices.live('video').length]).toEqual([true, false, 1]);
  expect(world.media.open).toHaveLength(1);
  expect(world.media.peer.transceivers[1]?.sender.track).toBe(self.videoTrack);
  expect(toldLast(world)).toEqual({ audio: false, video: true });
});

test('a change that the server did not answer is told again until it does, with the value of that moment (PRIV-3)', async () => {
  const { world, self } = await join();
  await self.enableAudio(new FakeTrack('audio') as unknown as MediaStreamTrack);
  await settle();
  world.server.answers.updateStream = () => ({ refuse: 'rate.limited' });
  await self.disableAudio();
  world.server.answers.updateStream = () => undefined;
  const on = self.enableAudio();
  const off = self.disableAudio();
  delete world.server.answers.updateStream;
  await world.clock.advance(30_000);
  await Promise.all([on, off]);
  expect(toldLast(world)).toEqual({ audio: false, video: false });
});

test('another device that opens while its kind is being turned off is closed; a refused one leaves it as it was (PRIV-1)', async () => {
  const { world, devices, self } = await join();
  const opened = self.enableVideo();
  await world.clock.advance(0);
  await opened;
  devices.moods.video.delayMs = 600;
  const chosen = self.setDevice({ kind: 'videoinput', deviceId: 'back' } as MediaDeviceInfo);
  await world.clock.advance(5);
  await self.disableVideo();
  await world.clock.advance(1_000);
  await chosen;
  expect([self.videoEnabled, devices.given.length, devices.live().length]).toEqual([false, 2, 0]);
  // Chosen while the one before is only being opened.
  const first = self.enableVideo();
  const second = self.setDevice({ kind: 'videoinput', deviceId: 'front' } as MediaDeviceInfo);
  await world.clock.advance(1_000);
  await Promise.all([first, second]);
  expect([self.videoEnabled, devices.given.length, devices.live().length]).toEqual([true, 4, 1]);
});

test('a track of the application’s own takes the place of the captured one, which is closed (PRIV-1)', async () => {
  const { world, devices, self } = await join();
  const opened = self.enableVideo();
  await world.clock.advance(0);
  await opened;
  const own = new FakeTrack('video', 'own');
  await self.enableVideo(own as unknown as MediaStreamTrack);
  expect([devices.live().length, own.readyState, self.videoEnabled]).toEqual([0, 'live', true]);
});

test('a page that is closed says goodbye, and finds itself out of the room when it comes back (ROOM-8)', async () => {
  const { world, devices, meeting, self } = await join();
  const opened = self.enableVideo();
  await world.clock.advance(0);
  await opened;
  devices.moods.audio.delayMs = 600;
  const late = self.enableAudio();
  world.hidePage();
  expect(world.server.socket.requests.at(-1)?.method).toBe('logout');
  await world.clock.advance(600_000);
  await late;
  expect([self.roomState, devices.live().length, world.server.sockets.length]).toEqual(['left', 0, 2]);
  await meeting.join();
  expect(self.roomState).toBe('joined');
});

test('what is forbidden at the join is closed, also what is only being opened (AUTH-2, PRIV-1)', async () => {
  const { world, devices, meeting, self } = await create();
  const permissions = { publishAudio: true, publishVideo: false };
  world.server.login = loginResult({ permissions, room: snapshot({ permissions }) });
  devices.moods.video.delayMs = 600;
  const enabled = self.enableVideo();
  await meeting.join();
  await world.clock.advance(1_000);
  await enabled;
  expect([devices.live().length, self.videoEnabled, world.server.seen('publish')]).toEqual([0, false, []]);
});
