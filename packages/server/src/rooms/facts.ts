/**
 * Facts: what is gathered before a command is decided, because a room cannot know it alone.
 *
 * @module
 */

import type { RoomVerdict, StreamVerdict } from './claims/claims.ts';

/** The facts of one command; the verdict of a claim that is not needed is absent. */
export interface CommandFacts {
  /** Whether the App may have one more room (TEST-2). */
  readonly roomClaim?: RoomVerdict;
  /** Whether the room may use the stream id of the command (STRM-6, LIM-7). */
  readonly streamClaim?: StreamVerdict;
}

/** The facts of a command that needs none. */
export const NO_FACTS: CommandFacts = {};
