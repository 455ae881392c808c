/**
 * The bus: between those who ask something of rooms, and the owners of rooms. Everything on it is JSON (BUS-1).
 *
 * @module
 */

import type { MemberId, PersonalEventFrame, RoomKey } from '@gavel/protocol';
import type { AnswerOf, Query, SubjectOf } from '../owner/queries.ts';
import type { EventBatch } from '../owner/rooms.ts';
import type { CallTerms, Origin, RoomCommand } from '../rooms/commands.ts';
import type { ReplyOf as RoomReplyOf } from '../rooms/replies.ts';
import type { MediaCommand, MediaReplyOf } from './media-commands.ts';

/** A command: about a room, or about the media of one of its members. */
export type Command = RoomCommand | MediaCommand;

/** The reply of a command. */
export type ReplyOf<C extends Command> = C extends MediaCommand
  ? MediaReplyOf<C>
  : C extends RoomCommand
    ? RoomReplyOf<C>
    : never;

/** A command with its room, its origin and its terms. */
export interface Envelope<C extends Command = Command> extends CallTerms {
  readonly key: RoomKey;
  readonly command: C;
  readonly origin: Origin;
}

/** An event about a state that is no part of the room, such as its sound: nobody gets it again after a resume. */
export interface Notice {
  readonly key: RoomKey;
  /** Members of the room; absent: all of them. Those that are not connected do not get it. */
  readonly to?: readonly MemberId[];
  readonly frame: PersonalEventFrame;
}

/** Sends notices to members, wherever they are connected. */
export interface Notifier {
  notify(notice: Notice): void;
}

/** Receives what happens in rooms. The batches and notices of one room arrive in order. */
export interface Subscriber {
  /** Handles the events of one command. The command's caller waits for the promise. */
  handle(batch: EventBatch): void | Promise<void>;
  /** Handles a notice; without it, the subscriber gets none. */
  notify?(notice: Notice): void;
}

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
   * @throws GavelError `room.not-found`, also with details.epoch if the room has another epoch than the expected one
   *   (BUS-9); and as the command documents
   */
  call<C extends Command>(envelope: Envelope<C>): Promise<ReplyOf<C>>;
  /** Asks about a room, or about an environment of an App. @throws GavelError as the query documents */
  query<Q extends Query>(subject: SubjectOf<Q>, query: Q): Promise<AnswerOf<Q>>;
  /** Calls the subscriber from now on. Returns a function that ends it. */
  subscribe(subscriber: Subscriber): () => void;
}
