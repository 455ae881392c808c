/**
 * What members are told of polls: each by what it may see (POLL-1, POLL-3, POLL-4).
 *
 * @module
 */

import type { PollEventFrame, WirePoll } from '@gavel/protocol';
import type { RoomEventOf } from '../rooms/events.ts';
import type { MemberInfo } from '../rooms/member.ts';
import { hasVoted, isShownVotes, type PollInfo } from '../rooms/polls.ts';

/** How a member sees a poll: having voted, shown the votes without that, or not shown them. */
type PollView = 'voted' | 'shown' | 'hidden';

/** How a member sees what happened to a poll: all of it, or the one vote of somebody else. */
export type PollEventView = PollView | 'vote';

function viewOfPoll(poll: PollInfo, { user }: MemberInfo): PollView {
  if (hasVoted(poll, user.id)) return 'voted';
  return isShownVotes(poll, user.id) ? 'shown' : 'hidden';
}

/** How a member sees what happened to a poll; undefined where it is not told. */
export function pollViewOf(event: RoomEventOf<'pollUpdated'>, member: MemberInfo): PollEventView | undefined {
  const { poll, vote } = event;
  if (!member.permissions.polls?.view) return undefined;
  const view = viewOfPoll(poll, member);
  if (!vote || vote.voter.id === member.user.id) return view;
  // A vote that is not shown is not told either: when it came would give away whose it is.
  return view === 'hidden' ? undefined : 'vote';
}

/** The frame of what happened to a poll, as a member sees it; undefined where it is not told. */
export function pollFrame(event: RoomEventOf<'pollUpdated'>, viewer: MemberInfo): PollEventFrame | undefined {
  const { seq, poll, vote } = event;
  const view = pollViewOf(event, viewer);
  if (!view) return undefined;
  if (view !== 'vote') return { event: 'pollUpdated', seq, poll: wirePoll(poll, view) };
  if (!vote) return undefined;
  const { option, isNamed, voter } = vote;
  const count = poll.options[option]?.count ?? 0;
  return { event: 'pollVoted', seq, pollId: poll.pollId, option, count, ...(isNamed && { voter }) };
}

/** The polls that a member may see, as it sees them. */
export function wirePolls(polls: readonly PollInfo[], viewer: MemberInfo): readonly WirePoll[] {
  return viewer.permissions.polls?.view ? polls.map((poll) => wirePoll(poll, viewOfPoll(poll, viewer))) : [];
}

function wirePoll(poll: PollInfo, view: PollView): WirePoll {
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
