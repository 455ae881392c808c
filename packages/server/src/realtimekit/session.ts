/**
 * Sessions: the live room of a meeting (RTK-6).
 *
 * @module
 */

import type { AppId, RoomId, RoomKey } from '@gavel/protocol';

/** Returns the room that a meeting is held in: the meeting's id is the room's, in the App's production environment. */
export const roomOf = (appId: AppId, meetingId: string): RoomKey => ({
  appId,
  environment: 'production',
  roomId: meetingId as RoomId,
});
