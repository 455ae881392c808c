/**
 * The kinds of live events. They are apart from the schemas, so that a page can import them without the library of schemas.
 *
 * @module
 */

/** The kinds of live events. */
export const LIVE_EVENT_TYPES = [
  'room-created',
  'room-changed',
  'room-closed',
  'member-joined',
  'member-updated',
  'member-detached',
  'member-resumed',
  'member-left',
  'stream-added',
  'stream-updated',
  'stream-removed',
  'waiting-added',
  'waiting-removed',
] as const;
/** A kind of live event. */
export type LiveEventType = (typeof LIVE_EVENT_TYPES)[number];
