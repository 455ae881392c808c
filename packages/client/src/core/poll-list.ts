/**
 * The polls of a room that this client may see, kept up to date from events and snapshots.
 *
 * @module
 */

import type { PollEventFrame, WirePoll, WirePollOption } from '@gavel/protocol';

/** A change of the list of polls. */
export interface PollsChange {
  /** Whether a poll was added. */
  readonly hasNew: boolean;
}

type PollVoted = Extract<PollEventFrame, { event: 'pollVoted' }>;

/** Polls in the order of their creation. */
export class PollList {
  readonly #polls = new Map<string, WirePoll>();

  /** Returns all polls. A poll object is never changed in place; a new one replaces it. */
  all(): readonly WirePoll[] {
    return [...this.#polls.values()];
  }

  /** Replaces all polls; returns undefined if nothing changed. */
  replace(polls: readonly WirePoll[]): PollsChange | undefined {
    const before = this.all();
    if (JSON.stringify(before) === JSON.stringify(polls)) return undefined;
    const hasNew = polls.some(({ pollId }) => !this.#polls.has(pollId));
    this.#polls.clear();
    for (const poll of polls) this.#polls.set(poll.pollId, poll);
    return { hasNew };
  }

  /** Applies one event; returns undefined for a vote in an unknown poll. */
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
