import { type MemberId, POLL_LIMITS, type PollId, type UserId } from '@gavel/protocol';
import { describe, expect, it } from 'vitest';
import type { CommandOf } from './commands.ts';
import { eventsOf, type RoomEvent } from './events.ts';
import type { PollInfo, PollState } from './polls.ts';
import { openRoom } from './testing.ts';

const permissionsOf = (polls: { create: boolean; vote: boolean; view: boolean }) => ({
  permissions: { publishAudio: true, publishVideo: true, polls },
});
const ALL = permissionsOf({ create: true, vote: true, view: true });
const poll = (changes: Partial<CommandOf<'createPoll'>> = {}): CommandOf<'createPoll'> => ({
  type: 'createPoll',
  question: 'Tea or coffee?',
  options: ['Tea', 'Coffee'],
  anonymous: false,
  hideVotes: false,
  ...changes,
});
const vote = (memberId: MemberId, pollId: PollId, option: number) =>
  ({ type: 'vote', memberId, pollId, option }) as const;
const pollIn = (events: readonly RoomEvent[]): PollInfo => {
  const [updated] = eventsOf(events, 'pollUpdated');
  if (!updated) throw new Error('no pollUpdated');
  return updated.poll;
};
const refusal = (code: string) => expect.objectContaining({ code });
const counts = ({ options }: PollInfo) => options.map(({ count }) => count);
const names = ({ options }: PollInfo) => options.map(({ votes }) => votes.map(({ id }) => id));

/** A room with people who may do everything with polls. */
function open(...userIds: string[]) {
  const opened = openRoom();
  const members = userIds.map((userId) => opened.join(userId, ALL));
  const create = (changes?: Partial<CommandOf<'createPoll'>>) => pollIn(opened.room.apply(poll(changes)));
  return { ...opened, members: members as [MemberId, ...MemberId[]], create };
}

describe('rights (POLL-1)', () => {
  it('each is needed for what it is for; who may not view cannot vote', () => {
    const { room, join } = openRoom();
    const none = join('none');
    const creator = join('creator', permissionsOf({ create: true, vote: false, view: true }));
    const blind = join('blind', permissionsOf({ create: false, vote: true, view: false }));
    const voter = join('voter', permissionsOf({ create: false, vote: true, view: true }));
    for (const by of [none, blind, voter]) {
      expect(() => room.apply(poll({ by }))).toThrow(refusal('member.not-allowed'));
    }
    const { pollId } = pollIn(room.apply(poll({ by: creator })));
    const before = room.snapshot();
    for (const memberId of [none, creator, blind]) {
      expect(() => room.apply(vote(memberId, pollId, 0))).toThrow(refusal('member.not-allowed'));
    }
    expect(room.snapshot()).toEqual(before);
    expect(counts(pollIn(room.apply(vote(voter, pollId, 0))))).toEqual([1, 0]);
  });

  it('change live, and the person gets to see the polls, or none any more', () => {
    const { room, join } = openRoom();
    const moderation = { kick: true, muteAudio: true, muteVideo: true, changePermissions: true };
    const host = join('host', { permissions: { ...ALL.permissions, moderation } });
    const ben = join('ben');
    const { pollId } = pollIn(room.apply(poll({ by: host })));
    const change = (polls: object) => {
      const targets = [{ label: 'ben', userIds: ['ben' as UserId] }];
      return eventsOf(
        room.apply({ type: 'setPermissions', by: host, targets, changes: { polls } }),
        'permissionsChanged',
      );
    };
    expect(change({ view: true })).toMatchObject([{ polls: [{ pollId }] }]);
    expect(change({ vote: true })[0]).not.toHaveProperty('polls');
    expect(room.findMember(ben)?.permissions.polls).toEqual({ create: false, vote: true, view: true });
    room.apply(vote(ben, pollId, 1));
    // Of another login too, and part by part.
    expect(room.findMember(join('ben'))?.permissions.polls).toEqual({ create: false, vote: true, view: true });
    expect(change({ view: false })).toMatchObject([
      { member: { permissions: { polls: { view: false, vote: true } } } },
    ]);
  });
});

describe('votes (POLL-2)', () => {
  it('count once for a user, on whatever connection; the same again changes nothing, another is refused', () => {
    const { room, join, members, create } = open('ann');
    const [phone] = members;
    const desk = join('ann', { ...ALL, onDuplicate: 'allow' });
    const { pollId } = create();
    expect(counts(pollIn(room.apply(vote(phone, pollId, 1))))).toEqual([0, 1]);
    expect(room.apply(vote(desk, pollId, 1))).toEqual([]);
    expect(() => room.apply(vote(desk, pollId, 0))).toThrow(refusal('poll.voted'));
    room.apply({ type: 'logout', memberId: desk });
    const again = join('ann', ALL);
    expect(() => room.apply(vote(again, pollId, 0))).toThrow(refusal('poll.voted'));
    expect(room.snapshot().polls.map(counts)).toEqual([[0, 1]]);
  });

  it('are refused in a poll or for an option that there is not', () => {
    const { room, members, create } = open('ann');
    const { pollId } = create();
    expect(() => room.apply(vote(members[0], 'gone' as PollId, 0))).toThrow(refusal('poll.not-found'));
    expect(() => room.apply(vote(members[0], pollId, 2))).toThrow(refusal('poll.bad-option'));
  });

  it('do not change what was told before', () => {
    const { room, members, create } = open('ann', 'ben');
    const first = create();
    const second = pollIn(room.apply(vote(members[0], first.pollId, 0)));
    const before = structuredClone([first, second]);
    const third = pollIn(room.apply(vote(members[1] as MemberId, first.pollId, 0)));
    expect([first, second, third].map(counts)).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
    ]);
    expect([first, second]).toEqual(before);
    expect(room.snapshot().polls[0]?.voterIds).toEqual(['ann', 'ben']);
  });
});

describe('who is shown what (POLL-3, POLL-4)', () => {
  it('an anonymous poll counts, and has nobody’s name', () => {
    const { room, members, create } = open('ann');
    const [ann] = members;
    const voted = room.apply(vote(ann, create({ anonymous: true }).pollId, 0));
    expect([counts(pollIn(voted)), names(pollIn(voted))]).toEqual([
      [1, 0],
      [[], []],
    ]);
    expect(eventsOf(voted, 'pollUpdated')[0]?.vote?.isNamed).toBe(false);
  });

  it('a vote in a poll with hidden votes lists those who have voted, because they see more; another vote does not', () => {
    const { room, members, create } = open('ann', 'ben');
    const [ann, ben] = members as [MemberId, MemberId];
    const { pollId } = create({ hideVotes: true });
    const votersOf = (memberId: MemberId, id: PollId) =>
      eventsOf(room.apply(vote(memberId, id, 0)), 'pollUpdated').map((event) => event.vote?.voterIds);
    expect([ann, ben].map((memberId) => votersOf(memberId, pollId))).toEqual([[['ann']], [['ann', 'ben']]]);
    expect(votersOf(ann, create().pollId)).toEqual([undefined]);
  });
});

describe('bounds (POLL-6)', () => {
  const { questionBytes, optionBytes } = POLL_LIMITS;
  it.each([
    ['poll.bad-question', { question: '' }],
    ['poll.bad-question', { question: 'x'.repeat(questionBytes + 1) }],
    ['poll.bad-question', { question: 'é'.repeat(questionBytes / 2 + 1) }],
    ['poll.bad-options', { options: [] }],
    ['poll.bad-options', { options: Array(POLL_LIMITS.options + 1).fill('x') }],
    ['poll.bad-options', { options: ['x', ''] }],
    ['poll.bad-options', { options: ['x', 'é'.repeat(optionBytes / 2 + 1)] }],
  ])('are refused beyond by %s: case %#', (code, changes) => {
    const { room } = open('ann');
    expect(() => room.apply(poll(changes))).toThrow(refusal(code));
    expect(room.snapshot().polls).toEqual([]);
  });

  it('admit what just fits', () => {
    const { create } = open('ann');
    const options = Array(POLL_LIMITS.options).fill('é'.repeat(optionBytes / 2));
    expect(create({ question: 'é'.repeat(questionBytes / 2), options }).options).toHaveLength(POLL_LIMITS.options);
  });

  it('hold for the polls of a room’s life; the next life has its own', () => {
    const { room, create, members } = open('ann');
    for (let count = 0; count < POLL_LIMITS.polls; count += 1) create({ question: `${count}` });
    expect(() => create()).toThrow(refusal('poll.too-many'));
    expect(
      room
        .snapshot()
        .polls.map(({ question }) => question)
        .slice(0, 2),
    ).toEqual(['0', '1']);
    room.apply({ type: 'logout', memberId: members[0] });
    expect(open('ann').room.snapshot().polls).toEqual([]);
  });

  it('show the first voters by name and count all', () => {
    const { room, join, create } = open('ann');
    const { pollId } = create();
    for (let number = 1; number <= POLL_LIMITS.namedVoters + 1; number += 1) {
      room.apply(vote(join(`user-${number}`, ALL), pollId, number % 2));
    }
    const [now] = room.snapshot().polls as [PollState];
    expect(counts(now)).toEqual([50, 51]);
    expect(names(now).map(({ length }) => length)).toEqual([50, 50]);
    expect(now.voterIds.at(-1)).toBe(`user-${POLL_LIMITS.namedVoters + 1}`);
  });
});
