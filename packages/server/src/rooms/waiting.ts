/**
 * Those who wait to be let in, as others see them. Who waits is no Member: nothing of a room is told to it, and no room
 * knows of it.
 *
 * @module
 */

import type { MemberCause, MemberId, RoomKey, WireProfile } from '@gavel/protocol';
import type { Origin } from './commands.ts';
import type { User } from './member.ts';
import type { Session } from './views.ts';

/** How a wait ended without a way in. */
export type WaitingLoss =
  /** It was turned away, or its login was refused when it was to enter: a GavelError, or a fault. */
  | { readonly kind: 'refused'; readonly error: unknown }
  /** It was taken off the list by what takes members out. */
  | { readonly kind: 'removed'; readonly cause: MemberCause; readonly reason: string }
  /** It went by itself. */
  | { readonly kind: 'left' };

/** How a wait ended. */
export type WaitingEnd = WaitingLoss | { readonly kind: 'admitted'; readonly session: Session };

/** Somebody who waits. */
export interface Waiting {
  /** The id that its member will have. */
  readonly memberId: MemberId;
  readonly user: User;
  readonly profile?: WireProfile;
  /** When it asked, in milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  readonly connectionId: string;
  /** Never rejects. */
  readonly ended: Promise<WaitingEnd>;
}

/** A change of the list of a room. */
export interface WaitingChange {
  readonly key: RoomKey;
  readonly waiting: Waiting;
  /** What became of it; undefined where it has just begun to wait. An admission is told of before its login is executed. */
  readonly end?: WaitingLoss | { readonly kind: 'admitted' };
  /** Who asked for the change. */
  readonly origin: Origin;
}

/** Is told of all changes, in the moment of each. */
export interface WaitingWatcher {
  /** What it returns when somebody begins to wait is waited for; at an end it must return nothing. */
  handleWaiting(change: WaitingChange): void | Promise<void>;
}
