/**
 * Causes in this dialect: the leave states (reference realtimekit 8.2).
 *
 * @module
 */

import type { MemberCause } from '@gavel/protocol';
import type { SessionEnd } from '../core/session-state.ts';

/** How one came to be out of the room. */
export type LeaveState =
  /** By an own call. */
  | 'left'
  /** Removed by an API call or a host. */
  | 'kicked'
  /** The session was ended for everybody. */
  | 'ended'
  /** Turned away by a host, after a wait. */
  | 'rejected'
  /** The connection was lost and not regained. */
  | 'disconnected'
  /** It could not be joined, or not joined again. */
  | 'failed';

/** The leave state for each cause of an exit (RTK-5). */
export const LEAVE_STATE_OF_CAUSE: Readonly<Record<MemberCause, LeaveState>> = {
  logout: 'left',
  'heartbeat-timeout': 'disconnected',
  'connection-lost': 'disconnected',
  kicked: 'kicked',
  'room-closed': 'ended',
  replaced: 'disconnected',
  'token-expired': 'failed',
};

/** Gives the leave state of a session's end. */
export function leaveStateOf(end: SessionEnd): LeaveState {
  switch (end.kind) {
    case 'left':
      return 'left';
    case 'removed':
      return LEAVE_STATE_OF_CAUSE[end.cause];
    case 'gave-up':
      return 'disconnected';
    case 'refused':
      return end.error.code === 'login.rejected' ? 'rejected' : 'failed';
  }
}
