/**
 * Claims of logins: what must be unique beyond one room. Of a user's logins under the policy `replace`, the one admitted
 * last stays (KICK-13), whichever rooms they are in, and whoever owns these rooms.
 *
 * A login claims after its room has admitted it, and the claims of one user are made one after another: their order says
 * which login is the later one. Each claim is answered with those that were held before. A login that is gone when its
 * claim is answered has been replaced in its room meanwhile, and replaces nobody.
 *
 * @module
 */

import type { MemberId, RoomId, UserId } from '@gavel/protocol';
import type { AppScope } from '../base/app-scope.ts';
import type { Eventually } from './claims.ts';

/** A login that holds a claim: JSON. */
export interface LoginHolder {
  readonly roomId: RoomId;
  readonly memberId: MemberId;
  /** Logins of one client in several rooms do not replace each other. */
  readonly clientId: string;
}

/**
 * Stores which logins a user has in an App and environment.
 *
 * An implementation in memory answers at once, so that a single process replaces a login in the same turn. One in a
 * database answers later; it also has to end the claims of a room whose owner is gone.
 */
export interface LoginClaims {
  /** Adds a claim; returns the other claims of the user, in the order in which they were made. */
  claim(scope: AppScope, userId: UserId, holder: LoginHolder): Eventually<readonly LoginHolder[]>;
  /** Ends the claim of a login; does nothing if there is none. */
  release(scope: AppScope, userId: UserId, memberId: MemberId): Eventually<void>;
}
