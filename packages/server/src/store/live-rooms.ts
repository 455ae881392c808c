/**
 * The members and streams of live rooms, of Apps with callbacks. After a stop or a crash, callbacks report them as removed
 * (ROOM-10).
 *
 * @module
 */

import type { Epoch, MemberId, PublishId } from '@gavel/protocol';
import { type RoomKey, roomKeyText } from '@gavel/protocol/ids';
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

/** Combines the changes of each room, in order, to one change with the same result. */
export function mergeLiveRoomChanges(changes: readonly LiveRoomChange[]): readonly LiveRoomChange[] {
  const merged = new Map<string, LiveRoomChange>();
  for (const change of changes) {
    const room = roomKeyText(change.key);
    const before = merged.get(room);
    // The beginning of a life, and its end, delete all earlier rows of the room.
    merged.set(room, before && !change.begins && !change.ends ? addChange(before, change) : change);
  }
  return [...merged.values()];
}

function addChange(before: LiveRoomChange, change: LiveRoomChange): LiveRoomChange {
  const gone = new Set<string>(change.gone);
  const added = new Set<string>([
    ...before.members.map(({ memberId }) => memberId),
    ...before.streams.map(({ publishId }) => publishId),
  ]);
  return {
    ...before,
    ...(change.userSeq !== undefined && { userSeq: change.userSeq }),
    ...(change.streamSeq !== undefined && { streamSeq: change.streamSeq }),
    members: [...before.members.filter(({ memberId }) => !gone.has(memberId)), ...change.members],
    streams: [...before.streams.filter(({ publishId }) => !gone.has(publishId)), ...change.streams],
    gone: [...before.gone, ...change.gone.filter((id) => !added.has(id))],
  };
}
