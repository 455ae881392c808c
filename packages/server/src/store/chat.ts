/**
 * The public chat messages of sessions.
 *
 * @module
 */

import type { WireContent } from '@gavel/protocol';

/** A stored message. */
export interface ChatRecord {
  readonly sessionId: string;
  /** Unique in its session; ids sort in the order in which the messages were sent. */
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly text: string;
  readonly content?: WireContent;
  readonly isPinned: boolean;
  readonly isEdited: boolean;
  readonly sentAtMs: number;
}

/** A change of the stored messages. */
export type ChatChange =
  /** Adds a message, or replaces the one with the same id. */
  | { readonly type: 'put'; readonly message: ChatRecord }
  | { readonly type: 'delete'; readonly sessionId: string; readonly id: string };

/** Stores chat messages. */
export interface ChatRepository {
  /** Applies changes in order, all or none. */
  keep(changes: readonly ChatChange[]): Promise<void>;
  /** Returns messages of a session after the one with an id, in the order in which they were sent. */
  read(sessionId: string, afterId: string, limit: number): Promise<readonly ChatRecord[]>;
  /** Returns whether any message of a session is stored. */
  has(sessionId: string): Promise<boolean>;
  /**
   * Deletes messages of sessions that ended before a time, oldest session first, except those that store chat permanently:
   * at most `limit` rows. Returns their number; less than `limit` if no more are left.
   */
  purge(endedBeforeMs: number, limit: number): Promise<number>;
}
