/**
 * Admission: the permissions of a login, and the authenticators that grant them. Each scheme's authenticator belongs to
 * the door whose tokens it reads, so that the signalling door does not depend on a vendor.
 *
 * @module
 */

import type { Params, RoomKey, UserId, WireProfile } from '@gavel/protocol';
import type { DuplicatePolicy, WaitingTerms } from '../rooms/commands.ts';
import type { Permissions, PublishRights, User } from '../rooms/member.ts';

/** The result of a successful authentication. */
export interface Admission {
  readonly key: RoomKey;
  readonly user: User;
  readonly onDuplicate: DuplicatePolicy;
  readonly permissions: Permissions;
  readonly maxMemberCount: number;
  readonly profile?: WireProfile;
  /** The user's id in the customer's own system, if `user.id` is another one: bans apply to both. */
  readonly externalId?: UserId;
  /** Further data for the member's own client only; plain JSON. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Milliseconds since the Unix epoch; undefined if no token was used. */
  readonly tokenExpiresAtMs?: number;
  /** How long its session can continue after the room is empty, in milliseconds; undefined if there is no session. */
  readonly sessionKeptMs?: number;
  /** What the login must wait for before it enters; undefined: it enters at once. */
  readonly waits?: WaitingTerms;
}

/** The result of replacing the token of a login. */
export interface Renewal {
  /** Milliseconds since the Unix epoch. */
  readonly tokenExpiresAtMs?: number;
  /** The publish permissions of the new token; undefined if tokens of this scheme have none. */
  readonly publishing?: PublishRights;
}

/** Checks the credentials of one scheme. */
export interface Authenticator {
  readonly scheme: Params<'login'>['credential']['scheme'];
  /**
   * @throws GavelError `login.bad-credential`, `login.token-expired`, `login.unknown-app`, `login.not-allowed`,
   *   `login.bad-room-id`, `login.bad-user-id`, `login.bad-user-name`
   */
  admit(login: Params<'login'>): Promise<Admission>;
  /** Returns the session that a member belongs to, if the door keeps sessions; undefined if there is none. @throws the store's error */
  findSession?(key: RoomKey): Promise<{ readonly id: string; readonly startedAtMs: number } | undefined>;
  /** Checks a token that replaces the token of an admission, and returns what it allows. @throws as `admit` */
  renew(admission: Pick<Admission, 'key' | 'user'>, token: string): Promise<Renewal>;
}
