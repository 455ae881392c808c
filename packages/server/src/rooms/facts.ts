/**
 * Facts: what is gathered before a command is decided, because a room cannot know it alone.
 *
 * @module
 */

import { GavelError } from '@gavel/protocol';
import type { RoomVerdict, StreamVerdict } from '../claims/claims.ts';

/** The facts of one command; the verdict of a claim that is not needed is absent. */
export interface CommandFacts {
  /** Whether the App may have one more room (TEST-2). */
  readonly roomClaim?: RoomVerdict;
  /** Whether the room may use the stream id of the command (STRM-6, LIM-7). */
  readonly streamClaim?: StreamVerdict;
}

/** The facts of a command that needs none. */
export const NO_FACTS: CommandFacts = {};

/** @throws GavelError `login.room-full`, `stream.taken` or `stream.too-many` if a claim of the command was not granted */
export function requireClaims({ roomClaim, streamClaim }: CommandFacts): void {
  if (roomClaim === 'too-many') {
    throw new GavelError('login.room-full', 'The environment has the maximum number of rooms.');
  }
  if (streamClaim === 'taken') throw new GavelError('stream.taken');
  if (streamClaim === 'too-many') {
    throw new GavelError('stream.too-many', 'The App has the maximum number of streams (rooms.maxStreamsPerApp).');
  }
}
