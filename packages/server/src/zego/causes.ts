/**
 * Causes as the vendor's callbacks number them (reference zego 3.5, 3.7, 3.9). Where the vendor lists no number for a
 * cause, the nearest is taken and said here.
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
  // The vendor gives a closed room's users the kick's reason (CLOSE-3).
  'room-closed': 3,
  // Only of other rooms: in the room itself, the new login's `relogin` tells it. The vendor lists no reason for it.
  replaced: 0,
  'token-expired': 4,
};

/** `close_reason` of room_close: what became of the last user. */
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
  // The server puts the user out, as a kick does; the vendor lists no type for it.
  'token-expired': 3,
  'connection-lost': 4,
  'room-closed': 5,
  // Its publisher was not heard of at the media engine; the vendor lists no type for it.
  'media-failed': 1,
  deleted: 100,
  // A server's call ends the stream while its owner stays, as DeleteStream does; the vendor lists no type for it.
  forbidden: 100,
};
