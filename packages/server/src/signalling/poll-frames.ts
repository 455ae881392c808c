/**
 * Converts poll events to frames. The content depends on what each member may see (POLL-1, POLL-3, POLL-4).
 *
 * @module
 */

import type { PollEventFrame, WirePoll } from '@gavel/protocol';
import type { RoomEventOf } from '../rooms/events.ts';
import type { MemberInfo } from '../rooms/member.ts';
import { hasVoted, isShownVotes, type PollInfo } from '../rooms/polls.ts';

/** A member's view of a poll: it has voted, or it has not voted and the votes are shown to it or hidden from it. */
type PollView = 'voted' | 'shown' | 'hidden';

/** A member's view of a poll event: the whole poll, or only another member's vote. */
export type PollEventView = PollView | 'vote';

function viewOfPoll(poll: PollInfo, { user }: MemberInfo): PollView {
  if (hasVoted(poll, user.id)) return 'voted';
  return isShownVotes(poll, user.id) ? 'shown' : 'hidden';
}

/** Returns a member's view of a poll event; undefined if the member does not receive it. */
export function pollViewOf(event: RoomEventOf<'pollUpdated'>, member: MemberInfo): PollEventView | undefined {
  const { poll, vote } = event;
  if (!member.permissions.polls?.view) return undefined;
  const view = viewOfPoll(poll, member);
  if (!vote || vote.voter.id === member.user.id) return view;
  // A hidden vote is not sent at all: its time would reveal the voter.
  return view === 'hidden' ? undefined : 'vote';
}

/** Returns the frame of a poll event as a member sees it; undefined if the member does not receive it. */
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

/** Returns the polls that a member may see, as it sees them. */
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
