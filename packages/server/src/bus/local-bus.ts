/**
 * The bus of one process: calls the rooms directly, and serialises nothing.
 *
 * @module
 */

import type { RoomKey } from '@gavel/protocol';
import type { Origin } from '../rooms/commands.ts';
import type { AnswerOf, Query, SubjectOf } from '../rooms/queries.ts';
import type { Rooms } from '../rooms/rooms.ts';
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
  readonly rooms: Pick<Rooms, 'execute' | 'answer'>;
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

  call<C extends Command>({ key, command, origin }: Envelope<C>): Promise<ReplyOf<C>> {
    const { rooms, media } = this.#deps;
    const reply = isMediaCommand(command) ? media.execute(key, command, origin) : rooms.execute(key, command, origin);
    return reply as Promise<ReplyOf<C>>;
  }

  async query<Q extends Query>(subject: SubjectOf<Q>, query: Q): Promise<AnswerOf<Q>> {
    return this.#deps.rooms.answer(subject, query);
  }

  subscribe(subscriber: Subscriber): () => void {
    return this.#deps.publisher.subscribe(subscriber);
  }
}
