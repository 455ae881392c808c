/**
 * Converts poll events to frames. The content depends on what each member may see (POLL-1, POLL-3, POLL-4).
 *
 * @module
 */

import type { PollEventFrame, UserId, WirePoll } from '@gavel/protocol';
import type { RoomEventOf } from '../rooms/events.ts';
import type { MemberInfo } from '../rooms/member.ts';
import type { PollInfo, PollState } from '../rooms/polls.ts';

/** A member's view of a poll: it has voted, or it has not voted and the votes are shown to it or hidden from it. */
type PollView = 'voted' | 'shown' | 'hidden';

/** A member's view of a poll event: the whole poll, or only another member's vote. */
export type PollEventView = PollView | 'vote';

/** Returns a user's view of a poll: hidden votes are shown to those who have voted and to the creator (POLL-4). */
function viewOfPoll({ hideVotes, creator }: PollInfo, userId: UserId, hasVoted: boolean): PollView {
  if (hasVoted) return 'voted';
  return !hideVotes || creator?.id === userId ? 'shown' : 'hidden';
}

/** Returns the function that finds a member's view of a poll event; undefined if the member does not receive it. */
export function createPollViewFinder({
  poll,
  vote,
}: RoomEventOf<'pollUpdated'>): (member: MemberInfo) => PollEventView | undefined {
  const voterIds = new Set(vote?.voterIds);
  return ({ user, permissions }) => {
    if (!permissions.polls?.view) return undefined;
    if (vote?.voter.id === user.id) return 'voted';
    const view = viewOfPoll(poll, user.id, voterIds.has(user.id));
    if (!vote) return view;
    // A hidden vote is not sent at all: its time would reveal the voter.
    return view === 'hidden' ? undefined : 'vote';
  };
}

/** Returns the frame of a poll event in one view. */
export function pollFrame({ seq, poll, vote }: RoomEventOf<'pollUpdated'>, view: PollEventView): PollEventFrame {
  if (view !== 'vote' || !vote) return { event: 'pollUpdated', seq, poll: wirePoll(poll, view) };
  const { option, isNamed, voter } = vote;
  const count = poll.options[option]?.count ?? 0;
  return { event: 'pollVoted', seq, pollId: poll.pollId, option, count, ...(isNamed && { voter }) };
}

/** Returns the polls that a member may see, as it sees them. */
export function wirePolls(polls: readonly PollState[], { user, permissions }: MemberInfo): readonly WirePoll[] {
  if (!permissions.polls?.view) return [];
  return polls.map((poll) => wirePoll(poll, viewOfPoll(poll, user.id, poll.voterIds.includes(user.id))));
}

function wirePoll(poll: PollInfo, view: PollEventView): WirePoll {
  const { pollId, question, anonymous, hideVotes, creator, createdAtMs } = poll;
  return {
    pollId,
    question,
    options: poll.options.map(({ text, count, votes }) =>
      view === 'hidden' ? { text } : { text, count, ...(!anonymous && { votes }) },
    ),
    anonymous,
    hideVotes,
    ...(creator && { creator }),
    createdAtMs,
    hasVoted: view === 'voted',
  };
}
