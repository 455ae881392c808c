import { afterEach, expect, it, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeTrack } from '../testing/fake-media.ts';
import { loginResult, member, snapshot, stream } from '../testing/fake-server.ts';
import { createWorld } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';

afterEach(() => vi.unstubAllGlobals());

/** A video element, as far as the client uses it. */
function createElement() {
  const element = {
    srcObject: null as MediaStream | null,
    muted: false,
    style: { display: '' },
    play: vi.fn(async () => {}),
  };
  return {
    element: element as unknown as HTMLVideoElement,
    /** The ids of the tracks that it shows. */
    shown: () => element.srcObject?.getVideoTracks().map(({ id }) => id) ?? [],
  };
}

async function join() {
  const world = createWorld();
  world.server.login = loginResult({
    room: snapshot({
      members: [member('m-me', 'me'), member('m-ann', 'ann')],
      streams: [stream('rtk-m-ann', 'm-ann', { video: false })],
    }),
  });
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
  await meeting.join();
  await settle();
  return { world, meeting };
}

it('the own video is shown in every registered element, now and after each change', async () => {
  const { meeting } = await join();
  const { self } = meeting;
  const [early, late] = [createElement(), createElement()];
  self.registerVideoElement(early.element);
  expect(early.shown()).toEqual([]);
  await self.enableVideo(new FakeTrack('video', 'camera-1') as unknown as MediaStreamTrack);
  self.registerVideoElement(late.element, true);
  expect([early.shown(), late.shown()]).toEqual([['camera-1'], ['camera-1']]);
  expect(late.element).toMatchObject({ muted: true, autoplay: true, playsInline: true, style: { display: 'block' } });

  self.deregisterVideoElement(early.element);
  await self.disableVideo();
  expect([early.shown(), late.shown(), late.element.style.display]).toEqual([[], [], 'none']);
  await self.enableVideo(new FakeTrack('video', 'camera-2') as unknown as MediaStreamTrack);
  expect([early.shown(), late.shown()]).toEqual([[], ['camera-2']]);
  self.deregisterVideoElement();
  expect(late.shown()).toEqual(['camera-2']);
  self.deregisterVideoElement(late.element, true);
  expect(late.shown()).toEqual([]);
});

it.each([undefined, null])(
  '%s, which the UI kit passes for an element that it removed, changes nothing',
  async (nothing) => {
    const { meeting } = await join();
    const { element, shown } = createElement();
    await meeting.self.enableVideo(new FakeTrack('video', 'camera-1') as unknown as MediaStreamTrack);
    meeting.self.registerVideoElement(element);
    meeting.self.registerVideoElement(nothing as never);
    meeting.self.deregisterVideoElement(nothing as never);
    expect(shown()).toEqual(['camera-1']);
  },
);

it('a participant’s video is shown while it is on', async () => {
  const { world, meeting } = await join();
  const { element, shown } = createElement();
  const ann = meeting.participants.joined.get('m-ann');
  ann?.registerVideoElement(element);
  ann?.registerVideoElement(element);
  expect(shown()).toEqual([]);
  await world.server.push({ event: 'streamUpdated', seq: 11, stream: stream('rtk-m-ann', 'm-ann') });
  expect(shown()).toEqual(['video-of-peer-1']);
  await world.server.push({ event: 'streamUpdated', seq: 12, stream: stream('rtk-m-ann', 'm-ann', { video: false }) });
  expect(shown()).toEqual([]);
});

it.each(['video', {}])('%s is refused as an element with 1100', async (element) => {
  const { meeting } = await join();
  expect(() => meeting.self.registerVideoElement(element as never)).toThrow(expect.objectContaining({ code: '1100' }));
  meeting.self.deregisterVideoElement(element as never);
});
