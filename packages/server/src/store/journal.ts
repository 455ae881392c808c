/**
 * What a command or a change of a room must leave in the store, in one transaction: callbacks, the history of sessions, live
 * rooms, rules, the audit row, and the reply (BUS-6).
 *
 * @module
 */

import type { RoomKey } from '@gavel/protocol';
import type { Rule } from '../policy/rule.ts';
import type { EndedTicket } from '../rooms/ended-tickets.ts';
import type { RoomEventOf } from '../rooms/events.ts';
import type { AuditRow } from './audit.ts';
import type { LiveRoomChange } from './live-rooms.ts';
import type { NewOutboxRecord, OutboxRecord } from './outbox.ts';
import type { SessionChange } from './sessions.ts';

/** The reply of a command with a `commandId`. */
export interface CommandReply {
  readonly commandId: string;
  /** A hash of the command, by which another command with the same id is recognised. */
  readonly fingerprint: string;
  /** The reply as JSON text. */
  readonly reply: string;
  /** Milliseconds since the Unix epoch. */
  readonly doneAtMs: number;
}

/** Rows of one change. Their callbacks have no numbers yet. */
export interface JournalRows {
  readonly callbacks?: readonly NewOutboxRecord[];
  readonly sessions?: readonly SessionChange[];
  readonly liveRooms?: readonly LiveRoomChange[];
  readonly audit?: readonly AuditRow[];
  readonly replies?: readonly CommandReply[];
  readonly endedTickets?: readonly EndedTicket[];
  /** A rule replaces the row with its id. */
  readonly rules?: readonly Rule[];
  /** In a cluster, the room that changed, with the term in which its owner changed it, and the life of it that the change ended. */
  readonly owned?: OwnedRoom & { readonly ended?: EndedLife };
}

/** A life of a room whose end is stored: the next owner does not go on with it, also if nobody was told. */
export type EndedLife = Pick<RoomEventOf<'roomClosed'>, 'epoch' | 'cause' | 'reason'>;

/** A room, and the term of an owner of it. */
export interface OwnedRoom {
  readonly key: RoomKey;
  readonly term: number;
}

/** The rows of one change, as they are stored. */
export interface NumberedRows extends Omit<JournalRows, 'callbacks'> {
  readonly callbacks?: readonly OutboxRecord[];
}

/** The rows of one change, stored all or none. */
export interface JournalEntry extends NumberedRows {
  /** The term of the owner that made the change; 1 where there is one process. */
  readonly term: number;
}

/** A position in the files of a journal that is written to files first. */
export interface JournalPosition {
  /** The number of the file. */
  readonly segment: number;
  /** In bytes from its beginning. */
  readonly offset: number;
}

/** Stores entries, and the replies to repeated commands. */
export interface JournalRepository {
  /**
   * Stores entries in order, all or none. A callback whose id exists replaces the earlier one.
   *
   * @param position the position after the entries, stored with them; absent if the journal has no files
   * @param batchId identifies the entries over attempts. If those of this id are the last ones that this node has stored, nothing
   *   is stored again: the answer to their commit was lost
   * @throws GavelError `server.stale-term`, without a change, if a later owner has stored something, or the term of a room is
   *   not that of its owner any more
   */
  apply(entries: readonly JournalEntry[], position?: JournalPosition, batchId?: string): Promise<void>;
  /** Returns the last stored position; that before the first file if there is none. */
  position(): Promise<JournalPosition>;
  /** Returns the largest `seq` of a stored callback, of all or of those of a lane that are pending; 0 if there is none. */
  lastCallbackSeq(lane?: Pick<OutboxRecord, 'appId' | 'lane'>): Promise<number>;
  /** Returns the reply of a command that was done at `sinceMs` or later. */
  findReply(commandId: string, sinceMs: number): Promise<CommandReply | undefined>;
  /** Returns the last life of a room whose end is stored; undefined if there is none. Only where the owners of rooms are stored. */
  findEnd(key: RoomKey): Promise<EndedLife | undefined>;
  /** Deletes at most `limit` replies from before a time; returns their number. */
  purgeReplies(beforeMs: number, limit: number): Promise<number>;
}

/** Combines the rows of one change that several parts contribute: lists are joined, and empty ones are left out. */
export function mergeRows(...parts: readonly (JournalRows | undefined)[]): JournalRows {
  const merged: Record<string, unknown> = {};
  for (const part of parts) {
    for (const [name, rows] of Object.entries(part ?? {})) {
      const before = merged[name];
      if (!Array.isArray(rows)) merged[name] = before ?? rows;
      else if (rows.length > 0) merged[name] = Array.isArray(before) ? [...before, ...rows] : rows;
    }
  }
  return merged;
}
