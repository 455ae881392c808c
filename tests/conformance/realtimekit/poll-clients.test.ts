/**
 * Polls requested by signalling clients: the server refuses what the preset does not allow.
 */

import type { WirePoll } from '@gavel/protocol';
import type { RawClient } from '@gavel/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type People, startPeople } from './people.ts';

let people: People;
let meeting: string;
beforeAll(async () => {
  people = await startPeople();
  await people.newPreset('onlooker', { polls: { can_create: false, can_vote: false, can_view: true } });
  await people.newPreset('blind', { polls: { can_create: true, can_vote: true, can_view: false } });
});
afterAll(() => people.close());
beforeEach(async () => {
  meeting = await people.newMeeting();
});

const BODY = { question: 'Lunch?', options: ['Now', 'Later'] };
const ask = async (client: RawClient, more: object = {}) => {
  const { result, error } = await client.request('createPoll', { ...BODY, ...more });
  return error ? error.code : (result as { pollId: string }).pollId;
};
const vote = async (client: RawClient, pollId: string, option: number) =>
  (await client.request('vote', { pollId, option })).error?.code ?? 'done';
const pollEventsAt = async (client: RawClient) => {
  await client.request('heartbeat');
  return client.events.filter(({ event }) => event.startsWith('poll'));
};
const tallies = (polls: readonly WirePoll[] = []) => polls.map(({ options }) => options.map(({ count }) => count));

test('each preset does with polls what it allows (POLL-1)', async () => {
  const host = await people.enter(meeting, 'host');
  const ben = await people.enter(meeting, 'ben', 'group_call_participant');
  const olga = await people.enter(meeting, 'olga', 'onlooker');
  const bo = await people.enter(meeting, 'bo', 'blind');
  const pollId = await ask(host.client);
  expect(await ask(ben.client)).toBe('member.not-allowed');
  expect(await ask(olga.client)).toBe('member.not-allowed');
  expect(await ask(bo.client)).toMatch(/^[0-9a-f-]{36}$/);
  expect(await vote(ben.client, pollId, 1)).toBe('done');
  expect(await vote(olga.client, pollId, 1)).toBe('member.not-allowed');
  expect(await vote(bo.client, pollId, 1)).toBe('member.not-allowed');
  expect(await pollEventsAt(olga.client)).toMatchObject([
    { event: 'pollUpdated', poll: { creator: { id: host.id, name: 'host' } } },
    { event: 'pollUpdated', poll: { creator: { id: bo.id } } },
    { event: 'pollVoted', pollId, option: 1, count: 1, voter: { id: ben.id, name: 'ben' } },
  ]);
  expect(await pollEventsAt(bo.client)).toEqual([]);
  const late = await people.loginWith(bo.token);
  expect(late.login.room).not.toHaveProperty('polls');
});

test('a person with two connections votes once, and both are told (POLL-2)', async () => {
  const host = await people.enter(meeting, 'host');
  const phone = await people.enter(meeting, 'ben', 'group_call_participant');
  const desk = await people.loginWith(phone.token, { clientId: 'desk' });
  const pollId = await ask(host.client);
  expect(await vote(phone.client, pollId, 0)).toBe('done');
  expect(await vote(desk.client, pollId, 0)).toBe('done');
  expect(await vote(desk.client, pollId, 1)).toBe('poll.voted');
  for (const { client } of [phone, desk]) {
    expect((await pollEventsAt(client)).at(-1)).toMatchObject({
      poll: { hasVoted: true, options: [{ count: 1 }, { count: 0 }] },
    });
  }
});

test('the backend’s poll reaches all who may view; who joins later sees as much as the others (POLL-4, POLL-5, POLL-7)', async () => {
  const ben = await people.enter(meeting, 'ben', 'group_call_participant');
  const body = { ...people.ids, ...BODY, hide_votes: true };
  const answer = await people.kit.activeSession.createPoll(meeting, body);
  const pollId = answer.data?.poll?.id ?? '';
  const [made] = (await pollEventsAt(ben.client)) as unknown as [{ poll: WirePoll }];
  expect(made.poll).toMatchObject({ pollId, hideVotes: true, options: [{ text: 'Now' }, { text: 'Later' }] });
  expect(made.poll).not.toHaveProperty('creator');
  await vote(ben.client, pollId, 0);
  const host = await people.enter(meeting, 'host');
  expect(tallies(host.login.room.polls)).toEqual([[undefined, undefined]]);
  expect(await vote(host.client, pollId, 1)).toBe('done');
  expect(tallies((await people.loginWith(host.token)).login.room.polls)).toEqual([[1, 1]]);
});

test('users of the other dialect’s logins are told nothing of polls, until a host lets them (POLL-1)', async () => {
  const host = await people.enter(meeting, 'host');
  const zoe = await people.connect();
  const { memberId } = await zoe.login(people.server.app.appId, meeting, 'zoe');
  const pollId = await ask(host.client);
  expect(await vote(zoe, pollId, 0)).toBe('member.not-allowed');
  expect(await pollEventsAt(zoe)).toEqual([]);
  const changes = { polls: { view: true, vote: true } };
  await host.client.request('moderate', { action: 'setPermissions', memberIds: [memberId], changes });
  expect(await zoe.event('permissions')).toMatchObject({ polls: [{ pollId }] });
  expect(await vote(zoe, pollId, 0)).toBe('done');
});
