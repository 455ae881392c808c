/**
 * The polls of a room as this client is shown them, kept from events, mended from snapshots.
 *
 * @module
 */

import type { PollEventFrame, WirePoll, WirePollOption } from '@gavel/protocol';

/** That polls have changed. */
export interface PollsChange {
  /** Whether there is one that was not there before. */
  readonly hasNew: boolean;
}

type PollVoted = Extract<PollEventFrame, { event: 'pollVoted' }>;

/** Polls in the order of their making. */
export class PollList {
  readonly #polls = new Map<string, WirePoll>();

  /** All of them; a poll in it never changes, another takes its place. */
  all(): readonly WirePoll[] {
    return [...this.#polls.values()];
  }

  /** Takes all polls in place of those known; gives undefined where they are the same. */
  replace(polls: readonly WirePoll[]): PollsChange | undefined {
    const before = this.all();
    if (JSON.stringify(before) === JSON.stringify(polls)) return undefined;
    const hasNew = polls.some(({ pollId }) => !this.#polls.has(pollId));
    this.#polls.clear();
    for (const poll of polls) this.#polls.set(poll.pollId, poll);
    return { hasNew };
  }

  /** Takes one event; gives undefined for a vote in a poll that is not known. */
  apply(frame: PollEventFrame): PollsChange | undefined {
    if (frame.event === 'pollVoted') return this.#vote(frame);
    const hasNew = !this.#polls.has(frame.poll.pollId);
    this.#polls.set(frame.poll.pollId, frame.poll);
    return { hasNew };
  }

  #vote({ pollId, option, count, voter }: PollVoted): PollsChange | undefined {
    const poll = this.#polls.get(pollId);
    if (!poll) return undefined;
    const withVote = (one: WirePollOption): WirePollOption => ({
      ...one,
      count,
      ...(voter && { votes: [...(one.votes ?? []), voter] }),
    });
    const options = poll.options.map((one, index) => (index === option ? withVote(one) : one));
    this.#polls.set(pollId, { ...poll, options });
    return { hasNew: false };
  }
}
