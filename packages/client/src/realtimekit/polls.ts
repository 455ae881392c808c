/**
 * Polls: creation, voting, and the visible votes (reference realtimekit 8.6).
 *
 * @module
 */

import type { WirePoll } from '@gavel/protocol';
import type { RoomSession } from '../core/session.ts';
import { CODES, RealtimeKitError, toRealtimeKitError } from './errors.ts';
import { EventEmitter } from './event-emitter.ts';

/** One option of a poll. */
export interface PollOption {
  readonly text: string;
  /** The number of votes; 0 while votes are hidden from the own user. */
  readonly count: number;
  /** The voters, among the first 100 of the poll; empty if they are hidden. `id` is a user id. */
  readonly votes: { id: string; name: string }[];
}

/** A poll as the own user sees it. */
export interface Poll {
  readonly id: string;
  readonly question: string;
  readonly options: PollOption[];
  /** Whether the voters are hidden from everyone. */
  readonly anonymous: boolean;
  /** Whether votes are shown only to those who have voted and to the creator of the poll. */
  readonly hideVotes: boolean;
  /** The creator's name; empty if the backend created the poll. */
  readonly createdBy: string;
  readonly createdByUserId: string;
  /** The user ids of the visible voters; the own vote is always visible. */
  readonly voted: string[];
}

/** The events of polls. */
export interface PollsEvents {
  /** Polls were added or changed; `items` is already updated. */
  pollsUpdate: [event: { readonly polls: Poll[]; readonly newPoll: boolean }];
}

/** The polls of a meeting. */
export class Polls extends EventEmitter<PollsEvents> {
  #items: Poll[] = [];
  #session: RoomSession | undefined;

  /** All polls of this session that the own user may view, oldest first. */
  get items(): Poll[] {
    return this.#items;
  }

  /**
   * Creates a poll; when this resolves, `items` has it.
   *
   * @param question 1 to 512 bytes
   * @param options 1 to 20, of 1 to 256 bytes each
   * @param anonymous whether the voters are hidden from everyone
   * @param hideVotes whether votes are shown only to those who have voted, and to the creator
   * @throws RealtimeKitError `1201` if the preset does not allow it, `0013` for more than 10 polls in a minute
   */
  async create(question: string, options: readonly string[], anonymous = false, hideVotes = false): Promise<void> {
    await this.#with((session) =>
      session.request('createPoll', { question, options: [...options], anonymous, hideVotes }),
    );
  }

  /**
   * Votes for an option, counted from 0; when this resolves, `items` has the vote. A vote is final.
   *
   * @throws RealtimeKitError `1201` if the preset does not allow it
   */
  async vote(id: string, index: number): Promise<void> {
    await this.#with((session) => session.request('vote', { pollId: id, option: index }));
  }

  /** Subscribes to a session that has just been joined. */
  attach(session: RoomSession): void {
    this.#session = session;
    this.#items = [];
    if (session.room?.polls().length) this.#update(session, false);
    session.on('pollsChanged', ({ hasNew }) => {
      if (this.#session === session) this.#update(session, hasNew);
    });
  }

  /** Drops the session; its polls can still be read. */
  detach(): void {
    this.#session = undefined;
  }

  #update(session: RoomSession, newPoll: boolean): void {
    const ownId = session.self?.user.id ?? '';
    this.#items = (session.room?.polls() ?? []).map((poll) => toPoll(poll, ownId));
    this.emit('pollsUpdate', { polls: this.#items, newPoll });
  }

  async #with(ask: (session: RoomSession) => Promise<unknown>): Promise<void> {
    if (!this.#session) throw new RealtimeKitError(CODES.couldNotJoin, 'not in the room');
    try {
      await ask(this.#session);
    } catch (error) {
      throw toRealtimeKitError(error);
    }
  }
}

function toPoll({ pollId, question, options, anonymous, hideVotes, creator, hasVoted }: WirePoll, ownId: string): Poll {
  const voted = new Set(options.flatMap(({ votes = [] }) => votes.map(({ id }) => id)));
  if (hasVoted) voted.add(ownId);
  return {
    id: pollId,
    question,
    options: options.map(({ text, count = 0, votes = [] }) => ({ text, count, votes: [...votes] })),
    anonymous,
    hideVotes,
    createdBy: creator?.name ?? '',
    createdByUserId: creator?.id ?? '',
    voted: [...voted],
  };
}
