/**
 * What is in the rooms of Apps with callbacks, as far as it is needed to tell their backends that it is gone after the
 * server has stopped or died (ROOM-10).
 *
 * @module
 */

import type { Epoch, MemberId, PublishId, RoomKey } from '@gavel/protocol';
import type { MemberInfo } from '../rooms/member.ts';
import type { StreamInfo } from '../rooms/stream.ts';

/** A change of what is in a room, kept with the callbacks that tell of it. */
export interface LiveRoomChange {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  /** Whether this life of the room begins with it. */
  readonly begins: boolean;
  /** Whether this life of the room ends with it: then nothing of it is kept. */
  readonly ends: boolean;
  /** The versions of the lists after it; undefined if they have not changed. */
  readonly userSeq?: number;
  readonly streamSeq?: number;
  readonly members: readonly MemberInfo[];
  readonly streams: readonly StreamInfo[];
  /** Members and streams that are gone. */
  readonly gone: readonly (MemberId | PublishId)[];
}

/** A life of a room that no end was kept of. */
export interface LiveRoom {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  readonly userSeq: number;
  readonly streamSeq: number;
  readonly members: readonly MemberInfo[];
  readonly streams: readonly StreamInfo[];
}
