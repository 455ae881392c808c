/**
 * The bus of one process: calls the rooms directly, and serialises nothing.
 *
 * @module
 */

import type { RoomCommand } from '../rooms/commands.ts';
import type { AnswerOf, Query, SubjectOf } from '../rooms/queries.ts';
import type { ReplyOf } from '../rooms/replies.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { BatchHandler, Bus, Envelope } from './bus.ts';
import type { Publisher } from './publisher.ts';

/** Dependencies of the local bus. */
export interface LocalBusDeps {
  readonly rooms: Pick<Rooms, 'execute' | 'answer'>;
  /** A sink of these rooms. */
  readonly publisher: Publisher;
}

/** The only owner of rooms is in this process. */
export class LocalBus implements Bus {
  readonly #deps: LocalBusDeps;

  constructor(deps: LocalBusDeps) {
    this.#deps = deps;
  }

  call<C extends RoomCommand>({ key, command, origin }: Envelope<C>): Promise<ReplyOf<C>> {
    return this.#deps.rooms.execute(key, command, origin);
  }

  async query<Q extends Query>(subject: SubjectOf<Q>, query: Q): Promise<AnswerOf<Q>> {
    return this.#deps.rooms.answer(subject, query);
  }

  subscribe(handler: BatchHandler): () => void {
    return this.#deps.publisher.subscribe(handler);
  }
}
