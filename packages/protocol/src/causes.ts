/**
 * Causes: why a Member left, a Stream ended or a Room closed. Each dialect has one table that maps a Cause to its own
 * codes; no other code maps Causes.
 *
 * @module
 */

/** Why a Member left its room. */
export type MemberCause =
  /** The client logged out. */
  | 'logout'
  /** Its connection stayed open, but the client sent nothing for the heartbeat time (ROOM-4). */
  | 'heartbeat-timeout'
  /** Its connection was lost, or closed in order, and not resumed in time (ROOM-5, ROOM-8). */
  | 'connection-lost'
  /** Removed by an API call (KICK). */
  | 'kicked'
  /** The room was closed by an API call (CLOSE). */
  | 'room-closed'
  /** The same user logged in again. */
  | 'replaced'
  /** Its token expired, and the App removes members whose token has expired. */
  | 'token-expired';

/** Why a Stream ended. */
export type StreamCause =
  /** Its publisher stopped it. */
  | 'stopped'
  /** Removed by an API call while its owner stays (STRM). */
  | 'deleted'
  /** Ended by a publishing ban or because the stream id was forbidden, while its owner stays. */
  | 'forbidden'
  /** Its media did not come up, or was lost and did not come back in time, while its owner stays. */
  | 'media-failed'
  /** Its owner left: the cause of the owner's exit. */
  | Exclude<MemberCause, 'logout'>;

/** Why a Room closed. */
export type RoomCause =
  /** Closed by an API call. */
  | 'room-closed'
  /** The last member left: the cause of its exit. */
  | MemberCause;

/** Every cause of a member's exit; for tables that must be complete. */
export const MEMBER_CAUSES = [
  'logout',
  'heartbeat-timeout',
  'connection-lost',
  'kicked',
  'room-closed',
  'replaced',
  'token-expired',
] as const satisfies readonly MemberCause[];

/** Returns the cause of a stream's end when its owner leaves. */
export function streamCauseOf(cause: MemberCause): StreamCause {
  return cause === 'logout' ? 'stopped' : cause;
}
