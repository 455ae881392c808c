import { expect, test } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeTrack } from '../testing/fake-media.ts';
import { loginResult, member, snapshot, stream } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';

const track = (kind: 'audio' | 'video') => {
  const fake = new FakeTrack(kind, `own-${kind}`);
  return { fake, real: fake as unknown as MediaStreamTrack };
};

async function join(world: World) {
  world.server.login = loginResult({
    permissions: {
      publishAudio: true,
      publishVideo: true,
      moderation: { kick: true, muteAudio: true, muteVideo: false, changePermissions: true },
    },
    room: snapshot({ members: [member('m-me', 'p-me'), member('m-ann', 'p-ann')] }),
  });
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
  await meeting.join();
  await settle();
  const ann = meeting.participants.joined.get('m-ann');
  if (!ann) throw new Error('Ann is not there');
  return { meeting, ann };
}

test('the controls of a host ask the server (HOST-1, HOST-3)', async () => {
  const world = createWorld();
  const { meeting, ann } = await join(world);
  expect(meeting.self.permissions).toMatchObject({
    kickParticipant: true,
    canDisableParticipantAudio: true,
    canDisableParticipantVideo: false,
  });
  await ann.disableAudio();
  await ann.disableVideo();
  await meeting.participants.disableAllAudio(false);
  await meeting.participants.disableAllVideo();
  await ann.kick();
  expect(world.server.seen('moderate')).toEqual([
    { action: 'mute', memberId: 'm-ann', kinds: ['audio'] },
    { action: 'mute', memberId: 'm-ann', kinds: ['video'] },
    { action: 'mute', kinds: ['audio'], allowUnmute: false },
    { action: 'mute', kinds: ['video'], allowUnmute: true },
    { action: 'kick', memberId: 'm-ann' },
  ]);
});

test('what the server refuses has the code 1201, whatever the client knows of permissions (HOST-1)', async () => {
  const world = createWorld();
  const { meeting, ann } = await join(world);
  world.server.answers.moderate = () => ({ refuse: 'member.not-allowed' });
  const { participants } = meeting;
  const calls = [
    ann.kick(),
    ann.disableAudio(),
    ann.disableVideo(),
    participants.kickAll(),
    participants.disableAllAudio(true),
    participants.disableAllVideo(),
  ];
  for (const call of calls) await expect(call).rejects.toMatchObject({ name: 'RealtimeKitError', code: '1201' });
  world.server.answers.moderate = () => ({ refuse: 'room.member-not-found' });
  await expect(ann.kick()).rejects.toMatchObject({ code: '1204' });
  await meeting.leave();
  await expect(ann.kick()).rejects.toMatchObject({ code: '1205' });
});

test('kickAll resolves although the session ends before its answer (HOST-2)', async () => {
  const world = createWorld();
  const { meeting } = await join(world);
  world.server.answers.moderate = () => undefined;
  const ended = meeting.participants.kickAll();
  await world.server.remove('room-closed', '', 4501);
  await ended;
  expect(meeting.self.roomState).toBe('ended');
});

test('others hear of a kick after the participant has left (HOST-2)', async () => {
  const world = createWorld();
  const { meeting } = await join(world);
  const log: unknown[] = [];
  meeting.participants.joined.on('participantLeft', ({ id }) => log.push(['left', id]));
  meeting.participants.joined.on('kicked', ({ id }) => log.push(['kicked', id]));
  const left = { event: 'memberLeft', seq: 11, userSeq: 3, memberCount: 1, member: member('m-ann', 'p-ann') } as const;
  await world.server.push({ ...left, cause: 'kicked' });
  expect(log).toEqual([
    ['left', 'm-ann'],
    ['kicked', 'm-ann'],
  ]);
});

test('who is muted by a host sees it, camera light included, and may turn on again (HOST-3)', async () => {
  const world = createWorld();
  const { meeting } = await join(world);
  const { self } = meeting;
  const [microphone, camera] = [track('audio'), track('video')];
  await self.enableAudio(microphone.real);
  await self.enableVideo(camera.real);
  await settle();
  const log: unknown[] = [];
  self.on('audioUpdate', ({ audioEnabled }) => log.push(['audio', audioEnabled]));
  self.on('videoUpdate', ({ videoEnabled }) => log.push(['video', videoEnabled]));
  const countBefore = world.server.seen('updateStream').length;
  const own = stream('rtk-m-me', 'm-me', { audio: false, video: false, muted: ['audio', 'video'] });
  await world.server.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: own });
  expect(log).toEqual([
    ['audio', false],
    ['video', false],
  ]);
  expect([microphone.fake.enabled, camera.fake.readyState]).toEqual([false, 'ended']);
  // The server knows: it said so.
  expect(world.server.seen('updateStream')).toHaveLength(countBefore);
  await self.enableAudio();
  expect(self.audioEnabled).toBe(true);
  expect(world.server.seen('updateStream').at(-1)).toEqual({ streamId: 'rtk-m-me', audio: true });
});

test('who may not turn on again is refused with 1101, and stays off (HOST-4)', async () => {
  const world = createWorld();
  const { meeting } = await join(world);
  const { self } = meeting;
  await self.enableAudio(track('audio').real);
  await settle();
  const own = stream('rtk-m-me', 'm-me', { audio: false, muted: ['audio'] });
  await world.server.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: own });
  world.server.answers.updateStream = () => ({ refuse: 'member.not-allowed' });
  await expect(self.enableAudio()).rejects.toMatchObject({ code: '1101' });
  expect(self.audioEnabled).toBe(false);
  await settle();
  expect(world.server.seen('updateStream')).toEqual([{ streamId: 'rtk-m-me', audio: true }]);
});

test('others’ permissions are changed in the words of the protocol (HOST-6)', async () => {
  const world = createWorld();
  const { meeting } = await join(world);
  await meeting.participants.updatePermissions(['m-ann'], {
    canProduceAudio: 'NOT_ALLOWED',
    canProduceVideo: 'ALLOWED',
    chat: { public: { canSend: false }, private: { canReceive: true } },
  });
  await meeting.participants.updatePermissions(['m-ann'], { canProduceAudio: 'ALLOWED' });
  expect(world.server.seen('moderate')).toEqual([
    {
      action: 'setPermissions',
      memberIds: ['m-ann'],
      changes: { publishAudio: false, publishVideo: true, chat: { sendPublic: false, receivePrivate: true } },
    },
    { action: 'setPermissions', memberIds: ['m-ann'], changes: { publishAudio: true } },
  ]);
});

test('a change of the own permissions shows, and what is not allowed any more is off (HOST-6)', async () => {
  const world = createWorld();
  const { meeting } = await join(world);
  const { self } = meeting;
  const [microphone, camera] = [track('audio'), track('video')];
  await self.enableAudio(microphone.real);
  await self.enableVideo(camera.real);
  await settle();
  let updates = 0;
  self.permissions.on('permissionsUpdate', () => {
    updates += 1;
  });
  const permissions = { publishAudio: true, publishVideo: false };
  await world.server.push({ event: 'permissions', seq: 11, permissions });
  expect([updates, self.permissions.canProduceVideo, self.videoEnabled]).toEqual([1, 'NOT_ALLOWED', false]);
  expect([self.audioEnabled, camera.fake.readyState]).toEqual([true, 'ended']);
  await expect(self.enableVideo(track('video').real)).rejects.toMatchObject({ code: '1101' });

  // Allowed again, the stream is published anew with room for the kind; nothing is turned on by itself.
  await world.server.push({ event: 'permissions', seq: 12, permissions: { ...permissions, publishVideo: true } });
  await settle();
  expect([self.permissions.canProduceVideo, self.videoEnabled]).toEqual(['ALLOWED', false]);
  expect(world.server.seen('unpublish')).toHaveLength(1);
  expect(world.server.seen('publish')).toHaveLength(2);
  await self.enableVideo(track('video').real);
  expect(world.server.seen('updateStream').at(-1)).toEqual({ streamId: 'rtk-m-me', video: true });
});
