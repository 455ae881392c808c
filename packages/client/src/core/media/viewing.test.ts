import { beforeEach, expect, test, vi } from 'vitest';
import { settle } from '../../testing/fake-clock.ts';
import { cameraStream, FakeTrack } from '../../testing/fake-media.ts';
import type { FakeElement } from '../../testing/fake-page.ts';
import { loginResult, snapshot, stream } from '../../testing/fake-server.ts';
import { createSession, createWorld, type World } from '../../testing/harness.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});

async function join() {
  const streams = [stream('s1', 'm-ann'), stream('s2', 'm-bob'), stream('slides', 'm-ann', { source: 'screen' })];
  world.server.login = loginResult({ room: snapshot({ streams }) });
  const session = createSession(world);
  await session.login();
  return session;
}

async function play(streamId = 's1') {
  const session = await join();
  const playback = session.media.play(streamId);
  await settle();
  world.media.peer.become('connected');
  await playback.ready;
  return { session, playback };
}

const asVideo = (element: FakeElement) => element as unknown as HTMLVideoElement;

/** Puts an element of a size in pixels of the page into the page, which has two pixels of the screen for each. */
function createView(width: number, height: number): FakeElement {
  const element = world.media.page.createElement('video');
  Object.assign(element, { clientWidth: width, clientHeight: height, videoWidth: 1280, videoHeight: 720 });
  world.media.page.body.append(element);
  return element;
}

/** Lets changes of the page reach the server. */
async function showChanges() {
  await vi.dynamicImportSettled();
  await world.clock.advance(200);
}

const updates = () => world.server.seen('updatePlay');

test('the height in which a view shows the video is sent, and 0 while it is not visible (BWE-2)', async () => {
  const { playback } = await play();
  const element = createView(320, 180);
  const removeView = playback.addView(asVideo(element));
  await showChanges();
  world.media.page.defaultView.scroll(element, false);
  await showChanges();
  world.media.page.defaultView.scroll(element, true);
  await showChanges();
  removeView();
  await showChanges();
  expect(updates()).toEqual([
    { streamId: 's1', height: 360 },
    { streamId: 's1', height: 0 },
    { streamId: 's1', height: 360 },
    { streamId: 's1' },
  ]);
});

test('the height is part of every later offer, and nothing is sent without a change (BWE-2)', async () => {
  const { playback } = await play();
  playback.addView(asVideo(createView(320, 180)));
  await showChanges();
  await world.server.push({ event: 'mediaLost' });
  world.media.peer.become('connected');
  await settle();
  expect(world.server.seen('play').at(-1)).toMatchObject({ streamId: 's1', height: 360 });
  await world.clock.advance(60_000);
  expect(updates()).toHaveLength(1);
});

test('a layer that is chosen by hand replaces the height, except of a video that is not visible (SIM-1)', async () => {
  const { playback } = await play();
  const element = createView(320, 180);
  playback.addView(asVideo(element));
  await showChanges();
  playback.setMaxLayer(2);
  await settle();
  world.media.page.defaultView.scroll(element, false);
  await showChanges();
  playback.setMaxLayer(undefined);
  await settle();
  expect(updates().map(({ streamId: _, ...preferences }) => preferences)).toEqual([
    { height: 360 },
    { maxLayer: 2 },
    { maxLayer: 2, height: 0 },
    { height: 0 },
  ]);
});

test('no video is sent of a stream whose video is disabled, and audio goes on (BWE-2)', async () => {
  const { playback } = await play();
  playback.setEnabled('audio', false);
  playback.setEnabled('video', false);
  await settle();
  playback.setEnabled('video', true);
  await settle();
  expect(updates()).toEqual([{ streamId: 's1', height: 0 }, { streamId: 's1' }]);
});

test('a stream whose frames the application reads is sent in its lowest layer while it is not shown', async () => {
  const session = await join();
  const playback = session.media.play('s1', { frames: Promise.resolve(undefined) });
  await settle();
  world.media.peer.become('connected');
  await playback.ready;
  playback.setHeight(0);
  await settle();
  expect(updates()).toEqual([{ streamId: 's1', height: 1 }]);
});

test('screens come before pinned videos, these before the active speaker, and that before the others (BWE-2)', async () => {
  const { session, playback } = await play();
  const slides = session.media.play('slides');
  const other = session.media.play('s2');
  await settle();
  await world.server.push({ event: 'activeSpeaker', streamId: 's1', level: 30 });
  const priorities = () => [slides, playback, other].map(({ preferences }) => preferences.priority);
  expect(priorities()).toEqual([3, 1, undefined]);
  other.setPinned(true);
  await world.server.push({ event: 'activeSpeaker', streamId: 's2', level: 30 });
  expect(priorities()).toEqual([3, undefined, 2]);
  other.setPinned(false);
  await settle();
  expect(priorities()).toEqual([3, undefined, 1]);
  session.media.stop('s2');
  expect(session.media.play('s2').preferences).toEqual({ priority: 1 });
  expect(world.server.seen('play').find(({ streamId }) => streamId === 'slides')).toMatchObject({ priority: 3 });
});

test('the session reports the active speaker and sound levels (SPK-1, SPK-2)', async () => {
  const session = await join();
  const seen: unknown[] = [];
  session.on('activeSpeaker', ({ streamId, level }) => seen.push([streamId, level]));
  session.on('soundLevels', (levels) => seen.push(levels));
  await world.server.push({ event: 'activeSpeaker', streamId: 's1', level: 30 });
  await world.server.push({ event: 'activeSpeaker' });
  await world.server.push({ event: 'soundLevels', levels: [{ streamId: 's1', level: 12 }] });
  expect(seen).toEqual([['s1', 30], [undefined, undefined], [{ streamId: 's1', level: 12 }]]);
});

test('a video that the server pauses for want of bandwidth is an event, and again when it resumes (BWE-2)', async () => {
  const { playback } = await play();
  const seen: boolean[] = [];
  playback.on('videoPaused', (isPaused) => seen.push(isPaused));
  const push = (isPaused: boolean) => world.server.push({ event: 'videoPaused', streamId: 's1', isPaused });
  await push(true);
  expect(playback.isVideoPaused).toBe(true);
  await push(true);
  await push(false);
  await push(true);
  await world.server.push({ event: 'mediaLost' });
  expect([seen, playback.isVideoPaused]).toEqual([[true, false, true, false], false]);
});

async function publish(height: number, options: { readonly maxVideoKbps?: number } = {}) {
  const session = await join();
  const camera = cameraStream(['video']);
  for (const track of camera.tracks) track.settings = { width: (height * 16) / 9, height };
  const publication = session.media.publish('mine', camera.stream, { maxVideoKbps: 1000, ...options });
  await settle();
  world.media.peer.become('connected');
  await vi.dynamicImportSettled();
  const encodings = () => world.media.sections.at(-1)?.sender.getParameters().encodings ?? [];
  return {
    session,
    publication,
    /** Whether each layer is sent, from the lowest. */
    active: () => encodings().map(({ active }) => active ?? true),
    rates: () => encodings().map(({ maxBitrate }) => maxBitrate),
    demand: async (highestLayer: number, maxBps?: number) => {
      const limit = maxBps === undefined ? {} : { maxBps };
      await world.server.push({ event: 'demandChanged', streamId: 'mine', highestLayer, ...limit });
    },
  };
}

test('layers that no viewer takes are switched off and on again, without an offer (BWE-4)', async () => {
  const { demand, active } = await publish(720);
  const offers = world.server.seen('negotiate').length;
  const seen: boolean[][] = [];
  for (const highest of [1, -1, 0, 2]) {
    await demand(highest);
    seen.push(active());
  }
  expect(seen).toEqual([
    [true, true, false],
    [false, false, false],
    [true, false, false],
    [true, true, true],
  ]);
  expect(world.server.seen('negotiate')).toHaveLength(offers);
});

test('a video of one size is switched off while nobody takes it (BWE-4)', async () => {
  const { demand, active } = await publish(360);
  await demand(-1);
  const isOff = active();
  await demand(0);
  expect([isOff, active()]).toEqual([[false], [true]]);
});

test('the ceiling of the only viewer limits the layer that it takes, within the own limit (BWE-4)', async () => {
  const { demand, rates, publication } = await publish(720);
  await demand(1, 150_000);
  expect(rates()).toEqual([80_000, 150_000, 680_000]);
  await publication.setMaxKbps('video', 500);
  expect(rates()).toEqual([40_000, 120_000, 340_000]);
  await demand(2, 10_000);
  expect(rates()).toEqual([40_000, 120_000, 50_000]);
  await demand(2);
  expect(rates()).toEqual([40_000, 120_000, 340_000]);
});

test('what viewers take holds for another track and for a new section, until the connection is replaced (BWE-4)', async () => {
  const { demand, active, publication } = await publish(720);
  await demand(0);
  await publication.replaceTrack('video', new FakeTrack('video') as unknown as MediaStreamTrack);
  expect(active()).toEqual([true, false, false]);
  const sender = world.media.sections.at(-1)?.sender;
  if (!sender) throw new Error('there is no section');
  sender.replaceTrack = () => Promise.reject(new DOMException('', 'InvalidModificationError'));
  const wide = new FakeTrack('video');
  wide.settings = { width: 1280, height: 720 };
  await publication.replaceTrack('video', wide as unknown as MediaStreamTrack);
  await settle();
  expect(world.media.sections.at(-1)?.sender).not.toBe(sender);
  expect(active()).toEqual([true, false, false]);
  await world.server.push({ event: 'mediaLost' });
  expect(active()).toEqual([true, true, true]);
});

test('kinds that viewers cannot decode are an event at the publisher (MED-8)', async () => {
  const { publication } = await publish(360);
  const seen: unknown[] = [];
  publication.on('viewerUnsupported', (kinds) => seen.push(kinds));
  await world.server.push({ event: 'viewerUnsupported', streamId: 'mine', kinds: ['video'] });
  await world.server.push({ event: 'viewerUnsupported', streamId: 'gone', kinds: ['video'] });
  expect(seen).toEqual([['video']]);
});
