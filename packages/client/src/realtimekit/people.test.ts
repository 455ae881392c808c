import { expect, test } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { LOST, loginResult, member, snapshot, stream } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';

const FACTS = {
  viewType: 'GROUP_CALL',
  permissions: {
    can_record: true,
    hidden_participant: false,
    show_participant_list: true,
    waiting_room_type: 'SKIP_ON_ACCEPT',
    stage_access: 'CAN_REQUEST',
    plugins: { can_start: true, can_close: false },
    connected_meetings: { can_switch_to_parent_meeting: true },
  },
};
const ann = member('m-ann', 'p-ann', { presetName: 'guest' });

async function create(world: World) {
  world.server.login = loginResult({
    user: { id: 'p-me', name: 'Me' },
    facts: FACTS,
    session: { id: 'session-1', startedAtMs: 1_000 },
    permissions: { publishAudio: true, publishVideo: true, rename: true, moderation: { pin: true } },
    room: snapshot({ members: [member('m-me', 'p-me'), ann, { ...member('m-ben', 'p-ben'), pinned: true }] }),
  });
  return RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
}
async function join(world: World) {
  const meeting = await create(world);
  await meeting.join();
  await settle();
  const found = meeting.participants.joined.get('m-ann');
  if (!found) throw new Error('Ann is not there');
  return { meeting, ann: found };
}

test('a pin is asked of the server, and shown when the room tells of it (PIN-1, PIN-2)', async () => {
  const world = createWorld();
  const { meeting, ann } = await join(world);
  const log: unknown[] = [];
  meeting.participants.joined.on('pinned', ({ id }) => log.push(['pinned', id, meeting.participants.pinned.has(id)]));
  meeting.participants.joined.on('unpinned', ({ id }) => log.push(['unpinned', id]));
  meeting.participants.pinned.on('participantLeft', ({ id }) => log.push(['left the pinned', id]));
  meeting.self.on('pinned', () => log.push(['self pinned', meeting.self.isPinned]));
  meeting.self.on('unpinned', () => log.push(['self unpinned', meeting.self.isPinned]));
  // Who was pinned before the own join.
  expect([...meeting.participants.pinned.keys()]).toEqual(['m-ben']);
  await ann.pin();
  await meeting.self.pin();
  await meeting.self.unpin();
  expect(world.server.seen('moderate')).toEqual([
    { action: 'pin', memberId: 'm-ann', pinned: true },
    { action: 'pin', memberId: 'm-me', pinned: true },
    { action: 'pin', memberId: 'm-me', pinned: false },
  ]);
  expect([ann.isPinned, log]).toEqual([false, []]);
  await world.server.push({ event: 'memberUpdated', seq: 11, member: { ...member('m-ann', 'p-ann'), pinned: true } });
  await world.server.push({ event: 'memberUpdated', seq: 12, member: { ...member('m-me', 'p-me'), pinned: true } });
  await world.server.push({ event: 'memberUpdated', seq: 13, member: member('m-me', 'p-me') });
  expect([ann.isPinned, [...meeting.participants.pinned.keys()]]).toEqual([true, ['m-ben', 'm-ann']]);
  await world.server.push({ event: 'memberUpdated', seq: 14, member: member('m-ann', 'p-ann') });
  expect(log).toEqual([
    ['pinned', 'm-ann', true],
    ['self pinned', true],
    ['self unpinned', false],
    ['left the pinned', 'm-ann'],
    ['unpinned', 'm-ann'],
  ]);
  world.server.answers.moderate = () => ({ refuse: 'member.not-allowed' });
  await expect(ann.unpin()).rejects.toMatchObject({ code: '1201' });
  await expect(meeting.self.pin()).rejects.toMatchObject({ code: '1201' });
});

test('a name is set before the join and after it, and others’ are followed (NAME-1, NAME-2)', async () => {
  const world = createWorld();
  const meeting = await create(world);
  await meeting.self.setName('Mia');
  expect(meeting.self.name).toBe('Mia');
  await meeting.join();
  await settle();
  expect(world.server.seen('login')[0]?.userName).toBe('Mia');
  // The server passed it over: its word counts.
  expect(meeting.self.name).toBe('Me');
  await meeting.self.setName('Mira');
  expect(world.server.seen('rename')).toEqual([{ name: 'Mira' }]);
  const renamed = { ...member('m-me', 'p-me'), user: { id: 'p-me', name: 'Mira' } };
  await world.server.push({ event: 'memberUpdated', seq: 11, member: renamed });
  expect(meeting.self.name).toBe('Mira');
  let updates = 0;
  meeting.participants.joined.on('participantsUpdate', () => {
    updates += 1;
  });
  const anna = { ...ann, user: { id: 'p-ann', name: 'Anna' } };
  await world.server.push({ event: 'memberUpdated', seq: 12, member: anna });
  expect([meeting.participants.joined.get('m-ann')?.name, updates]).toEqual(['Anna', 1]);
  world.server.answers.rename = () => ({ refuse: 'member.not-allowed' });
  await expect(meeting.self.setName('Zoe')).rejects.toMatchObject({ code: '1101' });
  expect(meeting.self.name).toBe('Mira');
});

test('a name that was set comes with a later login too, when the member is lost (NAME-2)', async () => {
  const world = createWorld();
  const { meeting } = await join(world);
  await meeting.self.setName('Mira');
  world.server.resume = LOST;
  world.server.socket.close(1006);
  await world.clock.advance(10_000);
  expect(world.server.seen('login').at(-1)?.userName).toBe('Mira');
});

test('applications tell each other, all or those named (CUST-1)', async () => {
  const world = createWorld();
  const { meeting } = await join(world);
  const { participants } = meeting;
  await participants.broadcastMessage('wave', { n: 1 });
  await participants.broadcastMessage('wave', {}, { participantIds: ['m-ann'], presetNames: ['guest'] });
  expect(world.server.seen('sendCustom')).toEqual([
    { type: 'wave', payload: { n: 1 } },
    { type: 'wave', payload: {}, to: ['m-ann'], toProfile: { key: 'presetName', values: ['guest'] } },
  ]);
  await expect(participants.broadcastMessage('wave', {}, { meetingIds: ['m'] })).rejects.toMatchObject({
    code: '1201',
    message: 'broadcasts to other meetings are not supported',
  });
  await expect(participants.broadcastMessage('wave', {}, { participantIds: [] })).rejects.toMatchObject({
    code: '1204',
  });
  expect(world.server.seen('sendCustom')).toHaveLength(2);
  const received: unknown[] = [];
  participants.on('broadcastedMessage', (message) => received.push(message));
  const from = { id: 'p-ann', name: 'Ann' };
  const custom = { event: 'custom', seq: 11, type: 'wave', payload: { n: 2 }, memberId: 'm-ann', from } as const;
  await world.server.push({ ...custom, sentAtMs: 1_234 });
  expect(received).toEqual([{ type: 'wave', payload: { n: 2 }, timestamp: 1_234 }]);
  world.server.answers.sendCustom = () => ({ refuse: 'rate.limited' });
  await expect(participants.broadcastMessage('wave', {})).rejects.toMatchObject({ code: '0013' });
});

test('the maps hold who is seen and heard, and all who were there', async () => {
  const world = createWorld();
  const { meeting } = await join(world);
  const { participants } = meeting;
  const keys = () => ({
    active: [...participants.active.keys()],
    video: [...participants.videoSubscribed.keys()],
    audio: [...participants.audioSubscribed.keys()],
    all: [...participants.all.keys()],
  });
  const both = ['m-ann', 'm-ben'];
  expect(keys()).toEqual({ active: both, video: [], audio: [], all: both });
  const camera = stream('c', 'm-ann', { audio: false });
  await world.server.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: camera });
  await settle();
  expect(keys()).toMatchObject({ video: ['m-ann'], audio: [] });
  await world.server.push({ event: 'streamUpdated', seq: 12, stream: { ...camera, audio: true, video: false } });
  expect(keys()).toMatchObject({ video: [], audio: ['m-ann'] });
  const left = { event: 'memberLeft', seq: 13, userSeq: 3, memberCount: 2, member: ann, cause: 'logout' } as const;
  await world.server.push(left);
  expect(keys()).toEqual({ active: ['m-ben'], video: [], audio: [], all: both });
  expect(participants.count).toBe(1);
  await meeting.leave();
  expect(keys()).toEqual({ active: [], video: [], audio: [], all: [] });
});

test('the events of a participant end with its place in a map', async () => {
  const world = createWorld();
  const { meeting, ann } = await join(world);
  let updates = 0;
  meeting.participants.joined.on('pinned', () => {
    updates += 1;
  });
  const left = { event: 'memberLeft', seq: 11, userSeq: 3, memberCount: 2, cause: 'logout' } as const;
  await world.server.push({ ...left, member: member('m-ann', 'p-ann') });
  ann.handleMember({ ...member('m-ann', 'p-ann'), pinned: true });
  expect(updates).toBe(0);
});

test('who is in the room is listed, oneself too, by a part of the name and in pages', async () => {
  const world = createWorld();
  const { participants } = (await join(world)).meeting;
  const ids = async (...args: Parameters<typeof participants.getAllJoinedPeers>) =>
    (await participants.getAllJoinedPeers(...args)).map(({ id }) => id);
  expect(await ids()).toEqual(['m-me', 'm-ann', 'm-ben']);
  expect(await ids('p-A')).toEqual(['m-ann']);
  expect(await ids('', 1, 1)).toEqual(['m-ann']);
  expect((await participants.getAllJoinedPeers('p-a'))[0]).toMatchObject({
    id: 'm-ann',
    userId: 'p-ann',
    name: 'P-ANN',
    presetName: 'guest',
    waitlisted: false,
  });
});

test('permissions show all that the preset says, and meta the session (RTK-11)', async () => {
  const world = createWorld();
  // The session begins with the first login.
  const { session: _, ...identity } = loginResult({ facts: FACTS });
  world.server.answers.identify = () => identity;
  const meeting = await create(world);
  const starts: unknown[] = [];
  meeting.meta.on('meetingStartTimeUpdate', (event) => starts.push(event));
  await meeting.join();
  await settle();
  expect(meeting.self.permissions).toMatchObject({
    pinParticipant: true,
    canEditDisplayName: true,
    canRecord: true,
    canLivestream: false,
    canSpotlight: false,
    acceptWaitingRequests: false,
    waitingRoomBehaviour: 'SKIP_ON_ACCEPT',
    hiddenParticipant: false,
    showParticipantList: true,
    stageEnabled: false,
    stageAccess: 'CAN_REQUEST',
    acceptStageRequests: false,
    isRecorder: false,
    transcriptionEnabled: false,
    plugins: { canStart: true, canClose: false, canEditConfig: false },
    connectedMeetings: { canSwitchToParentMeeting: true, canSwitchConnectedMeetings: false },
  });
  const meetingStartedTimestamp = new Date(1_000);
  expect(meeting.meta).toMatchObject({ sessionId: 'session-1', viewType: 'GROUP_CALL', meetingStartedTimestamp });
  expect(starts).toEqual([{ meetingStartedTimestamp }]);
});

test('a resume that brings the whole state brings the own permissions, names and pins with it (SIG-3)', async () => {
  const world = createWorld();
  const { meeting, ann } = await join(world);
  let updates = 0;
  meeting.self.permissions.on('permissionsUpdate', () => {
    updates += 1;
  });
  const permissions = { publishAudio: true, publishVideo: true, screen: { publish: false } };
  const renamed = { ...member('m-me', 'p-me'), user: { id: 'p-me', name: 'Mira' } };
  const members = [renamed, { ...member('m-ann', 'p-ann'), pinned: true as const }, member('m-ben', 'p-ben')];
  world.server.resume = { room: snapshot({ seq: 900, members, permissions }), serverTimeMs: 0 };
  world.server.socket.close(1006);
  await world.clock.advance(10_000);
  expect(updates).toBe(1);
  expect(meeting.self.permissions.canProduceScreenshare).toBe('NOT_ALLOWED');
  expect(meeting.self.permissions.canEditDisplayName).toBe(false);
  expect([meeting.self.name, ann.isPinned, [...meeting.participants.pinned.keys()]]).toEqual(['Mira', true, ['m-ann']]);
});

test('who is not shown the list knows those who publish, by their streams alone (HIDE-4)', async () => {
  const world = createWorld();
  world.server.login = loginResult({ room: snapshot({ members: [], streams: [stream('s-ann', 'm-ann')] }) });
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
  await meeting.join();
  await settle();
  const { joined } = meeting.participants;
  const log: unknown[] = [];
  joined.on('participantJoined', ({ id }) => log.push(['joined', id]));
  joined.on('participantLeft', ({ id }) => log.push(['left', id]));
  expect([...joined.values()].map(({ id, name, videoEnabled }) => [id, name, videoEnabled])).toEqual([
    ['m-ann', 'M-ANN', true],
  ]);
  const screen = stream('s-ben-screen', 'm-ben', { source: 'screen' });
  await world.server.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: stream('s-ben', 'm-ben') });
  await world.server.push({ event: 'streamAdded', seq: 12, streamSeq: 3, stream: screen });
  const removed = (streamSeq: number, gone: typeof screen) =>
    ({ event: 'streamRemoved', seq: 9 + streamSeq, streamSeq, stream: gone, cause: 'stopped' }) as const;
  await world.server.push(removed(4, stream('s-ben', 'm-ben')));
  expect(joined.has('m-ben')).toBe(true);
  await world.server.push(removed(5, screen));
  expect([[...joined.keys()], log]).toEqual([
    ['m-ann'],
    [
      ['joined', 'm-ben'],
      ['left', 'm-ben'],
    ],
  ]);
});

test('media of which this browser has no codec is told by participants (MED-8)', async () => {
  const world = createWorld();
  world.server.answers.play = () => ({ answer: 'v=0\r\n', audio: true, video: false, unsupported: ['video'] });
  const { meeting } = await join(world);
  const log: unknown[] = [];
  meeting.participants.on('mediaUnsupported', (event) => log.push(event));
  const added = { event: 'streamAdded', seq: 11, streamSeq: 2, stream: stream('rtk-m-ann', 'm-ann') } as const;
  await world.server.push(added);
  expect(log).toEqual([{ participantId: 'm-ann', kind: 'video', source: 'camera' }]);
});
