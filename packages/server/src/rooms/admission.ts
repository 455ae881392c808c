/**
 * Admission: what a login is allowed, and who says so. Each scheme's authenticator is written by the door whose tokens it
 * reads, so that the signalling door knows no vendor's.
 *
 * @module
 */

import type { Params, RoomKey, WireProfile } from '@gavel/protocol';
import type { DuplicatePolicy, WaitingTerms } from './commands.ts';
import type { Permissions, PublishRights, User } from './member.ts';

/** What a login is allowed. */
export interface Admission {
  readonly key: RoomKey;
  readonly user: User;
  readonly onDuplicate: DuplicatePolicy;
  readonly permissions: Permissions;
  readonly maxMemberCount: number;
  readonly profile?: WireProfile;
  /** What its own client alone is told besides; plain JSON. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Milliseconds since the Unix epoch; undefined where no token was used. */
  readonly tokenExpiresAtMs?: number;
  /** How long its session may be continued after the room has emptied, in milliseconds; undefined where there is none. */
  readonly sessionKeptMs?: number;
  /** What it has to wait for before it enters; undefined is nothing. */
  readonly waits?: WaitingTerms;
}

/** What a token allows that replaces the one of a login. */
export interface Renewal {
  /** Milliseconds since the Unix epoch. */
  readonly tokenExpiresAtMs?: number;
  /** What it allows to publish; undefined where tokens of this scheme do not decide that. */
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
  /** What a login that is in is part of, where the door keeps sessions; undefined where it is part of none. */
  findSession?(key: RoomKey): { readonly id: string; readonly startedAtMs: number } | undefined;
  /** Checks a token that replaces the one of an admission; gives what it allows from now on. @throws as `admit` */
  renew(admission: Pick<Admission, 'key' | 'user'>, token: string): Promise<Renewal>;
}
