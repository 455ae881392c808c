import { afterEach, expect, test, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeDevices } from '../testing/fake-devices.ts';
import { FakeTrack } from '../testing/fake-media.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { ZegoExpressEngine } from './engine.ts';

afterEach(() => void vi.unstubAllGlobals());

async function login() {
  const world = createWorld();
  const devices = new FakeDevices(world.clock);
  vi.stubGlobal('navigator', devices.navigator);
  const engine = new ZegoExpressEngine(1, 'https://rooms.test', { platform: world.platform });
  await engine.loginRoom('room', 'token', { userID: 'me' });
  return { world, devices, engine };
}

async function publish() {
  const all = await login();
  const created = all.engine.createStream();
  await all.world.clock.advance(0);
  const stream = await created;
  all.engine.startPublishingStream('mine', stream);
  await settle();
  all.world.media.peer.become('connected');
  return { ...all, stream };
}

const updates = (world: World) => world.server.seen('updateStream');
const real = (track: FakeTrack) => track as unknown as MediaStreamTrack;

test('a stream that opens after destroyEngine is closed, and its call is refused (PRIV-1)', async () => {
  const { world, devices, engine } = await login();
  devices.moods.video.delayMs = 600;
  const created = engine.createStream();
  const shared = engine.createStream({ screen: {} });
  const outcomes = Promise.allSettled([created, shared]);
  engine.destroyEngine();
  await world.clock.advance(1_000);
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect([devices.given.length, devices.live().length]).toEqual([4, 0]);
});

test('stopping and leaving before the media is there publishes nothing (PRIV-1)', async () => {
  const { world, devices, engine } = await login();
  const created = engine.createStream();
  await world.clock.advance(0);
  const stream = await created;
  world.server.answers.publish = () => undefined;
  engine.startPublishingStream('mine', stream);
  await settle();
  engine.stopPublishingStream('mine');
  engine.startPublishingStream('mine', stream);
  engine.logoutRoom();
  await world.clock.advance(60_000);
  expect(world.media.open).toHaveLength(0);
  expect(world.server.seen('publish')).toHaveLength(1);
  expect(world.server.socket.requests.at(-1)?.method).toBe('logout');
  // A stream is the application's until it is destroyed.
  expect(devices.live()).toHaveLength(2);
  engine.destroyStream(stream);
  expect(devices.live()).toHaveLength(0);
});

test('logoutRoom before the login is answered logs the late login out (PRIV-1)', async () => {
  const world = createWorld();
  const engine = new ZegoExpressEngine(1, 'https://rooms.test', { platform: world.platform });
  world.server.answers.login = () => undefined;
  const login = engine.loginRoom('room', 'token', { userID: 'me' });
  login.catch(() => {});
  await settle();
  engine.logoutRoom('room');
  await expect(login).rejects.toMatchObject({ errorCode: 1000002 });
  const { socket } = world.server;
  socket.answer(socket.requests[0]?.id ?? 0, world.server.login);
  await settle();
  expect(socket.requests.map(({ method }) => method)).toEqual(['login', 'logout']);
});

test('a camera that vanishes is told to the others and to the application, and another can take its place (PRIV-2)', async () => {
  const { world, devices, engine, stream } = await publish();
  const errors: unknown[] = [];
  engine.on('deviceError', (errorCode, deviceName) => errors.push([errorCode, deviceName]));
  devices.unplug('video');
  await settle();
  expect(updates(world)).toEqual([{ streamId: 'mine', video: false }]);
  expect(errors).toEqual([[1106010, 'audio-video-video-0']]);
  const anew = engine.createStream({ camera: { audio: false } });
  await world.clock.advance(0);
  const [track] = (await anew).getVideoTracks();
  if (!track) throw new Error('no track');
  expect(await engine.replaceTrack(stream, track)).toEqual({ errorCode: 0 });
  expect(updates(world).at(-1)).toEqual({ streamId: 'mine', video: true });
  expect(world.media.peer.transceivers[1]?.sender.track).toBe(track);
});

test('a screen whose sharing is ended by the browser raises screenSharingEnded, and is off for the others (PRIV-2)', async () => {
  const { world, devices, engine } = await login();
  const created = engine.createStream({ screen: { audio: true } });
  await world.clock.advance(0);
  const stream = await created;
  engine.startPublishingStream('screen', stream);
  await settle();
  const ended: unknown[] = [];
  engine.on('screenSharingEnded', (which) => ended.push(which));
  devices.live('screen')[1]?.finish();
  await settle();
  expect(ended).toEqual([stream]);
  expect(updates(world)).toEqual([{ streamId: 'screen', video: false }]);
});

test('a track that takes the place of a muted one is muted, published or not (PRIV-1)', async () => {
  const { world, engine, stream } = await publish();
  engine.mutePublishStreamVideo(stream, true);
  const track = new FakeTrack('video', 'other');
  await engine.replaceTrack(stream, real(track));
  expect([track.enabled, world.media.peer.transceivers[1]?.sender.track]).toEqual([false, track]);
  engine.stopPublishingStream('mine');
  const third = new FakeTrack('video', 'third');
  await engine.replaceTrack(stream, real(third));
  expect(third.enabled).toBe(false);
  engine.startPublishingStream('mine', stream);
  await settle();
  expect(world.server.seen('publish').at(-1)).toMatchObject({ audio: true, video: false });
});

test('of two replaceTrack at once the last wins, in the stream and on the wire (PRIV-1)', async () => {
  const { world, engine, stream } = await publish();
  const [first, second] = [new FakeTrack('video', 'first'), new FakeTrack('video', 'second')];
  await Promise.all([engine.replaceTrack(stream, real(first)), engine.replaceTrack(stream, real(second))]);
  expect(stream.getVideoTracks()).toEqual([second]);
  expect(world.media.peer.transceivers[1]?.sender.track).toBe(second);
});

test('replaceTrack while the whole network is gone is taken, and sent when that is back (PRIV-3)', async () => {
  const { world, engine, stream } = await publish();
  world.server.isReachable = false;
  world.media.peer.become('disconnected');
  await world.clock.advance(4_000);
  world.server.socket.close(1006);
  const track = new FakeTrack('video', 'other');
  const pending = new FakeTrack('video', 'pending');
  expect(await engine.replaceTrack(stream, real(track))).toEqual({ errorCode: 0 });
  expect(await engine.replaceTrack(stream, real(pending))).toEqual({ errorCode: 0 });
  engine.mutePublishStreamAudio(stream, true);
  await world.clock.advance(9_000);
  world.server.isReachable = true;
  world.goOnline();
  await world.clock.advance(10_000);
  expect(world.media.peer.transceivers[1]?.sender.track).toBe(pending);
  expect(updates(world).at(-1)).toEqual({ streamId: 'mine', audio: false });
});

test('replaceTrack on a connection that is lost in that moment is taken too (PRIV-3)', async () => {
  const { world, engine, stream } = await publish();
  const track = new FakeTrack('video', 'other');
  const replaced = engine.replaceTrack(stream, real(track));
  world.media.peer.become('failed');
  await world.clock.advance(1_000);
  expect(await replaced).toEqual({ errorCode: 0 });
  expect(world.media.peer.transceivers[1]?.sender.track).toBe(track);
});

test('muteMicrophone holds for a stream that is only being made (PRIV-1)', async () => {
  const { world, devices, engine } = await login();
  devices.moods.audio.delayMs = 600;
  const created = engine.createStream();
  engine.muteMicrophone(true);
  await world.clock.advance(1_000);
  const stream = await created;
  expect(stream.getTracks().map(({ kind, enabled }) => [kind, enabled])).toEqual([
    ['audio', false],
    ['video', true],
  ]);
  engine.startPublishingStream('mine', stream);
  await settle();
  expect(world.server.seen('publish')).toMatchObject([{ audio: false, video: true }]);
  engine.muteMicrophone(false);
  await settle();
  expect(updates(world)).toEqual([{ streamId: 'mine', audio: true }]);
});

test('a stream that is destroyed while it is published is off for the others, replaced cameras included (PRIV-1)', async () => {
  const { world, devices, engine, stream } = await publish();
  await engine.replaceTrack(stream, real(new FakeTrack('video', 'other')));
  engine.destroyStream(stream);
  await settle();
  expect(devices.live()).toHaveLength(0);
  expect(updates(world)).toEqual([
    { streamId: 'mine', audio: false },
    { streamId: 'mine', video: false },
  ]);
});
