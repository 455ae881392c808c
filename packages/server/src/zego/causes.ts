/**
 * The numbers of causes in the vendor's callbacks (reference zego 3.5, 3.7, 3.9). If the vendor lists no number for a
 * cause, the nearest one is used, and a comment says so.
 *
 * @module
 */

import type { MemberCause, RoomCause, StreamCause } from '@gavel/protocol';

/** `reason` of room_logout. */
export const LOGOUT_REASONS: Readonly<Record<MemberCause, number>> = {
  logout: 0,
  'heartbeat-timeout': 1,
  'connection-lost': 2,
  kicked: 3,
  // The vendor uses the kick reason for the users of a closed room (CLOSE-3).
  'room-closed': 3,
  // Only for other rooms: in the same room, `relogin` of the new login reports it. The vendor lists no reason for it.
  replaced: 0,
  'token-expired': 4,
};

/** `close_reason` of room_close: why the last user left. */
export const CLOSE_REASONS: Readonly<Record<RoomCause, number>> = {
  logout: 0,
  'heartbeat-timeout': 1,
  'connection-lost': 2,
  kicked: 3,
  'room-closed': 0,
  // The vendor lists neither.
  replaced: 0,
  'token-expired': 0,
};

/** `type` of stream_close. */
export const STREAM_CLOSE_TYPES: Readonly<Record<StreamCause, number>> = {
  stopped: 0,
  'heartbeat-timeout': 1,
  replaced: 2,
  kicked: 3,
  // The server removes the user, as a kick does; the vendor lists no type for it.
  'token-expired': 3,
  'connection-lost': 4,
  'room-closed': 5,
  // The media engine lost contact with the publisher; the vendor lists no type for it.
  'media-failed': 1,
  deleted: 100,
  // A server call ends the stream while its owner stays, as DeleteStream does; the vendor lists no type for it.
  forbidden: 100,
};
