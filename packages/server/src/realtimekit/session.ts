/**
 * Sessions: the active room of a meeting (RTK-6).
 *
 * @module
 */

import type { AppId, RoomId, RoomKey } from '@gavel/protocol';

/** Returns the key of a meeting's room: its room id is the meeting's id, in the App's production environment. */
export const roomOf = (appId: AppId, meetingId: string): RoomKey => ({
  appId,
  environment: 'production',
  roomId: meetingId as RoomId,
});
