/**
 * Causes in this dialect: how a client reports a member's exit and a stream's end.
 *
 * @module
 */

import type { MemberCause, StreamCause } from '@gavel/protocol';

/** The arguments of `roomStateChanged` at the end of a session. */
export interface RoomEndCode {
  readonly reason: 'KICKOUT' | 'LOGOUT' | 'RECONNECT_FAILED';
  readonly errorCode: number;
  /** The number in the client's default message, used if there is no custom text (reference zego 4.5). */
  readonly kickNumber: number;
  readonly message: string;
}

/** How the removed member's client reports each cause of its exit (reference zego 4.5; KICK-5, CLOSE-2). */
export const ROOM_END_OF_CAUSE: Readonly<Record<MemberCause, RoomEndCode>> = {
  logout: { reason: 'LOGOUT', errorCode: 0, kickNumber: 0, message: '' },
  'heartbeat-timeout': { reason: 'RECONNECT_FAILED', errorCode: 1002053, kickNumber: 0, message: '' },
  'connection-lost': { reason: 'RECONNECT_FAILED', errorCode: 1002053, kickNumber: 0, message: '' },
  kicked: { reason: 'KICKOUT', errorCode: 1002055, kickNumber: 2, message: 'kickout by server api' },
  'room-closed': { reason: 'KICKOUT', errorCode: 1002055, kickNumber: 2, message: 'kickout by server api' },
  replaced: {
    reason: 'KICKOUT',
    errorCode: 1002050,
    kickNumber: 1,
    message: 'kickout may be the same user ID login other',
  },
  'token-expired': { reason: 'KICKOUT', errorCode: 1102018, kickNumber: 4, message: 'kickout for token expired' },
};

/** Returns the `extendedData` of KICKOUT: the custom text, or the client's default message (KICK-5, KICK-11). */
export function kickoutExtendedData(cause: MemberCause, reason: string): string {
  const { message, kickNumber } = ROOM_END_OF_CAUSE[cause];
  return JSON.stringify({ custom_kickout_message: reason || `${message}; kickout reason: ${kickNumber}` });
}

/** The `stream_delete_reason` of a removed stream. */
export interface DeleteReason {
  readonly code: number;
  readonly description: string;
}

const KICKED_OUT: DeleteReason = { code: 4, description: 'user_kicked_out' };
const UNKNOWN: DeleteReason = { code: 0, description: 'unknown' };

/** How other clients report each cause of a stream's end (reference zego 3.9, column "observed"; 4.4). */
export const DELETE_REASON_OF_CAUSE: Readonly<Record<StreamCause, DeleteReason>> = {
  stopped: { code: 1, description: 'user_stop_publishing_stream_normal' },
  deleted: { code: 6, description: 'remove_by_server' },
  forbidden: { code: 6, description: 'remove_by_server' },
  'heartbeat-timeout': { code: 2, description: 'user_heart_beat_timeout' },
  'media-failed': { code: 2, description: 'user_heart_beat_timeout' },
  'connection-lost': { code: 5, description: 'user_offline' },
  kicked: KICKED_OUT,
  'room-closed': UNKNOWN,
  replaced: { code: 3, description: 'user_repeat_login' },
  'token-expired': KICKED_OUT,
};

/** Returns the reason of a stream's end; unknown if the client learned of the end only by comparing snapshots. */
export function deleteReason(cause: StreamCause | undefined): DeleteReason {
  return cause === undefined ? UNKNOWN : DELETE_REASON_OF_CAUSE[cause];
}

const INTERRUPTED = 1004020;

/** The code of NO_PLAY for each cause of a played stream's end (reference zego 4.6). */
export const PLAYER_CODE_OF_CAUSE: Readonly<Record<StreamCause, number>> = {
  stopped: 1004002,
  deleted: INTERRUPTED,
  forbidden: 1004025,
  'media-failed': INTERRUPTED,
  'heartbeat-timeout': INTERRUPTED,
  'connection-lost': INTERRUPTED,
  kicked: INTERRUPTED,
  'room-closed': INTERRUPTED,
  replaced: INTERRUPTED,
  'token-expired': INTERRUPTED,
};

const FORBIDDEN = 1003025;
const RETRY_TIMEOUT = 1103051;

/** The code of NO_PUBLISH for each cause of an own stream's end (reference zego 4.6). */
export const PUBLISHER_CODE_OF_CAUSE: Readonly<Record<StreamCause, number>> = {
  // The server ended the stream, for example after a loss of media. A stop by this client reports 0.
  stopped: RETRY_TIMEOUT,
  'media-failed': RETRY_TIMEOUT,
  deleted: FORBIDDEN,
  forbidden: FORBIDDEN,
  'heartbeat-timeout': 1002053,
  'connection-lost': 1002053,
  kicked: ROOM_END_OF_CAUSE.kicked.errorCode,
  'room-closed': ROOM_END_OF_CAUSE['room-closed'].errorCode,
  replaced: ROOM_END_OF_CAUSE.replaced.errorCode,
  'token-expired': ROOM_END_OF_CAUSE['token-expired'].errorCode,
};
