import type { WireWaiting } from '@gavel/protocol';
import { expect, test } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { LOST, loginResult, member, snapshot } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';

const waiting = (memberId: string, userId: string): WireWaiting => ({
  memberId,
  user: { id: userId, name: userId.toUpperCase() },
  sinceMs: 1,
  profile: { participantId: userId, presetName: 'guest' },
});
const ME = waiting('m-me', 'p-me');
const HOLD = { waiting: ME, ticket: 'w-1', heartbeatIntervalMs: 30_000, heartbeatTimeoutMs: 100_000, serverTimeMs: 0 };

async function create(world: World) {
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
  const log: unknown[] = [];
  meeting.self.on('waitlisted', () => log.push('waitlisted'));
  meeting.self.on('roomJoined', (event) => log.push(['roomJoined', event]));
  meeting.self.on('roomLeft', (event) => log.push(['roomLeft', event]));
  return { meeting, log };
}
/** Joins, and is put on the waiting list. */
async function wait(world: World) {
  world.server.answers.login = () => HOLD;
  const created = await create(world);
  await created.meeting.join();
  return created;
}
/** Joins as somebody who may let others in. */
async function host(world: World, ...waitingList: WireWaiting[]) {
  world.server.login = loginResult({
    permissions: { publishAudio: true, publishVideo: true, moderation: { acceptWaiting: true } },
    waitingList,
    room: snapshot({ members: [member('m-me', 'p-me')] }),
  });
  const { meeting } = await create(world);
  await meeting.join();
  await settle();
  const log: unknown[] = [];
  meeting.participants.waitlisted.on('participantJoined', ({ id }) => log.push(['asks', id]));
  meeting.participants.waitlisted.on('participantLeft', ({ id }) => log.push(['gone', id]));
  return { meeting, log };
}

test('a join that has to wait resolves, and comes to be in when it is let in (WAIT-4)', async () => {
  const world = createWorld();
  const { meeting, log } = await wait(world);
  const { self } = meeting;
  expect([self.roomState, self.roomJoined, self.waitlistStatus, log]).toEqual([
    'waitlisted',
    false,
    'waiting',
    ['waitlisted'],
  ]);
  expect(self).toMatchObject({ id: 'm-me', userId: 'p-me', name: 'P-ME', presetName: 'guest' });
  expect(meeting.participants.count).toBe(0);
  await expect(meeting.chat.sendTextMessage('hello')).rejects.toMatchObject({ name: 'RealtimeKitError' });
  await expect(meeting.join()).rejects.toMatchObject({ code: '0002' });
  const room = snapshot({ members: [member('m-me', 'p-me'), member('m-ann', 'p-ann')] });
  await world.server.push({ event: 'admitted', login: loginResult({ room }) });
  expect([self.roomState, self.waitlistStatus]).toEqual(['joined', 'accepted']);
  expect(log).toEqual(['waitlisted', ['roomJoined', { reconnected: false }]]);
  expect([...meeting.participants.joined.keys()]).toEqual(['m-ann']);
});

test('who is rejected has left with that state, everything stopped, and may ask again (WAIT-9)', async () => {
  const world = createWorld();
  const { meeting, log } = await wait(world);
  world.server.socket.push({ event: 'refused', error: { code: 'login.rejected', message: 'no' } });
  world.server.socket.close(4506);
  await settle();
  expect([meeting.self.roomState, meeting.self.waitlistStatus]).toEqual(['rejected', 'rejected']);
  expect(log).toEqual(['waitlisted', ['roomLeft', { state: 'rejected' }]]);
  expect(world.server.seen('login')).toHaveLength(1);
  await meeting.join();
  expect([meeting.self.roomState, meeting.self.waitlistStatus]).toEqual(['waitlisted', 'waiting']);
});

test.each([
  ['kicked', 'kicked', 4500],
  ['room-closed', 'ended', 4501],
] as const)('who waits and is %s sees the leave state %s (WAIT-9)', async (cause, state, code) => {
  const world = createWorld();
  const { meeting, log } = await wait(world);
  await world.server.remove(cause, '', code);
  expect([meeting.self.roomState, meeting.self.waitlistStatus]).toEqual([state, 'none']);
  expect(log).toEqual(['waitlisted', ['roomLeft', { state }]]);
});

test('a refusal when it is to be let in shows as failed (WAIT-6)', async () => {
  const world = createWorld();
  const { meeting } = await wait(world);
  await world.server.push({ event: 'refused', error: { code: 'login.banned', message: 'banned' } });
  expect(meeting.self.roomState).toBe('failed');
});

test('a connection that is lost while waiting asks anew, and is told of once (WAIT-8)', async () => {
  const world = createWorld();
  const { meeting, log } = await wait(world);
  await world.clock.advance(30_000);
  expect(world.server.seen('heartbeat')).toHaveLength(1);
  world.server.resume = LOST;
  world.server.socket.close(1006);
  await world.clock.advance(5_000);
  expect(world.server.seen('login')).toHaveLength(2);
  // Its ticket is asked first: it may have been put out meanwhile (KICK-12).
  expect(world.server.seen('resume').map(({ ticket }) => ticket)).toEqual(['w-1']);
  expect([meeting.self.roomState, log]).toEqual(['waitlisted', ['waitlisted']]);
  // Accepted meanwhile, the login is answered as any.
  world.server.answers.login = () => loginResult();
  world.server.socket.close(1006);
  await world.clock.advance(10_000);
  expect(log).toEqual(['waitlisted', ['roomJoined', { reconnected: false }]]);
});

test('who leaves while waiting tells the server (WAIT-8)', async () => {
  const world = createWorld();
  const { meeting, log } = await wait(world);
  await meeting.leave();
  await settle();
  expect(world.server.seen('logout')).toHaveLength(1);
  expect([meeting.self.roomState, log.at(-1)]).toEqual(['left', ['roomLeft', { state: 'left' }]]);
});

test('who may let in sees who waits, from the start and from then on, resumes included (WAIT-4)', async () => {
  const world = createWorld();
  const { meeting, log } = await host(world, waiting('m-1', 'p-1'));
  const { waitlisted } = meeting.participants;
  expect(waitlisted.get('m-1')).toMatchObject({ userId: 'p-1', name: 'P-1', presetName: 'guest' });
  await world.server.push({ event: 'waitingAdded', waiting: waiting('m-2', 'p-2') });
  await world.server.push({ event: 'waitingAdded', waiting: waiting('m-2', 'p-2') });
  await world.server.push({ event: 'waitingRemoved', memberId: 'm-1' });
  expect(log).toEqual([
    ['asks', 'm-2'],
    ['gone', 'm-1'],
  ]);
  world.server.resume = { events: [], serverTimeMs: 0, waitingList: [waiting('m-3', 'p-3')] };
  world.server.socket.close(1006);
  await world.clock.advance(5_000);
  expect([...waitlisted.keys()]).toEqual(['m-3']);
  expect(log.slice(2)).toEqual([
    ['gone', 'm-2'],
    ['asks', 'm-3'],
  ]);
  await meeting.leave();
  expect(waitlisted.size).toBe(0);
});

test('requests are answered by peer id or by user id (WAIT-4)', async () => {
  const world = createWorld();
  const { meeting } = await host(world, waiting('m-1', 'p-1'), waiting('m-2', 'p-1'), waiting('m-3', 'p-3'));
  const { participants } = meeting;
  await participants.acceptWaitingRoomRequest('m-1');
  await participants.acceptAllWaitingRoomRequest(['p-1', 'p-3', 'p-gone']);
  await participants.rejectWaitingRoomRequest('p-3');
  expect(world.server.seen('moderate')).toEqual([
    { action: 'accept', memberIds: ['m-1'] },
    { action: 'accept', memberIds: ['m-1', 'm-2', 'm-3'] },
    { action: 'reject', memberIds: ['m-3'] },
  ]);
  await expect(participants.acceptWaitingRoomRequest('nobody')).rejects.toMatchObject({ code: '1204' });
  world.server.answers.moderate = () => ({ refuse: 'member.not-allowed' });
  await expect(participants.rejectWaitingRoomRequest('m-3')).rejects.toMatchObject({ code: '1201' });
});
