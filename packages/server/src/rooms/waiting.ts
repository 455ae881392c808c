/**
 * Waiting users, as others see them. A waiting user is not a Member: it receives no events of a room, and no Room
 * stores it.
 *
 * @module
 */

import type { MemberCause, MemberId, WireError, WireProfile } from '@gavel/protocol';
import type { User } from './member.ts';

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

/** How a wait ended without admission. */
export type WaitingLoss =
  /** It was rejected, or its login failed after it was accepted. */
  | { readonly kind: 'refused'; readonly error: WireError }
  /** It was removed for the same cause as members are, such as a kick. */
  | { readonly kind: 'removed'; readonly cause: MemberCause; readonly reason: string }
  /** It logged out, or its connection closed. */
  | { readonly kind: 'left' };
