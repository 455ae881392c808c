/**
 * What was said to everybody in sessions.
 *
 * @module
 */

/** Something that was said. */
export interface ChatRecord {
  readonly sessionId: string;
  /** Unique in its session; of two the one said later sorts later. */
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly text: string;
  readonly isPinned: boolean;
  readonly isEdited: boolean;
  readonly sentAtMs: number;
}

/** A change of what was said. */
export type ChatChange =
  /** Adds a message, or puts it in the place of the one with its id. */
  | { readonly type: 'put'; readonly message: ChatRecord }
  | { readonly type: 'delete'; readonly sessionId: string; readonly id: string };

/** Stores what was said. */
export interface ChatRepository {
  /** Stores changes in order, all or none. */
  keep(changes: readonly ChatChange[]): Promise<void>;
  /** Messages of a session in the order in which they were said, after the one with an id. */
  read(sessionId: string, afterId: string, limit: number): Promise<readonly ChatRecord[]>;
  /** Returns whether anything is kept of what was said in a session. */
  has(sessionId: string): Promise<boolean>;
  /**
   * Forgets what was said in sessions that ended before a time, oldest first, but for those that keep it for good:
   * `limit` rows at most. Returns how many; fewer than `limit` where that was all.
   */
  purge(endedBeforeMs: number, limit: number): Promise<number>;
}
