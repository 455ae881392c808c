/**
 * Causes in this dialect: the leave states (reference realtimekit 8.2).
 *
 * @module
 */

import type { MemberCause } from '@gavel/protocol';
import type { SessionEnd } from '../core/session-state.ts';

/** Why the participant left the room. */
export type LeaveState =
  /** By a call of `leave`. */
  | 'left'
  /** Removed by an API call or a host. */
  | 'kicked'
  /** The session was ended for everyone. */
  | 'ended'
  /** Rejected by a host in the waiting room. */
  | 'rejected'
  /** The connection was lost and could not be re-established. */
  | 'disconnected'
  /** The join, or the join after a lost connection, failed. */
  | 'failed';

/** The leave state for each cause of a member's exit (RTK-5). */
export const LEAVE_STATE_OF_CAUSE: Readonly<Record<MemberCause, LeaveState>> = {
  logout: 'left',
  'heartbeat-timeout': 'disconnected',
  'connection-lost': 'disconnected',
  kicked: 'kicked',
  'room-closed': 'ended',
  replaced: 'disconnected',
  'token-expired': 'failed',
};

/** Returns the leave state of a session's end. */
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
