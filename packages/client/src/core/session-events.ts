/**
 * The events of a room session.
 *
 * @module
 */

import type {
  ChatEventFrame,
  WireMember,
  WirePermissions,
  WireRoomInfo,
  WireSoundLevel,
  WireStream,
  WireWaiting,
} from '@gavel/protocol';
import type { SessionError } from './errors.ts';
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

/** The events of a room session. When one is emitted, the session's fields already show the new state. */
export interface SessionEvents {
  stateChanged: [state: SessionState, before: SessionState];
  /** Other members joined; only if the login asked for members. */
  membersJoined: [members: readonly WireMember[]];
  membersLeft: [members: readonly DepartedMember[]];
  /** Names or pins of other members changed. */
  membersUpdated: [changes: readonly MemberChange[]];
  /** Streams of others; those that existed at the first login are in `room.streams` instead. */
  streamsAdded: [streams: readonly WireStream[]];
  streamsUpdated: [changes: readonly StreamChange[]];
  /** Includes own streams, with `own` set. */
  streamsRemoved: [streams: readonly RemovedStream[]];
  /** The complete change, after the events for its parts. */
  changed: [change: RoomChange];
  /** Infos of the room that were set; those that existed at the first login are in `room.infos` instead. */
  infosSet: [infos: readonly WireRoomInfo[]];
  message: [message: RoomMessage];
  /** Another member's application sent a custom message. */
  custom: [message: CustomMessage];
  /** A message was edited, deleted, pinned or unpinned. */
  messageChanged: [change: ChatEventFrame];
  /** This member's permissions changed; `self` has them. */
  permissionsChanged: [permissions: WirePermissions];
  /** Polls were added or changed; those that existed at the first login are only in `room.polls()`. */
  pollsChanged: [change: PollsChange];
  /** Somebody waits for admission; only if this member may admit. Those who waited at the login are in `waiting` instead. */
  waitingAdded: [waiting: WireWaiting];
  waitingRemoved: [waiting: WireWaiting];
  /** Another stream is the one that is heard most clearly, or none is (SPK-1); also right after the login and each resume. */
  activeSpeaker: [speaker: Partial<WireSoundLevel>];
  /** The streams that can be heard, the loudest first, after the request `watchSoundLevels` (SPK-2). */
  soundLevels: [levels: readonly WireSoundLevel[]];
  memberCount: [count: number];
  /**
   * Media does not get through, within 10 s (CONN-4): `client.no-media-path`, `client.turn-refused` or
   * `client.turn-unreachable`. Each code is reported once until media connects.
   */
  mediaProblem: [problem: SessionError];
  /** The token expires soon: call `renewToken`. */
  tokenWillExpire: [];
}
