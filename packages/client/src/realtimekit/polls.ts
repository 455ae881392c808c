/**
 * Polls: made, voted in, and their votes as the server shows them (reference realtimekit 8.6).
 *
 * @module
 */

import type { WirePoll } from '@gavel/protocol';
import { Emitter } from '../core/emitter.ts';
import type { RoomSession } from '../core/session.ts';
import { CODES, RealtimeKitError, toRealtimeKitError } from './errors.ts';

/** One option of a poll. */
export interface PollOption {
  readonly text: string;
  /** How many chose it; 0 while votes are hidden from oneself. */
  readonly count: number;
  /** Who chose it, the first 100 voters of the poll; empty where that is not shown. `id` is a user id. */
  readonly votes: readonly { readonly id: string; readonly name: string }[];
}

/** A poll as oneself is shown it. */
export interface Poll {
  readonly id: string;
  readonly question: string;
  readonly options: readonly PollOption[];
  /** Nobody is shown who voted. */
  readonly anonymous: boolean;
  /** Votes are shown only to who has voted, and to who made the poll. */
  readonly hideVotes: boolean;
  /** The name of who made it; empty where the backend did. */
  readonly createdBy: string;
  readonly createdByUserId: string;
  /** The user ids of those who have voted, as far as one is shown them; oneself always is. */
  readonly voted: readonly string[];
}

/** The events of polls. */
export interface PollsEvents {
  /** Polls are new or have changed; `items` has them already. */
  pollsUpdate: [event: { readonly polls: readonly Poll[]; readonly newPoll: boolean }];
}

/** The polls of a meeting. */
export class Polls extends Emitter<PollsEvents> {
  #items: readonly Poll[] = [];
  #session: RoomSession | undefined;

  /** All polls of this session that one may view, oldest first. */
  get items(): readonly Poll[] {
    return this.#items;
  }

  /**
   * Makes a poll; when it resolves, `items` has it.
   *
   * @param question 1 to 512 bytes
   * @param options 1 to 20, of 1 to 256 bytes each
   * @param anonymous whether nobody is shown who voted
   * @param hideVotes whether votes are shown only to who has voted, and to oneself
   * @throws RealtimeKitError `1201` where the preset does not allow it, `0013` for more than 10 polls in a minute
   */
  async create(question: string, options: readonly string[], anonymous = false, hideVotes = false): Promise<void> {
    await this.#with((session) =>
      session.request('createPoll', { question, options: [...options], anonymous, hideVotes }),
    );
  }

  /**
   * Votes for an option, counted from 0; when it resolves, `items` has it. A vote is final.
   *
   * @throws RealtimeKitError `1201` where the preset does not allow it
   */
  async vote(id: string, index: number): Promise<void> {
    await this.#with((session) => session.request('vote', { pollId: id, option: index }));
  }

  /** Follows a session that has just been joined. */
  attach(session: RoomSession): void {
    this.#session = session;
    this.#items = [];
    if (session.room?.polls().length) this.#update(session, false);
    session.on('pollsChanged', ({ hasNew }) => {
      if (this.#session === session) this.#update(session, hasNew);
    });
  }

  /** Forgets the session; its polls can still be read. */
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
    options: options.map(({ text, count = 0, votes = [] }) => ({ text, count, votes })),
    anonymous,
    hideVotes,
    createdBy: creator?.name ?? '',
    createdByUserId: creator?.id ?? '',
    voted: [...voted],
  };
}
