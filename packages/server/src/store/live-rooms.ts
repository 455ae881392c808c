/**
 * The members and streams of live rooms, of Apps with callbacks. After a stop or a crash, callbacks report them as removed
 * (ROOM-10).
 *
 * @module
 */

import type { Epoch, MemberId, PublishId, RoomKey } from '@gavel/protocol';
import type { MemberInfo } from '../rooms/member.ts';
import type { StreamInfo } from '../rooms/stream.ts';

/** A change of a live room, stored in one transaction with the callbacks about it. */
export interface LiveRoomChange {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  /** Whether it starts this life of the room. */
  readonly begins: boolean;
  /** Whether it ends this life of the room: then all of its rows are deleted. */
  readonly ends: boolean;
  /** The versions of the lists after the change; undefined if unchanged. */
  readonly userSeq?: number;
  readonly streamSeq?: number;
  readonly members: readonly MemberInfo[];
  readonly streams: readonly StreamInfo[];
  /** Members and streams that were removed. */
  readonly gone: readonly (MemberId | PublishId)[];
}

/** A life of a room whose end was not stored. */
export interface LiveRoom {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  readonly userSeq: number;
  readonly streamSeq: number;
  readonly members: readonly MemberInfo[];
  readonly streams: readonly StreamInfo[];
}
