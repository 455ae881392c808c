/**
 * The bus of one process: calls the rooms directly, and serialises nothing.
 *
 * @module
 */

import type { RoomKey } from '@gavel/protocol';
import type { AnswerOf, Query, SubjectOf } from '../owner/queries.ts';
import type { Rooms } from '../owner/rooms.ts';
import type { CallTerms, Origin } from '../rooms/commands.ts';
import type { Bus, Command, Envelope, ReplyOf, Subscriber } from './bus.ts';
import { isMediaCommand, type MediaCommand, type MediaReplyOf } from './media-commands.ts';
import type { Publisher } from './publisher.ts';

/** Executes the media commands of an owner's rooms. */
export interface MediaHandler {
  /** @throws GavelError as the command documents */
  execute<C extends MediaCommand>(key: RoomKey, command: C, origin: Origin): Promise<MediaReplyOf<C>>;
}

/** Dependencies of the local bus. */
export interface LocalBusDeps {
  readonly rooms: Pick<Rooms, 'execute' | 'answer' | 'requireEpoch'>;
  readonly media: MediaHandler;
  /** A sink of these rooms. */
  readonly publisher: Publisher;
}

/** The only owner of rooms is in this process. */
export class LocalBus implements Bus {
  readonly #deps: LocalBusDeps;

  constructor(deps: LocalBusDeps) {
    this.#deps = deps;
  }

  call<C extends Command>({ key, command, origin, ...terms }: Envelope<C>): Promise<ReplyOf<C>> {
    const { rooms } = this.#deps;
    const reply = isMediaCommand(command)
      ? this.#executeMedia(key, command, origin, terms)
      : rooms.execute(key, command, origin, terms);
    return reply as Promise<ReplyOf<C>>;
  }

  async #executeMedia(key: RoomKey, command: MediaCommand, origin: Origin, terms: CallTerms) {
    this.#deps.rooms.requireEpoch(key, terms.expectedEpoch);
    return this.#deps.media.execute(key, command, origin);
  }

  async query<Q extends Query>(subject: SubjectOf<Q>, query: Q): Promise<AnswerOf<Q>> {
    return this.#deps.rooms.answer(subject, query);
  }

  subscribe(subscriber: Subscriber): () => void {
    return this.#deps.publisher.subscribe(subscriber);
  }
}
