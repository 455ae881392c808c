/**
 * The polls of one life of a room (POLL).
 *
 * @module
 */

import { byteLength, GavelError, POLL_LIMITS, type PollId, type UserId } from '@gavel/protocol';
import type { Clock, IdSource } from './clock.ts';
import type { CommandOf } from './commands.ts';
import type { RoomChange } from './events.ts';
import type { User } from './member.ts';

/** One option of a poll. */
export interface PollOption {
  readonly text: string;
  readonly count: number;
  /** The first voters for the option, in the order of their votes; empty for an anonymous poll. */
  readonly votes: readonly User[];
}

/** The state of a poll at one moment. */
export interface PollInfo {
  readonly pollId: PollId;
  readonly question: string;
  readonly options: readonly PollOption[];
  readonly anonymous: boolean;
  readonly hideVotes: boolean;
  /** Undefined if the App's backend created it. */
  readonly creator?: User;
  readonly createdAtMs: number;
  /** Number of votes. */
  readonly voteCount: number;
  /** All votes, including those after this moment; `hasVoted` excludes the latter. */
  readonly votes: ReadonlyMap<UserId, Vote>;
}

/** A vote. It is final, so the number of votes identifies each earlier state of a poll. */
export interface Vote {
  readonly option: number;
  /** The number of the vote in the poll, from 1. */
  readonly number: number;
}

/** Returns whether a user had voted in a poll at the moment of this state. */
export function hasVoted({ votes, voteCount }: PollInfo, userId: UserId): boolean {
  const vote = votes.get(userId);
  return vote !== undefined && vote.number <= voteCount;
}

/** Returns whether a user may see a poll's votes: hidden ones only after its own, or if it is the creator (POLL-4). */
export function isShownVotes(poll: PollInfo, userId: UserId): boolean {
  return !poll.hideVotes || poll.creator?.id === userId || hasVoted(poll, userId);
}

interface PollsDeps {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly emit: (change: RoomChange) => void;
}

/** Stores the polls of a room. The caller checks the permissions. */
export class Polls {
  readonly #deps: PollsDeps;
  /** In the order of creation. */
  readonly #polls = new Map<PollId, PollInfo>();
  readonly #votes = new Map<PollId, Map<UserId, Vote>>();

  constructor(deps: PollsDeps) {
    this.#deps = deps;
  }

  /** Returns the current state of every poll, oldest first. */
  all(): readonly PollInfo[] {
    return [...this.#polls.values()];
  }

  create({ question, options, anonymous, hideVotes }: CommandOf<'createPoll'>, creator: User | undefined): void {
    if (!isWithin(question, POLL_LIMITS.questionBytes)) throw new GavelError('poll.bad-question');
    const isOptionGood = (option: string) => isWithin(option, POLL_LIMITS.optionBytes);
    if (options.length === 0 || options.length > POLL_LIMITS.options || !options.every(isOptionGood)) {
      throw new GavelError('poll.bad-options');
    }
    if (this.#polls.size >= POLL_LIMITS.polls) throw new GavelError('poll.too-many');
    const pollId = this.#deps.ids.nextPollId();
    const votes = new Map<UserId, Vote>();
    this.#votes.set(pollId, votes);
    this.#put({
      pollId,
      question,
      options: options.map((text) => ({ text, count: 0, votes: [] })),
      anonymous,
      hideVotes,
      ...(creator && { creator }),
      createdAtMs: this.#deps.clock.now(),
      voteCount: 0,
      votes,
    });
  }

  /** Repeating the same vote changes nothing, so that a client that lost the answer can retry. */
  vote({ pollId, option }: CommandOf<'vote'>, voter: User): void {
    const poll = this.#polls.get(pollId);
    const votes = this.#votes.get(pollId);
    if (!poll || !votes) throw new GavelError('poll.not-found');
    if (option >= poll.options.length) throw new GavelError('poll.bad-option');
    const earlier = votes.get(voter.id);
    if (earlier && earlier.option !== option) throw new GavelError('poll.voted');
    if (earlier) return;
    const number = poll.voteCount + 1;
    votes.set(voter.id, { option, number });
    const isNamed = !poll.anonymous && number <= POLL_LIMITS.namedVoters;
    const options = poll.options.map((one, index) =>
      index === option ? { ...one, count: one.count + 1, votes: isNamed ? [...one.votes, voter] : one.votes } : one,
    );
    this.#put({ ...poll, options, voteCount: number }, { voter, option, isNamed });
  }

  #put(poll: PollInfo, vote?: { readonly voter: User; readonly option: number; readonly isNamed: boolean }): void {
    this.#polls.set(poll.pollId, poll);
    this.#deps.emit({ type: 'pollUpdated', poll, ...(vote && { vote }) });
  }
}

const isWithin = (text: string, maxBytes: number): boolean => text.length > 0 && byteLength(text) <= maxBytes;
