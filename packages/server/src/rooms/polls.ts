/**
 * The polls of one life of a room (POLL).
 *
 * @module
 */

import { byteLength, GavelError, POLL_LIMITS, type PollId, type UserId } from '@gavel/protocol';
import type { CommandOf } from './commands.ts';
import type { RoomEvent } from './events.ts';
import type { User } from './member.ts';
import type { RoomDraft } from './room-draft.ts';

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
}

/** A poll with its voters. */
export interface PollState extends PollInfo {
  /** The users that have voted, in the order of their votes. */
  readonly voterIds: readonly UserId[];
}

/** A vote in a poll. It is final. */
export interface PollVote {
  readonly voter: User;
  /** Index of the option, from 0. */
  readonly option: number;
  /** Whether other members see the voter. */
  readonly isNamed: boolean;
  /** The users that have voted, including the voter; only in a poll with hidden votes, where they see more (POLL-4). */
  readonly voterIds?: readonly UserId[];
}

/** A poll in a snapshot. */
export interface PollContent {
  readonly poll: PollInfo;
  /** The option of each voter, in the order of the votes. */
  readonly votes: readonly (readonly [UserId, number])[];
}

/** Stores the polls of a room. Only events change it. The caller checks the permissions. */
export class Polls {
  /** In the order of creation. */
  readonly #polls = new Map<PollId, PollInfo>();
  /** By poll: the option of each voter, in the order of the votes. */
  readonly #votes = new Map<PollId, Map<UserId, number>>();

  /** Every poll with its votes, in the order of creation. */
  get state(): readonly PollContent[] {
    return [...this.#polls.values()].map((poll) => ({ poll, votes: [...(this.#votes.get(poll.pollId) ?? [])] }));
  }

  /** Sets the polls of a room that has none. */
  restore(contents: readonly PollContent[]): void {
    for (const { poll, votes } of contents) {
      this.#polls.set(poll.pollId, poll);
      this.#votes.set(poll.pollId, new Map(votes));
    }
  }

  /** Returns the current state of every poll, oldest first. */
  all(): readonly PollState[] {
    return [...this.#polls.values()].map((poll) => ({ ...poll, voterIds: this.#voterIdsOf(poll.pollId) }));
  }

  create(
    draft: RoomDraft,
    { question, options, anonymous, hideVotes }: CommandOf<'createPoll'>,
    creator: User | undefined,
  ): void {
    if (!isWithin(question, POLL_LIMITS.questionBytes)) throw new GavelError('poll.bad-question');
    const isOptionGood = (option: string) => isWithin(option, POLL_LIMITS.optionBytes);
    if (options.length === 0 || options.length > POLL_LIMITS.options || !options.every(isOptionGood)) {
      throw new GavelError('poll.bad-options');
    }
    if (this.#polls.size >= POLL_LIMITS.polls) throw new GavelError('poll.too-many');
    const poll: PollInfo = {
      pollId: draft.facts.ids.nextPollId(),
      question,
      options: options.map((text) => ({ text, count: 0, votes: [] })),
      anonymous,
      hideVotes,
      ...(creator && { creator }),
      createdAtMs: draft.facts.nowMs,
      voteCount: 0,
    };
    draft.emit({ type: 'pollUpdated', poll });
  }

  /** Repeating the same vote changes nothing, so that a client that lost the answer can retry. */
  vote(draft: RoomDraft, { pollId, option }: CommandOf<'vote'>, voter: User): void {
    const poll = this.#polls.get(pollId);
    const votes = this.#votes.get(pollId);
    if (!poll || !votes) throw new GavelError('poll.not-found');
    if (option >= poll.options.length) throw new GavelError('poll.bad-option');
    const earlier = votes.get(voter.id);
    if (earlier !== undefined && earlier !== option) throw new GavelError('poll.voted');
    if (earlier !== undefined) return;
    const voteCount = votes.size + 1;
    const isNamed = !poll.anonymous && voteCount <= POLL_LIMITS.namedVoters;
    const options = poll.options.map((one, index) =>
      index === option ? { ...one, count: one.count + 1, votes: isNamed ? [...one.votes, voter] : one.votes } : one,
    );
    const voterIds = poll.hideVotes && { voterIds: [...this.#voterIdsOf(pollId), voter.id] };
    const cast: PollVote = { voter, option, isNamed, ...voterIds };
    draft.emit({ type: 'pollUpdated', poll: { ...poll, options, voteCount }, vote: cast });
  }

  /** Changes the polls as an event says. */
  evolve(event: RoomEvent): void {
    if (event.type !== 'pollUpdated') return;
    const { poll, vote } = event;
    this.#polls.set(poll.pollId, poll);
    const votes = this.#votes.get(poll.pollId) ?? new Map<UserId, number>();
    this.#votes.set(poll.pollId, votes);
    if (vote) votes.set(vote.voter.id, vote.option);
  }

  #voterIdsOf(pollId: PollId): readonly UserId[] {
    return [...(this.#votes.get(pollId)?.keys() ?? [])];
  }
}

const isWithin = (text: string, maxBytes: number): boolean => text.length > 0 && byteLength(text) <= maxBytes;
