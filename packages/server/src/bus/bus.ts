/**
 * The bus: between those who ask something of rooms, and the owners of rooms. Everything on it is JSON (BUS-1).
 *
 * @module
 */

import type { RoomKey } from '@gavel/protocol';
import type { Origin, RoomCommand } from '../rooms/commands.ts';
import type { AnswerOf, Query, SubjectOf } from '../rooms/queries.ts';
import type { ReplyOf } from '../rooms/replies.ts';
import type { EventBatch } from '../rooms/rooms.ts';

/** A command with its room and its origin. */
export interface Envelope<C extends RoomCommand = RoomCommand> {
  readonly key: RoomKey;
  readonly command: C;
  readonly origin: Origin;
}

/** Handles the events of all rooms that the bus delivers. The events of one room arrive in order. */
export type BatchHandler = (batch: EventBatch) => void | Promise<void>;

/**
 * Where doors and other parts send what they want of rooms, wherever these are.
 *
 * ```ts
 * const { members } = await bus.call({ key, command: { type: 'kick', targets, require: 'any', reason }, origin });
 * const { room } = await bus.query(key, { type: 'summary' });
 * ```
 */
export interface Bus {
  /**
   * Executes a command at the room's owner. When it resolves, media is closed, callbacks are stored, and every subscriber
   * has handled the events.
   *
   * @throws GavelError `room.not-found`, and as the command documents
   */
  call<C extends RoomCommand>(envelope: Envelope<C>): Promise<ReplyOf<C>>;
  /** Asks about a room, or about an environment of an App. @throws GavelError as the query documents */
  query<Q extends Query>(subject: SubjectOf<Q>, query: Q): Promise<AnswerOf<Q>>;
  /** Calls the handler with the events of rooms from now on. Returns a function that ends it. */
  subscribe(handler: BatchHandler): () => void;
}
