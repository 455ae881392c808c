import { afterEach, expect, test, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeStream, FakeTrack } from '../testing/fake-media.ts';
import { loginResult, member, snapshot, stream } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';

afterEach(() => void vi.unstubAllGlobals());

/** The browser gives this screen, or its user refuses. */
function offerScreen(kinds: readonly ('audio' | 'video')[] | 'refused') {
  const tracks = kinds === 'refused' ? [] : kinds.map((kind) => new FakeTrack(kind, `screen-${kind}`));
  const getDisplayMedia = async () => {
    if (kinds === 'refused') throw new DOMException('the user said no', 'NotAllowedError');
    return new FakeStream(tracks);
  };
  vi.stubGlobal('navigator', { mediaDevices: { getDisplayMedia } });
  return tracks;
}

async function join(world: World, screen = { publish: true, maxInRoom: 1 }) {
  world.server.login = loginResult({
    permissions: { publishAudio: true, publishVideo: true, screen, moderation: { muteScreen: true } },
    room: snapshot({ members: [member('m-me', 'p-me'), member('m-ann', 'p-ann')] }),
  });
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
  const log: unknown[] = [];
  meeting.self.on('screenShareUpdate', ({ screenShareEnabled, screenShareTracks }) =>
    log.push([screenShareEnabled, Object.keys(screenShareTracks)]),
  );
  await meeting.join();
  await settle();
  return { meeting, log };
}

/** Shares, up to the moment in which the media is there. */
async function share(world: World, meeting: RealtimeKitClient): Promise<void> {
  const shared = meeting.self.enableScreenShare();
  await settle();
  world.media.peer.become('connected');
  await shared;
}

test('a screen is published as a stream of its own, which says that it is one (SCRN-1)', async () => {
  const world = createWorld();
  const { meeting, log } = await join(world);
  offerScreen(['audio', 'video']);
  await share(world, meeting);
  expect(world.server.seen('publish')).toMatchObject([
    { streamId: 'rtk-m-me-screen', source: 'screen', audio: true, video: true },
  ]);
  expect(meeting.self.screenShareEnabled).toBe(true);
  expect(meeting.self.screenShareTracks.video?.id).toBe('screen-video');
  await meeting.self.enableScreenShare();
  expect(world.server.seen('publish')).toHaveLength(1);
  await meeting.self.disableScreenShare();
  await settle();
  expect(world.server.seen('unpublish')).toEqual([{ streamId: 'rtk-m-me-screen' }]);
  expect(log).toEqual([
    [true, ['audio', 'video']],
    [false, []],
  ]);
});

test('the browser’s own button ends it, and so do leaving and a host', async () => {
  const world = createWorld();
  const { meeting, log } = await join(world);
  const [first] = offerScreen(['video']);
  await share(world, meeting);
  first?.finish();
  await settle();
  expect(world.server.seen('unpublish')).toEqual([{ streamId: 'rtk-m-me-screen' }]);
  expect(meeting.self.screenShareEnabled).toBe(false);

  const [second] = offerScreen(['video']);
  await share(world, meeting);
  const own = stream('rtk-m-me-screen', 'm-me', { source: 'screen' });
  await world.server.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: own });
  await world.server.push({ event: 'streamRemoved', seq: 12, streamSeq: 3, stream: own, cause: 'deleted' });
  expect([meeting.self.screenShareEnabled, second?.readyState]).toEqual([false, 'ended']);

  const [third] = offerScreen(['video']);
  await share(world, meeting);
  await meeting.leave();
  expect([meeting.self.screenShareEnabled, third?.readyState]).toEqual([false, 'ended']);
  expect(log.map((each) => (each as unknown[])[0])).toEqual([true, false, true, false, true, false]);
});

test('what the preset, the server or the user refuses is refused, and nothing stays open (SCRN-2, SCRN-3)', async () => {
  const world = createWorld();
  const { meeting, log } = await join(world);
  await meeting.leave();
  await expect(meeting.self.enableScreenShare()).rejects.toMatchObject({ code: '1105' });

  const forbidden = createWorld();
  const other = await join(forbidden, { publish: false, maxInRoom: 1 });
  await expect(other.meeting.self.enableScreenShare()).rejects.toMatchObject({ code: '1101' });

  const full = createWorld();
  const third = await join(full);
  const [track] = offerScreen(['video']);
  full.server.answers.publish = () => ({ refuse: 'stream.too-many' });
  await expect(third.meeting.self.enableScreenShare()).rejects.toMatchObject({ code: '1101' });
  expect(track?.readyState).toBe('ended');
  offerScreen('refused');
  await expect(third.meeting.self.enableScreenShare()).rejects.toMatchObject({ code: '1612' });
  // It may be tried again.
  delete full.server.answers.publish;
  offerScreen(['video']);
  await share(full, third.meeting);
  expect(third.meeting.self.screenShareEnabled).toBe(true);
  expect([log, other.log]).toEqual([[], []]);
});

test('losing the permission ends it, and the permission is shown (SCRN-4)', async () => {
  const world = createWorld();
  const { meeting } = await join(world);
  offerScreen(['video']);
  await share(world, meeting);
  expect(meeting.self.permissions.canProduceScreenshare).toBe('ALLOWED');
  const permissions = { publishAudio: true, publishVideo: true, screen: { publish: false } };
  await world.server.push({ event: 'permissions', seq: 11, permissions });
  expect(meeting.self.screenShareEnabled).toBe(false);
  expect(meeting.self.permissions.canProduceScreenshare).toBe('NOT_ALLOWED');
});

test('another’s screen is beside its camera, and the map tells of it (SCRN-1)', async () => {
  const world = createWorld();
  const { meeting } = await join(world);
  const ann = meeting.participants.joined.get('m-ann');
  const log: unknown[] = [];
  meeting.participants.joined.on('screenShareUpdate', ({ id }, { screenShareEnabled, screenShareTracks }) =>
    log.push([id, screenShareEnabled, Object.keys(screenShareTracks)]),
  );
  const camera = stream('c', 'm-ann', { audio: false });
  const screen = stream('s', 'm-ann', { source: 'screen', audio: false });
  await world.server.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: screen });
  await world.server.push({ event: 'streamAdded', seq: 12, streamSeq: 3, stream: camera });
  await settle();
  expect([ann?.videoEnabled, ann?.audioEnabled, ann?.screenShareEnabled]).toEqual([true, false, true]);
  expect(ann?.screenShareTracks.video).toBeDefined();
  expect(ann?.screenShareTracks.video).not.toBe(ann?.videoTrack);
  await world.server.push({ event: 'streamRemoved', seq: 13, streamSeq: 4, stream: screen, cause: 'stopped' });
  expect([ann?.videoEnabled, ann?.screenShareEnabled]).toEqual([true, false]);
  expect(log).toEqual([
    ['m-ann', true, []],
    ['m-ann', true, ['video']],
    ['m-ann', false, []],
  ]);
  await ann?.disableScreenShare();
  await meeting.participants.updatePermissions(['m-ann'], { canProduceScreenshare: 'NOT_ALLOWED' });
  expect(world.server.seen('moderate')).toEqual([
    { action: 'mute', memberId: 'm-ann', kinds: ['screen'] },
    { action: 'setPermissions', memberIds: ['m-ann'], changes: { publishScreen: false } },
  ]);
});
