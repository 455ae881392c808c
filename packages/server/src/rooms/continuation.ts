/**
 * Continuation: data that is kept after a Room ends, as long as its session can continue (HOST-4, HOST-6, WAIT-9, STORE-4).
 *
 * A room is destroyed when its last member leaves (ROOM-2), but a session of a meeting continues for its keep-alive
 * time. Restrictions by hosts and shared stores are kept that long, and the next Room of the session starts with them.
 *
 * @module
 */

import type { ModerationState } from './moderation.ts';
import type { StoreContent } from './stores.ts';

/** The initial data of the next Room of a session. */
export interface Continuation {
  /** How long the session can continue after its room is empty, in milliseconds. */
  readonly keptMs: number;
  readonly moderation: ModerationState;
  readonly stores: readonly StoreContent[];
}
