/**
 * Live events at the admin API: what changes in rooms, as server-sent events.
 *
 * An event has named fields only: the events of rooms contain secrets, such as tickets.
 *
 * @module
 */

import { type Static, Type } from 'typebox';
import { appIdOf, CLOSED, ENVIRONMENT, TIME_MS } from './common.ts';
import { LIVE_EVENT_TYPES, type LiveEventType } from './live-event-types.ts';
import { ROOM_KEY } from './rooms.ts';

export { LIVE_EVENT_TYPES, type LiveEventType };

/** Selects live events. */
export const EVENTS_QUERY = Type.Object(
  {
    appId: Type.Optional(appIdOf('Only events of this App.')),
    environment: Type.Optional(ENVIRONMENT),
    roomId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description: 'Only events of this room; needs `appId`.' }),
    ),
    detail: Type.Optional(
      Type.Union([Type.Literal('rooms'), Type.Literal('people')], {
        description:
          '`rooms`: a room that changes is reported with its figures, at most four times a second. `people`: every change. Default: `people` with a `roomId`, else `rooms`.',
      }),
    ),
    lastEventId: Type.Optional(
      Type.String({
        maxLength: 64,
        description: 'As the header `Last-Event-ID`, for clients that cannot set it at the first connection.',
      }),
    ),
  },
  CLOSED,
);
/** Selects live events. */
export type EventsQuery = Static<typeof EVENTS_QUERY>;

/** A live event. Its type is also the `event` field of the server-sent event. */
export const LIVE_EVENT = Type.Object({
  type: Type.Union(LIVE_EVENT_TYPES.map((type) => Type.Literal(type))),
  ...ROOM_KEY.properties,
  epoch: Type.String({ description: 'The life of the room.' }),
  atMs: TIME_MS,
  memberCount: Type.Integer({ description: 'Number of members after the event.' }),
  streamCount: Type.Integer({ description: 'Number of streams after the event.' }),
  memberId: Type.Optional(Type.String()),
  userId: Type.Optional(Type.String()),
  userName: Type.Optional(Type.String()),
  joinedAtMs: Type.Optional(TIME_MS),
  address: Type.Optional(Type.String({ description: 'Of a member; absent for viewers.' })),
  streamId: Type.Optional(Type.String()),
  audio: Type.Optional(Type.Boolean({ description: 'Whether the publisher has audio on.' })),
  video: Type.Optional(Type.Boolean({ description: 'Whether the publisher has video on.' })),
  cause: Type.Optional(
    Type.String({ description: 'Why the member left, the stream ended, the room closed, or the wait ended.' }),
  ),
  reason: Type.Optional(Type.String({ description: 'The text of the caller that caused it.' })),
});
/** A live event. */
export type LiveEvent = Omit<Static<typeof LIVE_EVENT>, 'type'> & { readonly type: LiveEventType };
