/**
 * What a room session tells.
 *
 * @module
 */

import type {
  ChatEventFrame,
  WireMember,
  WirePermissions,
  WireRoomInfo,
  WireStream,
  WireWaiting,
} from '@gavel/protocol';
import type { PollsChange } from './poll-list.ts';
import type {
  CustomMessage,
  DepartedMember,
  MemberChange,
  RemovedStream,
  RoomChange,
  RoomMessage,
  StreamChange,
} from './room-view.ts';
import type { SessionState } from './session-state.ts';

/** The events of a room session. Each tells what has happened already: the session's fields show the new state. */
export interface SessionEvents {
  stateChanged: [state: SessionState, before: SessionState];
  /** Other members came; only where the login asked for members. */
  membersJoined: [members: readonly WireMember[]];
  membersLeft: [members: readonly DepartedMember[]];
  /** Names or pins of other members changed. */
  membersUpdated: [changes: readonly MemberChange[]];
  /** Streams of others; those that were there at the first login are in `room.streams` instead. */
  streamsAdded: [streams: readonly WireStream[]];
  streamsUpdated: [changes: readonly StreamChange[]];
  /** Own streams are among them, marked so. */
  streamsRemoved: [streams: readonly RemovedStream[]];
  /** The whole of one change, after its parts. */
  changed: [change: RoomChange];
  /** Infos of the room that were set; those that were there at the first login are in `room.infos` instead. */
  infosSet: [infos: readonly WireRoomInfo[]];
  message: [message: RoomMessage];
  /** Another member's application told something. */
  custom: [message: CustomMessage];
  /** Something that was said was edited, deleted, pinned or unpinned. */
  messageChanged: [change: ChatEventFrame];
  /** What this member may do has changed; `self` has it. */
  permissionsChanged: [permissions: WirePermissions];
  /** Polls are new or have changed; those that were there at the first login are in `room.polls()` alone. */
  pollsChanged: [change: PollsChange];
  /** Somebody waits to be let in; only where this member may do so. Those there at the login are in `waiting` instead. */
  waitingAdded: [waiting: WireWaiting];
  waitingRemoved: [waiting: WireWaiting];
  memberCount: [count: number];
  /** The token runs out soon: call `renewToken`. */
  tokenWillExpire: [];
}
