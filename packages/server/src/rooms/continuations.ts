/**
 * Continuations: what outlives a Room for as long as its session may be continued (HOST-4, HOST-6, WAIT-9).
 *
 * A room is destroyed when it empties (ROOM-2), but a session of a meeting goes on for its keep-alive time. What hosts
 * took away from people is kept that long, and the next Room of the session begins with it.
 *
 * @module
 */

import { type RoomKey, roomKeyText } from '@gavel/protocol';
import type { ModerationState } from './moderation.ts';

/** What the next Room of a session begins with. */
export interface Continuation {
  /** How long the session may be continued after its room has emptied, in milliseconds. */
  readonly keptMs: number;
  readonly moderation: ModerationState;
}

interface Kept extends Continuation {
  readonly untilMonotonicMs: number;
}

/** The sessions whose room has emptied, by room. */
export class Continuations {
  readonly #kept = new Map<string, Kept>();

  /** Keeps a session that has emptied; does nothing where its time is 0. */
  keep(key: RoomKey, continuation: Continuation, nowMonotonicMs: number): void {
    if (continuation.keptMs <= 0) return;
    this.#kept.set(roomKeyText(key), { ...continuation, untilMonotonicMs: nowMonotonicMs + continuation.keptMs });
  }

  /** The session of a room that may be continued now, or undefined where there is none. */
  find(key: RoomKey, nowMonotonicMs: number): Continuation | undefined {
    const kept = this.#kept.get(roomKeyText(key));
    return kept && kept.untilMonotonicMs > nowMonotonicMs ? kept : undefined;
  }

  /** Forgets a session: it is continued, or was ended. */
  delete(key: RoomKey): void {
    this.#kept.delete(roomKeyText(key));
  }

  /** Forgets what cannot be continued any more. */
  sweep(nowMonotonicMs: number): void {
    for (const [room, { untilMonotonicMs }] of this.#kept)
      if (untilMonotonicMs <= nowMonotonicMs) this.#kept.delete(room);
  }
}
