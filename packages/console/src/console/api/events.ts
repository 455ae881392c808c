/**
 * Which events of the server concern a view.
 *
 * @module
 */

import type { FeedEvent } from '../live-feed.ts';
import type { RoomRef, Route } from '../routes.ts';
import { formatQuery } from './admin-client.ts';

/** Returns the query that selects the events of a view: those of one room, or the figures of all rooms. */
export function eventsOf(route: Route): string {
  if (route.view !== 'room') return formatQuery({ detail: 'rooms' });
  const { appId, environment, roomId } = route.room;
  return formatQuery({ appId, environment, roomId, detail: 'people' });
}

/** Every event changes the lists of rooms and people, and the figures. */
export const concernsLists = (_event: FeedEvent): boolean => true;

/** Returns a function that returns whether an event is about a room. */
export const isAbout =
  (room: RoomRef) =>
  (event: FeedEvent): boolean =>
    event.type === 'reset' ||
    (event.appId === room.appId && event.environment === room.environment && event.roomId === room.roomId);
