/**
 * Bans as rooms see them: whom they cover, what they forbid, and the ban that a kick carries (BAN-8). The rules themselves
 * are in `policy/`.
 *
 * @module
 */

import type { RoomId, UserId } from '@gavel/protocol';

/** A privilege that a ban revokes. */
export type BanPrivilege = 'login' | 'publish';

/** Whom a ban covers: whoever has the user id or the address. With neither, everybody; then the ban is of one room. */
export interface BanSubject {
  /** The user with this id, or with this id in the customer's own system (`externalId` of a login). */
  readonly userId?: UserId;
  /** An IP address in canonical form, or a range in canonical form such as `10.0.0.0/8`. */
  readonly addresses?: string;
}

/** A ban to be set. */
export interface NewBan {
  readonly subject: BanSubject;
  /** The room that it applies to; undefined: every room of the App and environment. */
  readonly roomId?: RoomId;
  readonly privileges: readonly BanPrivilege[];
  /** In force before this time, in milliseconds since the Unix epoch; undefined: for good. */
  readonly untilMs?: number;
  /** The author's text, unchanged. */
  readonly reason: string;
}

/** A ban that is in force. */
export interface SetBan extends NewBan {
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
}

/** The ban that a kick carries (BAN-8): whoever the kick puts out is also kept out. */
export interface KickBan {
  /** `user`: all logins of the user; `address`: everybody at the address of its login; `both`: whoever is either. */
  readonly of: 'user' | 'address' | 'both';
  /** Where it applies: in the room of the kick, or in all rooms of the App and environment. */
  readonly in: 'room' | 'app';
  /** How long it is in force, in seconds; undefined: for good. */
  readonly seconds?: number;
}

/** What identifies a user to a ban. */
export interface Identity {
  readonly user: { readonly id: UserId };
  /** The user's id in the customer's own system, if `user.id` is another one. */
  readonly externalId?: UserId;
  /** Its IP address in canonical form, or `unknown`. */
  readonly address: string;
}

/** Returns the id by which a user is banned: the one that stays if the user is created again. */
export const bannedIdOf = ({ user, externalId }: Identity): UserId => externalId ?? user.id;
