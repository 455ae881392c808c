/**
 * Waiting users, as others see them. A waiting user is not a Member: it receives no events of a room, and no Room
 * stores it.
 *
 * @module
 */

import type { MemberCause, MemberId, RoomKey, WireError, WireProfile } from '@gavel/protocol';
import type { Origin } from './commands.ts';
import type { User } from './member.ts';
import type { Session } from './views.ts';

/** How a wait ended without admission. */
export type WaitingLoss =
  /** It was rejected, or its login failed after it was accepted. */
  | { readonly kind: 'refused'; readonly error: WireError }
  /** It was removed from the list for the same cause as members are, such as a kick. */
  | { readonly kind: 'removed'; readonly cause: MemberCause; readonly reason: string }
  /** It logged out. */
  | { readonly kind: 'left' };

/** How a wait ended. */
export type WaitingEnd = WaitingLoss | { readonly kind: 'admitted'; readonly session: Session };

/** A waiting user. */
export interface Waiting {
  /** The id that it will have as a member. */
  readonly memberId: MemberId;
  readonly user: User;
  readonly profile?: WireProfile;
  /** When it started waiting, in milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  readonly connectionId: string;
}

/** A change of the waiting list of a room. */
export interface WaitingChange {
  readonly key: RoomKey;
  readonly waiting: Waiting;
  /** How the wait ended; undefined if it has just started. An admission is reported before its login is executed. */
  readonly end?: WaitingLoss | { readonly kind: 'admitted' };
  /** The origin of the change. */
  readonly origin: Origin;
}

/** Receives all changes, synchronously. */
export interface WaitingWatcher {
  /** A promise returned at the start of a wait is awaited; at the end of a wait, it must return undefined. */
  handleWaiting(change: WaitingChange): void | Promise<void>;
  /** Called once for each wait, with its result: an admission when the user is in the room. Must not throw. */
  handleWaitEnd?(waiting: Waiting, end: WaitingEnd): void;
}
