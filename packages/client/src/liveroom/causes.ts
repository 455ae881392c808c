/**
 * Causes in this dialect: kick-outs and disconnects (reference zego 4.10).
 *
 * @module
 */

import type { MemberCause } from '@gavel/protocol';

/** How an exit is reported: which handler is called, with which code. */
export type LiveRoomEnd =
  | { readonly handler: 'onKickOut'; readonly reason: number }
  | { readonly handler: 'onDisconnect'; readonly errorCode: number }
  /** The client's own call is not reported. */
  | { readonly handler: 'none' };

/** The reasons of `onKickOut`. */
export const KICK_OUT_REASONS = {
  /** The same user logged in elsewhere. */
  otherLogin: 16777219,
  /** Removed by an API call. */
  manualKick: 16777220,
  /** The room's session is no longer valid. */
  sessionError: 16777221,
} as const;

/** The code of `onDisconnect` for a connection that could not be re-established. */
export const DISCONNECTED = 1002053;

/** How each cause of an exit is reported (KICK-5, CLOSE-2). */
export const END_OF_CAUSE: Readonly<Record<MemberCause, LiveRoomEnd>> = {
  logout: { handler: 'none' },
  'heartbeat-timeout': { handler: 'onDisconnect', errorCode: DISCONNECTED },
  'connection-lost': { handler: 'onDisconnect', errorCode: DISCONNECTED },
  kicked: { handler: 'onKickOut', reason: KICK_OUT_REASONS.manualKick },
  'room-closed': { handler: 'onKickOut', reason: KICK_OUT_REASONS.manualKick },
  replaced: { handler: 'onKickOut', reason: KICK_OUT_REASONS.otherLogin },
  'token-expired': { handler: 'onKickOut', reason: KICK_OUT_REASONS.sessionError },
};
