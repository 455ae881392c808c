/**
 * Continuations: data that is kept after a Room ends, as long as its session can continue (HOST-4, HOST-6, WAIT-9, STORE-4).
 *
 * A room is destroyed when its last member leaves (ROOM-2), but a session of a meeting continues for its keep-alive
 * time. Restrictions by hosts and shared stores are kept that long, and the next Room of the session starts with them.
 *
 * @module
 */

import { type RoomKey, roomKeyText } from '@gavel/protocol';
import type { ModerationState } from './moderation.ts';
import type { StoreContent } from './stores.ts';

/** The initial data of the next Room of a session. */
export interface Continuation {
  /** How long the session can continue after its room is empty, in milliseconds. */
  readonly keptMs: number;
  readonly moderation: ModerationState;
  readonly stores: readonly StoreContent[];
}

interface Kept extends Continuation {
  readonly untilMonotonicMs: number;
}

/** The sessions whose room is empty, by room. */
export class Continuations {
  readonly #kept = new Map<string, Kept>();

  /** Stores a session whose room is empty; does nothing if its keep-alive time is 0. */
  keep(key: RoomKey, continuation: Continuation, nowMonotonicMs: number): void {
    if (continuation.keptMs <= 0) return;
    this.#kept.set(roomKeyText(key), { ...continuation, untilMonotonicMs: nowMonotonicMs + continuation.keptMs });
  }

  /** Returns the session of a room that can continue now; undefined if there is none. */
  find(key: RoomKey, nowMonotonicMs: number): Continuation | undefined {
    const kept = this.#kept.get(roomKeyText(key));
    return kept && kept.untilMonotonicMs > nowMonotonicMs ? kept : undefined;
  }

  /** Deletes a session that continues or was ended. */
  delete(key: RoomKey): void {
    this.#kept.delete(roomKeyText(key));
  }

  /** Deletes expired sessions. */
  sweep(nowMonotonicMs: number): void {
    for (const [room, { untilMonotonicMs }] of this.#kept)
      if (untilMonotonicMs <= nowMonotonicMs) this.#kept.delete(room);
  }
}
