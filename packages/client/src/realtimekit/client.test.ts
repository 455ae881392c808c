import { MEMBER_CAUSES } from '@gavel/protocol/causes';
import { expect, test } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeTrack } from '../testing/fake-media.ts';
import { LOST, loginResult, member, snapshot, stream } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { LEAVE_STATE_OF_CAUSE } from './causes.ts';
import { RealtimeKitClient, type RealtimeKitOptions } from './client.ts';

const PROFILE = {
  participantId: 'p-me',
  customParticipantId: 'custom-me',
  presetName: 'host',
  picture: 'https://a.test/me.png',
  meetingId: 'meeting-1',
  meetingTitle: 'Standup',
};

const track = (kind: 'audio' | 'video') => {
  const fake = new FakeTrack(kind, `own-${kind}`);
  return { fake, real: fake as unknown as MediaStreamTrack };
};

function create(world: World, more: Partial<RealtimeKitOptions> = {}) {
  return RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
    ...more,
  });
}

async function join(world: World) {
  world.server.login = loginResult({
    user: { id: 'p-me', name: 'Me' },
    profile: PROFILE,
    room: snapshot({
      members: [member('m-me', 'p-me', PROFILE), member('m-ann', 'p-ann', { ...PROFILE, participantId: 'p-ann' })],
      streams: [stream('rtk-m-ann', 'm-ann', { video: false })],
    }),
  });
  const meeting = await create(world);
  const log: unknown[][] = [];
  for (const event of ['roomJoined', 'roomLeft', 'audioUpdate', 'videoUpdate'] as const) {
    meeting.self.on(event, (...args: unknown[]) => log.push([`self ${event}`, ...args]));
  }
  const { joined } = meeting.participants;
  joined.on('participantJoined', ({ id }) => log.push(['joined', id]));
  joined.on('participantLeft', ({ id }) => log.push(['left', id]));
  joined.on('participantsCleared', () => log.push(['cleared']));
  joined.on('audioUpdate', ({ id }, state) => log.push(['audio', id, state.audioEnabled, state.audioTrack?.id]));
  joined.on('videoUpdate', ({ id }, state) => log.push(['video', id, state.videoEnabled, state.videoTrack?.id]));
  await meeting.join();
  await settle();
  return { meeting, log };
}

test('a join logs in with the participant’s token and shows self, meta and those who are there (RTK-6)', async () => {
  const world = createWorld();
  const { meeting, log } = await join(world);
  expect(world.server.socket.url).toBe('wss://rooms.test/signalling');
  expect(world.server.seen('login')[0]).toMatchObject({
    credential: { scheme: 'participant-token', token: 'jwt' },
    members: true,
  });
  expect(meeting.self).toMatchObject({
    id: 'm-me',
    userId: 'p-me',
    name: 'Me',
    customParticipantId: 'custom-me',
    presetName: 'host',
    picture: 'https://a.test/me.png',
    roomState: 'joined',
    audioEnabled: false,
  });
  expect(meeting.meta).toMatchObject({ meetingId: 'meeting-1', meetingTitle: 'Standup', sessionId: '1' });
  expect(meeting.participants.joined.toArray().map(({ id, userId }) => [id, userId])).toEqual([['m-ann', 'p-ann']]);
  expect(log).toEqual([
    ['joined', 'm-ann'],
    ['audio', 'm-ann', true, undefined],
    ['self roomJoined', { reconnected: false }],
    ['audio', 'm-ann', true, 'audio-of-peer-1'],
  ]);
  expect(world.server.seen('play')).toHaveLength(1);
});

test('others come, send, stop sending and go', async () => {
  const world = createWorld();
  const { meeting, log } = await join(world);
  log.length = 0;
  const bob = stream('rtk-m-bob', 'm-bob');
  await world.server.push({ event: 'memberJoined', seq: 11, userSeq: 3, memberCount: 3, member: member('m-bob') });
  await world.server.push({ event: 'streamAdded', seq: 12, streamSeq: 2, stream: bob });
  await world.server.push({ event: 'streamUpdated', seq: 13, stream: { ...bob, video: false } });
  await world.server.push({ event: 'streamRemoved', seq: 14, streamSeq: 3, stream: bob, cause: 'kicked' });
  await world.server.push({
    event: 'memberLeft',
    seq: 15,
    userSeq: 4,
    memberCount: 2,
    member: member('m-bob'),
    cause: 'kicked',
  });
  expect(log).toEqual([
    ['joined', 'm-bob'],
    ['audio', 'm-bob', true, undefined],
    ['video', 'm-bob', true, undefined],
    ['audio', 'm-bob', true, 'audio-of-peer-1'],
    ['video', 'm-bob', true, 'video-of-peer-1'],
    ['video', 'm-bob', false, undefined],
    ['audio', 'm-bob', false, undefined],
    ['left', 'm-bob'],
  ]);
  expect(meeting.participants.count).toBe(1);
});

test('a kick leaves with state kicked, media stopped, and no way back by itself (RTK-5, KICK-9)', async () => {
  const world = createWorld();
  const { meeting, log } = await join(world);
  const camera = track('video');
  await meeting.self.enableVideo(camera.real);
  await settle();
  log.length = 0;
  await world.server.remove('kicked', '', 4500);
  expect(log).toEqual([
    ['audio', 'm-ann', true, undefined],
    ['self videoUpdate', { videoEnabled: false, videoTrack: undefined }],
    ['self roomLeft', { state: 'kicked' }],
    ['cleared'],
  ]);
  expect(camera.fake.readyState).toBe('ended');
  expect(world.media.open).toHaveLength(0);
  expect(meeting.self.roomState).toBe('kicked');
  await world.clock.advance(600_000);
  expect(world.server.seen('login')).toHaveLength(1);
});

test('every cause of an exit has its leave state (RTK-5)', () => {
  expect(MEMBER_CAUSES.map((cause) => [cause, LEAVE_STATE_OF_CAUSE[cause]])).toEqual([
    ['logout', 'left'],
    ['heartbeat-timeout', 'disconnected'],
    ['connection-lost', 'disconnected'],
    ['kicked', 'kicked'],
    ['room-closed', 'ended'],
    ['replaced', 'disconnected'],
    ['token-expired', 'failed'],
  ]);
});

test('an own leave, a closed room and a lost connection have their states', async () => {
  const left = await join(createWorld());
  await left.meeting.leave();
  expect(left.meeting.self.roomState).toBe('left');

  const world = createWorld();
  const ended = await join(world);
  await world.server.remove('room-closed', '', 4501);
  expect(ended.meeting.self.roomState).toBe('ended');

  const lostWorld = createWorld();
  const lost = await join(lostWorld);
  lostWorld.server.isReachable = false;
  lostWorld.server.socket.close(1006);
  await lostWorld.clock.advance(300_000);
  expect(lost.meeting.self.roomState).toBe('disconnected');
});

test('turning audio and video on publishes one stream, and off and on again negotiates no more', async () => {
  const world = createWorld();
  const { meeting, log } = await join(world);
  log.length = 0;
  const microphone = track('audio');
  const camera = track('video');
  await meeting.self.enableAudio(microphone.real);
  await settle();
  expect(world.server.seen('publish')).toMatchObject([{ streamId: 'rtk-m-me', audio: true, video: false }]);
  expect(world.media.peer.sent).toEqual([microphone.fake, null]);
  await meeting.self.enableVideo(camera.real);
  expect(world.media.peer.sent).toEqual([microphone.fake, camera.fake]);
  await meeting.self.disableVideo();
  expect(camera.fake.readyState).toBe('ended');
  await meeting.self.disableAudio();
  expect(microphone.fake).toMatchObject({ enabled: false, readyState: 'live' });
  await meeting.self.enableAudio();
  expect(microphone.fake.enabled).toBe(true);
  expect(world.server.seen('publish')).toHaveLength(1);
  expect(world.server.seen('updateStream').map(({ audio, video }) => [audio, video])).toEqual([
    [undefined, true],
    [undefined, false],
    [false, undefined],
    [true, undefined],
  ]);
  expect(log).toEqual([
    ['self audioUpdate', { audioEnabled: true, audioTrack: microphone.real }],
    ['self videoUpdate', { videoEnabled: true, videoTrack: camera.real }],
    ['self videoUpdate', { videoEnabled: false, videoTrack: undefined }],
    ['self audioUpdate', { audioEnabled: false, audioTrack: microphone.real }],
    ['self audioUpdate', { audioEnabled: true, audioTrack: microphone.real }],
  ]);
});

test('what was enabled before the join is published after it, as far as the preset allows (AUTH-2)', async () => {
  const world = createWorld();
  const meeting = await create(world);
  // The preset changes between init and the join.
  world.server.login = loginResult({ permissions: { publishAudio: true, publishVideo: false } });
  const camera = track('video');
  await meeting.self.enableAudio(track('audio').real);
  await meeting.self.enableVideo(camera.real);
  await meeting.join();
  await settle();
  expect(world.server.seen('publish')).toMatchObject([{ audio: true, video: false }]);
  expect(world.media.peer.transceivers).toHaveLength(1);
  expect(camera.fake.readyState).toBe('ended');
  await expect(meeting.self.enableVideo(track('video').real)).rejects.toMatchObject({ code: '1101' });
  expect(meeting.self.permissions).toMatchObject({ canProduceAudio: 'ALLOWED', canProduceVideo: 'NOT_ALLOWED' });
});

test('an own stream deleted by the server turns audio and video off; they can be turned on again (STRM-3)', async () => {
  const world = createWorld();
  const { meeting } = await join(world);
  await meeting.self.enableAudio(track('audio').real);
  await settle();
  await world.server.push({ event: 'mediaClosed', streamId: 'rtk-m-me', cause: 'deleted', streamSeq: 2 });
  expect(meeting.self.audioEnabled).toBe(false);
  await meeting.self.enableAudio(track('audio').real);
  await settle();
  expect(world.server.seen('publish')).toHaveLength(2);
});

test('a lost connection shows roomJoined with reconnected, and the socket’s states', async () => {
  const world = createWorld();
  const { meeting, log } = await join(world);
  const states: string[] = [];
  meeting.meta.on('socketConnectionUpdate', ({ state }) => states.push(state));
  log.length = 0;
  world.server.socket.close(1006);
  await world.clock.advance(1_000);
  expect(states).toEqual(['reconnecting', 'connected']);
  expect(log).toEqual([['self roomJoined', { reconnected: true }]]);
});

test('a refused join rejects with 0004 and may be tried again', async () => {
  const world = createWorld();
  world.server.answers.login = () => ({ refuse: 'login.bad-credential' });
  const meeting = await create(world);
  const microphone = track('audio');
  await meeting.self.enableAudio(microphone.real);
  await expect(meeting.join()).rejects.toMatchObject({ code: '0004' });
  expect(meeting.self.roomState).toBe('failed');
  expect(microphone.fake.readyState).toBe('live');
  delete world.server.answers.login;
  await meeting.join();
  expect(meeting.self.roomJoined).toBe(true);
  await expect(create(world, { authToken: '' })).rejects.toMatchObject({ code: '0004' });
});

test('after a restart of the server the others are new peers with the same streams (MED-3)', async () => {
  const world = createWorld();
  const { meeting, log } = await join(world);
  log.length = 0;
  world.server.resume = LOST;
  world.server.login = loginResult({
    memberId: 'm-me-2',
    room: snapshot({
      seq: 5,
      members: [member('m-me-2', 'p-me'), member('m-ann-2', 'p-ann')],
      streams: [stream('rtk-m-ann', 'm-ann-2', { user: { id: 'm-ann', name: 'ANN' } })],
    }),
  });
  world.server.socket.close(1006);
  await world.clock.advance(1_000);
  expect(meeting.participants.joined.toArray().map(({ id }) => id)).toEqual(['m-ann-2']);
  expect(meeting.participants.joined.get('m-ann-2')?.videoTrack?.id).toBe('video-of-peer-2');
  expect(world.server.seen('play')).toHaveLength(2);
});

test('stream ids hold letters, digits, - and _ only', async () => {
  const world = createWorld();
  world.server.login = loginResult({ memberId: 'm:1/ä' });
  const meeting = await create(world);
  await meeting.join();
  await meeting.self.enableAudio(track('audio').real);
  await settle();
  expect(world.server.seen('publish')[0]?.streamId).toBe('rtk-m_1__');
});

test('a client that was taken out while it was offline learns it and stays out (KICK-12)', async () => {
  for (const [details, state] of [
    [{ cause: 'kicked', reason: '' }, 'kicked'],
    [{ cause: 'room-closed', reason: '' }, 'ended'],
    [undefined, 'failed'],
  ] as const) {
    const world = createWorld();
    const { meeting } = await join(world);
    const left: unknown[] = [];
    meeting.self.on('roomLeft', (event) => left.push(event));
    world.server.resume = { refuse: 'resume.refused', ...(details && { details }) };
    world.server.socket.close(1006);
    await world.clock.advance(600_000);
    expect(left).toEqual([{ state }]);
    expect(world.server.seen('login')).toHaveLength(1);
  }
});
