import type { WirePoll } from '@gavel/protocol';
import { expect, test } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { LOST, loginResult, member, snapshot } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';

const ANN = { id: 'p-ann', name: 'Ann' };
const POLLS = { create: true, vote: true, view: false };
const wirePoll = (more: Partial<WirePoll> = {}): WirePoll => ({
  pollId: 'poll-1',
  question: 'Tea?',
  options: [
    { text: 'Yes', count: 0, votes: [] },
    { text: 'No', count: 0, votes: [] },
  ],
  anonymous: false,
  hideVotes: false,
  creator: ANN,
  createdAtMs: 1000,
  hasVoted: false,
  ...more,
});
const shown = {
  id: 'poll-1',
  question: 'Tea?',
  options: [
    { text: 'Yes', count: 0, votes: [] },
    { text: 'No', count: 0, votes: [] },
  ],
  anonymous: false,
  hideVotes: false,
  createdBy: 'Ann',
  createdByUserId: 'p-ann',
  voted: [],
};

async function join(world: World, polls?: readonly WirePoll[]) {
  world.server.login = loginResult({
    permissions: { publishAudio: true, publishVideo: true, polls: POLLS },
    room: snapshot({ members: [member('m-me', 'me'), member('m-ann', 'p-ann')], ...(polls && { polls }) }),
  });
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
  const updates: (readonly [boolean, number])[] = [];
  meeting.polls.on('pollsUpdate', ({ polls: items, newPoll }) => {
    expect(items).toBe(meeting.polls.items);
    updates.push([newPoll, items.length]);
  });
  await meeting.join();
  await settle();
  return { meeting, updates };
}

test('polls and votes come as pollsUpdate, which tells new polls from votes (POLL-5)', async () => {
  const world = createWorld();
  const { meeting, updates } = await join(world);
  const { polls } = meeting;
  expect(polls.items).toEqual([]);
  await world.server.push({ event: 'pollUpdated', seq: 11, poll: wirePoll() });
  expect(polls.items).toEqual([shown]);
  const [first] = polls.items;
  await world.server.push({ event: 'pollVoted', seq: 12, pollId: 'poll-1', option: 1, count: 1, voter: ANN });
  expect(first).toEqual(shown);
  const no = { text: 'No', count: 1, votes: [ANN] };
  expect(polls.items).toEqual([{ ...shown, options: [shown.options[0], no], voted: ['p-ann'] }]);
  const yes = { text: 'Yes', count: 1, votes: [{ id: 'me', name: 'Me' }] };
  await world.server.push({ event: 'pollUpdated', seq: 13, poll: wirePoll({ options: [yes, no], hasVoted: true }) });
  expect(polls.items[0]).toMatchObject({ options: [yes, no], voted: ['me', 'p-ann'] });
  await world.server.push({ event: 'pollVoted', seq: 14, pollId: 'unknown', option: 0, count: 1 });
  expect(updates).toEqual([
    [true, 1],
    [false, 1],
    [false, 1],
  ]);
});

test('who joins later has the polls at once; a poll of the backend’s has no maker (POLL-5, POLL-7)', async () => {
  const { creator: _creator, ...poll } = wirePoll();
  const { meeting, updates } = await join(createWorld(), [poll]);
  expect(meeting.polls.items).toMatchObject([{ id: 'poll-1', createdBy: '', createdByUserId: '' }]);
  expect(updates).toEqual([[false, 1]]);
});

test('what is hidden shows as nothing; the own vote alone is known (POLL-3, POLL-4)', async () => {
  const world = createWorld();
  const hidden = wirePoll({ hideVotes: true, options: [{ text: 'Yes' }, { text: 'No' }] });
  const anonymous = wirePoll({
    pollId: 'poll-2',
    anonymous: true,
    options: [{ text: 'Yes', count: 3 }],
    hasVoted: true,
  });
  const { meeting } = await join(world, [hidden, anonymous]);
  const none = { count: 0, votes: [] };
  expect(meeting.polls.items).toMatchObject([
    { options: [none, none], voted: [] },
    { options: [{ text: 'Yes', count: 3, votes: [] }], voted: ['me'] },
  ]);
  await world.server.push({ event: 'pollVoted', seq: 11, pollId: 'poll-2', option: 0, count: 4 });
  expect(meeting.polls.items[1]).toMatchObject({ options: [{ count: 4, votes: [] }], voted: ['me'] });
});

test('polls are made and voted in, in the words of the protocol; refusals have this dialect’s codes (POLL-1)', async () => {
  const world = createWorld();
  const { meeting } = await join(world);
  const { polls } = meeting;
  await polls.create('Tea?', ['Yes', 'No']);
  await polls.create('Tea?', ['Yes'], true, true);
  await polls.vote('poll-1', 1);
  const poll = { question: 'Tea?', options: ['Yes', 'No'], anonymous: false, hideVotes: false };
  expect(world.server.seen('createPoll')).toEqual([
    poll,
    { ...poll, options: ['Yes'], anonymous: true, hideVotes: true },
  ]);
  expect(world.server.seen('vote')).toEqual([{ pollId: 'poll-1', option: 1 }]);
  world.server.answers.createPoll = () => ({ refuse: 'member.not-allowed' });
  world.server.answers.vote = () => ({ refuse: 'member.not-allowed' });
  await expect(polls.create('Tea?', ['Yes'])).rejects.toMatchObject({ name: 'RealtimeKitError', code: '1201' });
  await expect(polls.vote('poll-1', 0)).rejects.toMatchObject({ code: '1201' });
  world.server.answers.createPoll = () => ({ refuse: 'rate.limited' });
  await expect(polls.create('Tea?', ['Yes'])).rejects.toMatchObject({ code: '0013' });
  await meeting.leave();
  await expect(polls.vote('poll-1', 0)).rejects.toMatchObject({ code: '0002' });
});

test('permissions show what one may do, and a change of them brings polls or takes them away (POLL-1)', async () => {
  const world = createWorld();
  const { meeting, updates } = await join(world);
  const { permissions } = meeting.self;
  expect(permissions.polls).toEqual({ canCreate: true, canVote: true, canView: false });
  const log: string[] = [];
  for (const event of ['pollsUpdate', 'chatUpdate', 'permissionsUpdate'] as const) {
    permissions.on(event, () => log.push(event));
  }
  const tell = (seq: number, view: boolean, polls: readonly WirePoll[]) => {
    const now = { publishAudio: true, publishVideo: true, polls: { ...POLLS, view } };
    return world.server.push({ event: 'permissions', seq, permissions: now, polls });
  };
  await tell(11, true, [wirePoll()]);
  expect([permissions.polls.canView, meeting.polls.items.length]).toEqual([true, 1]);
  expect(log).toEqual(['pollsUpdate', 'permissionsUpdate']);
  await tell(12, false, []);
  expect([permissions.polls.canView, meeting.polls.items.length]).toEqual([false, 0]);
  expect(updates).toEqual([
    [true, 1],
    [false, 0],
  ]);
  const chat = { sendPublic: true, sendPrivate: true, receivePrivate: true };
  log.length = 0;
  const now = { publishAudio: true, publishVideo: true, chat, polls: { ...POLLS, view: false } };
  await world.server.push({ event: 'permissions', seq: 13, permissions: now });
  expect(log).toEqual(['chatUpdate', 'permissionsUpdate']);
  await meeting.participants.updatePermissions(['m-ann'], { polls: { canVote: false, canView: true } });
  expect(world.server.seen('moderate')).toMatchObject([{ changes: { polls: { vote: false, view: true } } }]);
});

test('a snapshot mends the polls; after the server’s restart they are those of the new room (POLL-5)', async () => {
  const world = createWorld();
  const { meeting, updates } = await join(world, [wirePoll()]);
  world.server.resume = { room: snapshot({ seq: 20, polls: [wirePoll({ hasVoted: true })] }), serverTimeMs: 0 };
  world.server.socket.close(1006);
  await world.clock.advance(1_000);
  expect(meeting.polls.items).toMatchObject([{ id: 'poll-1', voted: ['me'] }]);
  world.server.resume = LOST;
  world.server.login = loginResult({ memberId: 'm-me-2', room: snapshot({ seq: 5 }) });
  world.server.socket.close(1006);
  await world.clock.advance(1_000);
  expect(meeting.polls.items).toEqual([]);
  expect(updates).toEqual([
    [false, 1],
    [false, 1],
    [false, 0],
  ]);
});
