import type { StageState, WireMember } from '@gavel/protocol';
import { expect, test } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { loginResult, member, snapshot } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';
import type { Stage } from './stage.ts';

const at = (stage: StageState, memberId: string, userId = `p-${memberId}`): WireMember => ({
  ...member(memberId, userId),
  stage,
});

async function join(world: World, own: StageState = 'off') {
  const permissions = { publishAudio: false, publishVideo: false, stage: { access: 'on-request' as const } };
  const members = [at(own, 'm-me'), at('on', 'm-ann'), at('off', 'm-ben')];
  world.server.login = loginResult({ permissions, room: snapshot({ permissions, stage: own, members }) });
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
  const log: unknown[] = [];
  for (const event of [
    'stageStatusUpdate',
    'stageRequestApproved',
    'stageRequestRejected',
    'newStageRequest',
  ] as const) {
    meeting.stage.on(event, (...args: unknown[]) => log.push([event, ...args]));
  }
  meeting.stage.on('stageAccessRequestUpdate', (requests) => log.push(requests.map(({ peerId }) => peerId)));
  await meeting.join();
  await settle();
  return { meeting, log };
}
const update = (seq: number, member: WireMember) => ({ event: 'memberUpdated', seq, member }) as const;

test('the own place follows the room, with the answer of a host (STAGE-2, STAGE-3)', async () => {
  const world = createWorld();
  const { meeting, log } = await join(world);
  expect([meeting.stage.status, meeting.self.stageStatus, meeting.stage.peerId]).toEqual([
    'OFF_STAGE',
    'OFF_STAGE',
    'm-me',
  ]);
  for (const [seq, state] of [
    [11, 'requested'],
    [12, 'off'],
    [13, 'requested'],
    [14, 'accepted'],
    [15, 'on'],
    [16, 'off'],
  ] as const) {
    await world.server.push(update(seq, at(state, 'm-me')));
  }
  expect(log).toEqual([
    ['stageStatusUpdate', 'REQUESTED_TO_JOIN_STAGE'],
    ['stageStatusUpdate', 'OFF_STAGE'],
    ['stageRequestRejected'],
    ['stageStatusUpdate', 'REQUESTED_TO_JOIN_STAGE'],
    ['stageStatusUpdate', 'ACCEPTED_TO_JOIN_STAGE'],
    ['stageRequestApproved'],
    ['stageStatusUpdate', 'ON_STAGE'],
    ['stageStatusUpdate', 'OFF_STAGE'],
  ]);
  await meeting.leave();
  expect([meeting.stage.status, meeting.stage.peerId]).toEqual(['ON_STAGE', '']);
});

test('an own cancellation is no rejection (STAGE-2)', async () => {
  const world = createWorld();
  const { meeting, log } = await join(world, 'requested');
  world.server.answers.changeStage = () => {
    world.server.socket.push(update(11, at('off', 'm-me')));
    return {};
  };
  await meeting.stage.cancelRequestAccess();
  expect(log).toEqual([['stageStatusUpdate', 'OFF_STAGE']]);
});

test('requests of others are listed, until they are answered or leave (STAGE-3)', async () => {
  const world = createWorld();
  const { meeting, log } = await join(world);
  const { joined, active } = meeting.participants;
  const statuses: unknown[] = [];
  joined.on('stageStatusUpdate', ({ id, stageStatus }) => statuses.push([id, stageStatus]));
  expect([joined.size, [...active.keys()]]).toEqual([2, ['m-ann']]);
  await world.server.push(update(11, at('requested', 'm-ben')));
  expect(meeting.stage.getAccessRequests()).toEqual({
    stageRequests: [{ displayName: 'P-M-BEN', userId: 'p-m-ben', peerId: 'm-ben' }],
  });
  await world.server.push(update(12, at('on', 'm-ben')));
  expect([...active.keys()]).toEqual(['m-ann', 'm-ben']);
  await world.server.push(update(13, at('off', 'm-ann')));
  expect([...active.keys()]).toEqual(['m-ben']);
  await world.server.push(update(14, at('requested', 'm-ann')));
  const gone = { event: 'memberLeft', seq: 15, userSeq: 3, memberCount: 2, member: at('requested', 'm-ann') } as const;
  await world.server.push({ ...gone, cause: 'logout' });
  expect(log).toEqual([
    ['m-ben'],
    ['newStageRequest', { count: 1 }],
    [],
    ['m-ann'],
    ['newStageRequest', { count: 1 }],
    [],
  ]);
  expect(statuses).toEqual([
    ['m-ben', 'REQUESTED_TO_JOIN_STAGE'],
    ['m-ben', 'ON_STAGE'],
    ['m-ann', 'OFF_STAGE'],
    ['m-ann', 'REQUESTED_TO_JOIN_STAGE'],
  ]);
});

test('calls are in the words of the protocol; refusals have this dialect’s codes (STAGE-2, STAGE-3)', async () => {
  const world = createWorld();
  const { stage } = (await join(world)).meeting;
  await stage.requestAccess();
  await stage.cancelRequestAccess();
  await stage.join();
  await stage.leave();
  await stage.grantAccess(['a', 'b']);
  await stage.denyAccess(['a']);
  await stage.kick(['a']);
  expect(world.server.seen('changeStage').map(({ action }) => action)).toEqual(['request', 'cancel', 'join', 'leave']);
  expect(world.server.seen('moderate')).toEqual([
    { action: 'grantStage', userIds: ['a', 'b'] },
    { action: 'denyStage', userIds: ['a'] },
    { action: 'removeFromStage', userIds: ['a'] },
  ]);
  world.server.answers.changeStage = () => ({ refuse: 'member.not-allowed' });
  await expect(stage.join()).rejects.toMatchObject({ code: '1201' });
  world.server.answers.moderate = () => ({ refuse: 'room.member-not-found' });
  await expect(stage.kick(['nobody'])).rejects.toMatchObject({ code: '1204' });
});

test.each<[string, (stage: Stage) => Promise<void>]>([
  ['grantAccess of nothing', (stage) => stage.grantAccess(undefined as never)],
  ['denyAccess of a text', (stage) => stage.denyAccess('p-ann' as never)],
  ['kick of numbers', (stage) => stage.kick([7 as never])],
])('%s is refused, and nothing is sent (STAGE-3)', async (_name, call) => {
  const world = createWorld();
  const { meeting } = await join(world);
  await expect(call(meeting.stage)).rejects.toMatchObject({ code: expect.any(String) });
  expect(world.server.seen('moderate')).toEqual([]);
  await meeting.leave();
  for (const late of [() => meeting.stage.join(), () => meeting.stage.requestAccess(), () => call(meeting.stage)]) {
    await expect(late()).rejects.toMatchObject({ code: '0002' });
  }
});
