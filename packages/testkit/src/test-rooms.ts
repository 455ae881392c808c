/**
 * The rooms of a test server: short ways to use its bus.
 *
 * @module
 */

import type { RoomKey, StreamId } from '@gavel/protocol';
import type { AnswerOf, Bus, Command, Envelope, ReplyOf, RoomQuery, ScopeQuery } from '@gavel/server';

type Found<T extends RoomQuery['type'], F extends keyof AnswerOf<Extract<RoomQuery, { type: T }>>> = Promise<
  AnswerOf<Extract<RoomQuery, { type: T }>>[F]
>;

/** Commands and queries, as tests write them. What reads returns undefined if there is no such room or stream. */
export class TestRooms {
  readonly #bus: Pick<Bus, 'call' | 'query'>;

  constructor(bus: Pick<Bus, 'call' | 'query'>) {
    this.#bus = bus;
  }

  /** Executes a command. @throws GavelError as the command documents */
  execute<C extends Command>(key: RoomKey, command: C, origin: Envelope['origin']): Promise<ReplyOf<C>> {
    return this.#bus.call({ key, command, origin });
  }

  async snapshot(key: RoomKey): Found<'snapshot', 'room'> {
    return (await this.#bus.query(key, { type: 'snapshot' })).room;
  }

  async summary(key: RoomKey): Found<'summary', 'room'> {
    return (await this.#bus.query(key, { type: 'summary' })).room;
  }

  async waiting(key: RoomKey): Found<'waiting', 'waiting'> {
    return (await this.#bus.query(key, { type: 'waiting' })).waiting;
  }

  async findStream(key: RoomKey, streamId: StreamId): Found<'stream', 'stream'> {
    return (await this.#bus.query(key, { type: 'stream', streamId })).stream;
  }

  /** Returns the room with a live or reserved stream of this id. */
  async roomOfStream(
    scope: Omit<RoomKey, 'roomId'>,
    streamId: StreamId,
  ): Promise<AnswerOf<Extract<ScopeQuery, { type: 'roomOfStream' }>>['key']> {
    return (await this.#bus.query(scope, { type: 'roomOfStream', streamId })).key;
  }
}
