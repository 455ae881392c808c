import type { WirePoll } from '@gavel/protocol';
import type { RawClient } from '@gavel/testkit/raw-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDoor } from './testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor();
});
afterEach(() => door.close());

const enter = async (userId: string, clientId = userId) => (await door.join('r', userId, { clientId })).client;
const ask = async (client: RawClient, more: object = {}) => {
  const poll = { question: 'Tea?', options: ['Yes', 'No'], ...more };
  const { result, error } = await client.request('createPoll', poll);
  return error ? error.code : (result as { pollId: string }).pollId;
};
const vote = async (client: RawClient, pollId: string, option: number) =>
  (await client.request('vote', { pollId, option })).error?.code ?? 'done';
/** What a client has been told of polls, once everything that was sent is here. */
async function pollEventsAt(client: RawClient): Promise<unknown[][]> {
  await client.request('heartbeat');
  return client.events.flatMap((frame): unknown[][] => {
    if (frame.event === 'pollUpdated') return [['poll', ...seen(frame.poll)]];
    if (frame.event === 'pollVoted') return [['vote', frame.option, frame.count, frame.voter?.id]];
    return [];
  });
}
const seen = ({ options, hasVoted }: WirePoll) => [
  options.map(({ count }) => count),
  options.map(({ votes }) => votes?.map(({ id }) => id)),
  hasVoted,
];
const polls = async (client: RawClient) =>
  ((await client.request('snapshot')).result as { polls?: WirePoll[] }).polls?.map(seen);
const UNSEEN = [undefined, undefined];

test('a poll is told to all who may view polls, and so are votes, with the voters’ names (POLL-1, POLL-5)', async () => {
  const [asker, voter, other, ann] = [
    await enter('asker'),
    await enter('voter'),
    await enter('voter-2'),
    await enter('ann'),
  ];
  expect(await ask(ann)).toBe('member.not-allowed');
  expect(await ask(voter)).toBe('member.not-allowed');
  const pollId = await ask(asker);
  expect(await asker.event('pollUpdated')).toMatchObject({
    poll: {
      pollId,
      question: 'Tea?',
      options: [
        { text: 'Yes', count: 0, votes: [] },
        { text: 'No', count: 0, votes: [] },
      ],
      anonymous: false,
      hideVotes: false,
      creator: { id: 'asker', name: 'asker' },
      createdAtMs: door.clock.now(),
      hasVoted: false,
    },
  });
  expect(await vote(ann, pollId, 0)).toBe('member.not-allowed');
  expect(await vote(asker, pollId, 0)).toBe('member.not-allowed');
  expect(await vote(voter, pollId, 1)).toBe('done');
  const fresh = ['poll', [0, 0], [[], []], false];
  expect(await pollEventsAt(asker)).toEqual([fresh, ['vote', 1, 1, 'voter']]);
  expect(await pollEventsAt(other)).toEqual([fresh, ['vote', 1, 1, 'voter']]);
  expect(await pollEventsAt(voter)).toEqual([fresh, ['poll', [0, 1], [[], ['voter']], true]]);
  expect(await pollEventsAt(ann)).toEqual([]);
  expect(await polls(ann)).toBeUndefined();
  expect(await polls(other)).toEqual([[[0, 1], [[], ['voter']], false]]);
});

test('a user votes once, is told so on all connections, and cannot change it (POLL-2)', async () => {
  const asker = await enter('asker');
  const pollId = await ask(asker);
  const [phone, desk] = [await enter('twin', 'phone'), await enter('twin', 'desk')];
  expect(await vote(desk, pollId, 0)).toBe('done');
  expect(await vote(desk, pollId, 0)).toBe('done');
  expect(await vote(desk, pollId, 1)).toBe('poll.voted');
  expect(await vote(desk, pollId, 2)).toBe('poll.bad-option');
  expect(await vote(desk, 'gone', 0)).toBe('poll.not-found');
  expect(await vote(phone, pollId, 1)).toBe('poll.voted');
  expect((await pollEventsAt(asker)).slice(1)).toEqual([['vote', 0, 1, 'twin']]);
  for (const client of [phone, desk])
    expect(await pollEventsAt(client)).toEqual([['poll', [1, 0], [['twin'], []], true]]);
});

test('nobody is shown who voted in an anonymous poll (POLL-3)', async () => {
  const [asker, voter] = [await enter('asker'), await enter('voter')];
  const pollId = await ask(asker, { anonymous: true });
  await vote(voter, pollId, 0);
  expect(await pollEventsAt(asker)).toEqual([
    ['poll', [0, 0], UNSEEN, false],
    ['vote', 0, 1, undefined],
  ]);
  expect(await pollEventsAt(voter)).toEqual([
    ['poll', [0, 0], UNSEEN, false],
    ['poll', [1, 0], UNSEEN, true],
  ]);
  expect(await polls(asker)).toEqual([[[1, 0], UNSEEN, false]]);
});

test('hidden votes are shown to who has voted and to who made the poll, and to nobody else anything of them (POLL-4)', async () => {
  const [asker, voter, other] = [await enter('asker'), await enter('voter'), await enter('voter-2')];
  const pollId = await ask(asker, { hideVotes: true });
  const hidden = ['poll', UNSEEN, UNSEEN, false];
  await vote(voter, pollId, 0);
  expect(await pollEventsAt(asker)).toEqual([
    ['poll', [0, 0], [[], []], false],
    ['vote', 0, 1, 'voter'],
  ]);
  expect(await pollEventsAt(voter)).toEqual([hidden, ['poll', [1, 0], [['voter'], []], true]]);
  expect(await pollEventsAt(other)).toEqual([hidden]);
  expect(await polls(other)).toEqual([[UNSEEN, UNSEEN, false]]);
  await vote(other, pollId, 0);
  expect((await pollEventsAt(other)).at(-1)).toEqual(['poll', [2, 0], [['voter', 'voter-2'], []], true]);
  expect((await pollEventsAt(voter)).at(-1)).toEqual(['vote', 0, 2, 'voter-2']);
});

test('who comes later sees the polls, and who resumes what it missed (POLL-5)', async () => {
  const asker = await enter('asker');
  const { client: voter, login } = await door.join('r', 'voter');
  expect(login.room).not.toHaveProperty('polls');
  voter.cut();
  await voter.closed;
  const pollId = await ask(asker, { hideVotes: true });
  const late = await door.join('r', 'voter-2');
  expect(late.login.room.polls?.map(seen)).toEqual([[UNSEEN, UNSEEN, false]]);
  await vote(late.client, pollId, 1);
  const again = await door.connect();
  const { result } = await again.request('resume', { ticket: login.ticket, lastSeq: login.room.seq });
  const { events } = result as { events: { event: string }[] };
  expect(events.filter(({ event }) => event.startsWith('poll'))).toMatchObject([
    { event: 'pollUpdated', poll: { pollId, options: [{ text: 'Yes' }, { text: 'No' }], hasVoted: false } },
  ]);
});

test('who is let view gets the polls with the new permissions, who is not any more none (POLL-1)', async () => {
  const [host, ben] = [await door.join('r', 'host'), await door.join('r', 'ben')];
  const asker = await enter('asker');
  const pollId = await ask(asker);
  const set = (polls: object) =>
    host.client.request('moderate', { action: 'setPermissions', memberIds: [ben.login.memberId], changes: { polls } });
  await set({ view: true, vote: true });
  expect(await ben.client.event('permissions')).toMatchObject({
    permissions: { polls: { create: false, vote: true, view: true } },
    polls: [{ pollId, hasVoted: false }],
  });
  expect(await vote(ben.client, pollId, 0)).toBe('done');
  expect(await polls(ben.client)).toEqual([[[1, 0], [['ben'], []], true]]);
  await set({ view: false });
  await ben.client.request('heartbeat');
  expect(ben.client.events.at(-1)).toMatchObject({ event: 'permissions', polls: [] });
  expect(await polls(ben.client)).toBeUndefined();
});

test('what is out of bounds is refused, and members make 10 polls in a room in a minute (POLL-6)', async () => {
  const asker = await enter('asker');
  expect(await ask(asker, { question: '' })).toBe('poll.bad-question');
  expect(await ask(asker, { options: [] })).toBe('poll.bad-options');
  expect(await ask(asker, { options: Array(21).fill('x') })).toBe('poll.bad-options');
  for (const odd of [{ question: 1 }, { options: 'x' }, { hidden: true }, { options: Array(101).fill('x') }]) {
    expect(await ask(asker, odd)).toBe('request.malformed');
  }
  door.clock.advance(60_000);
  for (let count = 0; count < 10; count += 1) expect(await ask(asker)).toMatch(/^p\d+$/);
  expect(await ask(asker)).toBe('rate.limited');
  door.clock.advance(60_000);
  expect(await ask(asker)).toMatch(/^p\d+$/);
});
