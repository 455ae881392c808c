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
  /** Who chose it, in the order of their votes: the first of the poll's voters, and nobody of an anonymous poll. */
  readonly votes: readonly User[];
}

/** A poll at one moment. */
export interface PollInfo {
  readonly pollId: PollId;
  readonly question: string;
  readonly options: readonly PollOption[];
  readonly anonymous: boolean;
  readonly hideVotes: boolean;
  /** Undefined where the App's backend made it. */
  readonly creator?: User;
  readonly createdAtMs: number;
  /** How many have voted. */
  readonly voteCount: number;
  /** Every vote, those after this moment too; `hasVoted` tells them apart. */
  readonly votes: ReadonlyMap<UserId, Vote>;
}

/** A vote: it is final, so that what a poll was is told by how many votes there were. */
export interface Vote {
  readonly option: number;
  /** Its number among the poll's votes, from 1. */
  readonly number: number;
}

/** Tells whether a user had voted in a poll at the moment that it is shown at. */
export function hasVoted({ votes, voteCount }: PollInfo, userId: UserId): boolean {
  const vote = votes.get(userId);
  return vote !== undefined && vote.number <= voteCount;
}

/** Tells whether a user is shown the votes of a poll: hidden ones only after its own, or where it made the poll (POLL-4). */
export function isShownVotes(poll: PollInfo, userId: UserId): boolean {
  return !poll.hideVotes || poll.creator?.id === userId || hasVoted(poll, userId);
}

interface PollsDeps {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly emit: (change: RoomChange) => void;
}

/** Keeps the polls of a room; who may do what is judged before. */
export class Polls {
  readonly #deps: PollsDeps;
  /** In the order of their making. */
  readonly #polls = new Map<PollId, PollInfo>();
  readonly #votes = new Map<PollId, Map<UserId, Vote>>();

  constructor(deps: PollsDeps) {
    this.#deps = deps;
  }

  /** Every poll as it is now, oldest first. */
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

  /** The same vote again changes nothing, so that a client whose answer was lost may ask again. */
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
