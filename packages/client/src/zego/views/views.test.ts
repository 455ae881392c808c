import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { settle } from '../../testing/fake-clock.ts';
import { stream as listed, loginResult, snapshot } from '../../testing/fake-server.ts';
import { loginToZego } from '../../testing/zego-world.ts';

beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function play() {
  const all = await loginToZego();
  const { world, engine } = all;
  world.server.login = loginResult({ room: snapshot({ streams: [listed('theirs', 'ann')] }) });
  const { page } = world.media;
  const container = page.addContainer('stage');
  const playing = engine.startPlayingStream('theirs');
  await settle();
  world.media.peer.become('connected');
  return { ...all, page, container, remote: await playing };
}

test('a remote view plays with sound in the element with the id, and goes with its stream', async () => {
  const { engine, container, remote } = await play();
  const view = engine.createRemoteStreamView(remote);
  expect(engine.createRemoteStreamView(remote)).toBe(view);
  view.play('stage', { objectFit: 'cover', mirror: true });
  const [video] = container.children;
  expect(video).toMatchObject({ name: 'video', srcObject: remote, muted: false, playsInline: true, isPlaying: true });
  expect(video?.style).toMatchObject({ objectFit: 'cover', transform: 'scaleX(-1)', width: '100%' });
  expect([view.setVolume(30), video?.volume]).toEqual([true, 0.3]);
  expect([view.setAudioMuted(true), video?.muted]).toEqual([true, true]);
  expect([view.setVideoMuted(true), video?.style.visibility]).toEqual([true, 'hidden']);
  Object.assign(video ?? {}, { videoWidth: 640, videoHeight: 480 });
  expect([view.getVideoWidth(), view.getVideoHeight()]).toEqual([640, 480]);
  engine.stopPlayingStream('theirs');
  expect([container.children, video?.srcObject, video?.isPlaying]).toEqual([[], null, false]);
});

test('a local view is muted by default, and leaves the page with destroyStream', async () => {
  const { world, engine, open } = await loginToZego();
  const container = world.media.page.addContainer('me');
  const stream = await open(engine.createStream());
  const view = engine.createLocalStreamView(stream);
  view.play(container as unknown as HTMLElement);
  expect(container.children).toMatchObject([{ name: 'video', muted: true, srcObject: stream }]);
  view.play(container as unknown as HTMLElement, { muted: false });
  expect(container.children).toMatchObject([{ muted: false }]);
  engine.destroyStream(stream);
  expect(container.children).toEqual([]);
});

test('video and audio of a view are played and stopped apart', async () => {
  const { engine, page, container, remote } = await play();
  const view = engine.createRemoteStreamView(remote);
  const events: string[] = [];
  for (const event of ['canPlayVideo', 'canPlayAudio'] as const) view.on(event, () => events.push(event));
  view.setVolume(50);
  view.playVideo('stage');
  view.playAudio();
  const [video, audio] = page.created;
  expect(video).toMatchObject({ name: 'video', muted: true });
  expect(audio).toMatchObject({ name: 'audio', muted: false, volume: 0.5, isPlaying: true });
  video?.raise('canplay');
  audio?.raise('canplay');
  expect(events).toEqual(['canPlayVideo', 'canPlayAudio']);
  view.stopVideo();
  expect([container.children, audio?.isPlaying]).toEqual([[], true]);
  view.stopAudio();
  expect(audio?.isPlaying).toBe(false);
  expect(view.setAudioMuted(true)).toBe(false);
});

test('what the browser refuses to play raises autoplayFailed and is offered by a button, until a click plays it', async () => {
  const { engine, page, container, remote } = await play();
  page.refusesPlayback = true;
  const view = engine.createRemoteStreamView(remote);
  const failed = vi.fn();
  view.on('autoplayFailed', failed);
  view.play('stage');
  await settle();
  const button = () => page.body.children.find(({ name }) => name === 'button');
  await vi.dynamicImportSettled();
  expect([failed.mock.calls.length, button()?.textContent]).toEqual([1, 'Click to start playback']);
  page.refusesPlayback = false;
  page.raise('click');
  await settle();
  expect([container.children[0]?.isPlaying, button()]).toEqual([true, undefined]);
});

test('without the button, resume plays what the browser refused; a view that was stopped offers nothing', async () => {
  const { engine, page, container, remote } = await play();
  page.refusesPlayback = true;
  const view = engine.createRemoteStreamView(remote);
  view.play('stage', { enableAutoplayDialog: false });
  await settle();
  expect(page.body.children).toEqual([container]);
  page.refusesPlayback = false;
  view.resume();
  await settle();
  expect(container.children[0]?.isPlaying).toBe(true);
  page.refusesPlayback = true;
  view.play('stage');
  view.stop();
  await settle();
  expect(page.body.children).toEqual([container]);
});

test('a speaker is selected for what plays and for what is played later; one that is not there is refused', async () => {
  const { engine, page, container, remote } = await play();
  page.speakers = ['headset'];
  const view = engine.createRemoteStreamView(remote);
  view.play('stage');
  await view.useAudioOutputDevice('headset');
  expect(container.children[0]?.sinkId).toBe('headset');
  view.play('stage');
  await settle();
  expect(container.children[0]?.sinkId).toBe('headset');
  await expect(view.useAudioOutputDevice('gone')).rejects.toMatchObject({ errorCode: 1103093 });
  const element = page.createElement('audio') as unknown as HTMLAudioElement;
  expect(await engine.useAudioOutputDevice(element, 'headset')).toBe(true);
  expect(await engine.useAudioOutputDevice(element, 'gone')).toBe(false);
});

test('a snapshot is the shown frame, and may be saved; before a frame is shown it is empty', async () => {
  const { engine, page, container, remote } = await play();
  const view = engine.createRemoteStreamView(remote);
  expect(view.takeStreamSnapshot()).toBe('');
  view.play('stage');
  Object.assign(container.children[0] ?? {}, { videoWidth: 64, videoHeight: 48 });
  expect(view.takeStreamSnapshot()).toBe('data:image/png;1,frame of video 64x48');
  const url = view.takeStreamSnapshot({ imageType: 'jpeg', quality: 0.5, save: true, fileName: 'ann' });
  expect(url).toBe('data:image/jpeg;0.5,frame of video 64x48');
  expect(page.created.at(-1)).toMatchObject({ name: 'a', href: url, download: 'ann.jpeg', clicks: 1 });
});

test('a ZegoLocalStream shows what is sent and what is captured, and leaves the page when it is destroyed', async () => {
  const { world, engine, open, publish } = await loginToZego();
  const { page } = world.media;
  const [sent, captured] = [page.addContainer('sent'), page.addContainer('captured')];
  const view = sent as unknown as HTMLElement;
  const stream = await open(engine.createZegoStream({ autoPlay: true, view, multiplacePreview: true }));
  expect(sent.children).toMatchObject([{ name: 'video', muted: true, srcObject: stream.stream }]);
  await publish('mine', stream);
  await open(stream.startCaptureScreen());
  for (const place of [captured, page.body]) stream.playCaptureVideo(place as unknown as HTMLElement);
  expect(captured.children).toMatchObject([{ srcObject: stream.videoCaptureStream }]);
  const events: string[] = [];
  stream.on('canPlayVideo', () => events.push('sent'));
  stream.on('canPlayCaptureVideo', () => events.push('captured'));
  sent.children[0]?.raise('canplay');
  captured.children[0]?.raise('canplay');
  expect(events).toEqual(['sent', 'captured']);
  stream.playAudio();
  stream.setVolume(20);
  expect(page.created.at(-1)).toMatchObject({ name: 'audio', volume: 0.2, isPlaying: true });
  engine.destroyStream(stream);
  expect([sent.children, captured.children, page.created.some(({ isPlaying }) => isPlaying)]).toEqual([[], [], false]);
  stream.playVideo(view);
  expect(sent.children).toEqual([]);
});

test('a ZegoLocalStream whose playback is refused says which element', async () => {
  const { world, engine, open } = await loginToZego();
  const { page } = world.media;
  page.refusesPlayback = true;
  const stream = await open(engine.createZegoStream());
  const failed: unknown[] = [];
  stream.on('autoplayFailed', (element) => failed.push(element));
  stream.on('autoplayCaptureFailed', (element) => failed.push(element));
  stream.playAudio({ enableAutoplayDialog: false });
  stream.playCaptureAudio({ enableAutoplayDialog: false });
  await settle();
  expect(failed).toEqual(page.created);
  page.refusesPlayback = false;
  await stream.resumeAudio();
  expect(page.created.every(({ isPlaying }) => isPlaying)).toBe(true);
});

test('the size of a remote view chooses what is received, and a stopped view does not count any longer (BWE-2)', async () => {
  const { world, engine, page, container, remote } = await play();
  const wanted = () => world.server.seen('updatePlay').map(({ streamId: _, ...preferences }) => preferences);
  const show = async () => {
    await vi.dynamicImportSettled();
    await world.clock.advance(200);
  };
  const view = engine.createRemoteStreamView(remote);
  view.play('stage');
  const [video] = container.children;
  Object.assign(video ?? {}, { videoWidth: 1280, videoHeight: 720 });
  if (video) page.defaultView.resize(video, 320, 180);
  await show();
  if (video) page.defaultView.scroll(video, false);
  await show();
  view.stop();
  await show();
  view.playVideo('stage');
  view.playAudio();
  const [again] = container.children;
  if (again) page.defaultView.resize(again, 640, 360);
  await show();
  expect(wanted()).toEqual([{ height: 360 }, { height: 0 }, {}, { height: 720 }]);
});

test('setPlayStreamVideoType chooses the smallest, the largest, or by the size of the views (SIM-1)', async () => {
  const { world, engine } = await play();
  const choose = (streamType: number) => engine.setPlayStreamVideoType('theirs', streamType);
  expect(await Promise.all([choose(0), choose(1), choose(2), choose(3)])).toEqual([true, true, true, false]);
  expect(await engine.setPlayStreamVideoType('nobody', 0)).toBe(false);
  await settle();
  for (const streamType of [0, 1, 2]) {
    await choose(streamType);
    await settle();
  }
  const sizes = world.server.seen('updatePlay').map(({ maxLayer }) => maxLayer);
  expect(sizes.slice(-3)).toEqual([0, 2, undefined]);
});
