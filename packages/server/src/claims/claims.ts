/**
 * Claims: what must be unique, or is limited, beyond one room. A claim is made before a command is decided, and its
 * verdict is one of the facts of the decision.
 *
 * All arguments and answers are JSON: the claims of an App can be at another node. Whoever stores them applies the calls of
 * one room in the order in which they were made.
 *
 * @module
 */

import type { RoomId, StreamId } from '@gavel/protocol';
import type { AppScope } from '../base/app-scope.ts';
import type { LoginClaims } from './login-claims.ts';

/** An answer that is at hand, or follows. Claims in memory answer at once, so that a room changes in the same turn. */
export type Eventually<T> = T | Promise<T>;

/** The answer to a claim of a stream id: `taken` by another room, or the App has as many streams as it may have. */
export type StreamVerdict = 'granted' | 'taken' | 'too-many';

/** Stores which room has a stream id, live or reserved: an id is unique in an environment of an App (STRM-6). */
export interface StreamClaims {
  /**
   * Claims a stream id for a room. A room that has it already gets it again.
   *
   * @param maxPerApp maximum number of stream ids of the App in both environments; 0 means no limit (LIM-7)
   */
  claim(scope: AppScope, streamId: StreamId, roomId: RoomId, maxPerApp: number): Eventually<StreamVerdict>;
  /** Ends the claim of a room; does nothing if another room has the id, or none. */
  release(scope: AppScope, streamId: StreamId, roomId: RoomId): Eventually<void>;
}

/** The answer to a claim of a room. */
export type RoomVerdict = 'granted' | 'too-many';

/** Stores which rooms an environment has, if their number is limited (TEST-2). */
export interface RoomClaims {
  /** Claims a place for a room. A room that has one already gets it again. @param maxRooms maximum number of rooms */
  claim(scope: AppScope, roomId: RoomId, maxRooms: number): Eventually<RoomVerdict>;
  /** Ends the claim of a room; does nothing if it has none. */
  release(scope: AppScope, roomId: RoomId): Eventually<void>;
}

/** The plays of an App that an offer has. */
export interface ClaimedPlays {
  /** A play has the same id in each offer of its member. */
  readonly playIds: readonly string[];
  /** Plays that end with the offer: they do not count any more, and are released when they have ended. */
  readonly ending: readonly string[];
}

/** Counts the plays of an App in all rooms, if their number is limited (LIM-7). */
export interface PlayClaims {
  /** Claims plays. Returns for each whether it is granted; one that was granted is granted again. */
  claim(scope: AppScope, plays: ClaimedPlays, maxPerApp: number): Eventually<readonly boolean[]>;
  /** Ends claims; those that are not held are ignored. */
  release(scope: AppScope, playIds: readonly string[]): Eventually<void>;
}

/** The claims of all rooms. */
export interface Claims {
  readonly logins: LoginClaims;
  readonly streams: StreamClaims;
  readonly rooms: RoomClaims;
  readonly plays: PlayClaims;
}
