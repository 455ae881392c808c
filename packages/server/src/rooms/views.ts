/**
 * What a Room shows of itself: figures and snapshots, whose parts never change.
 *
 * @module
 */

import type { Epoch, RoomKey } from '@gavel/protocol';
import type { MemberInfo } from './member.ts';
import type { ShownList } from './member-table.ts';
import type { PollInfo } from './polls.ts';
import type { RoomInfo, StreamInfo } from './stream.ts';

/** Figures of a Room. */
export interface RoomSummary {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  readonly createdAtMs: number;
  readonly memberCount: number;
  /** The member list as clients are told of it: without those who are hidden. */
  readonly shown: ShownList;
  readonly peakMemberCount: number;
  /** Time that members have spent in it so far, added up, in milliseconds. */
  readonly memberMs: number;
}

/** A member as its own connection needs it, after `login` and `resume`. */
export interface Session {
  readonly member: MemberInfo;
  readonly ticket: string;
  /** With members only where the login asked for them. */
  readonly room: RoomSnapshot;
}

/** The state of a Room at one moment. */
export interface RoomSnapshot extends RoomSummary {
  /** The number of the last event it includes. */
  readonly seq: number;
  readonly userSeq: number;
  readonly streamSeq: number;
  /** In the order of their logins; empty where they were not asked for. */
  readonly members: readonly MemberInfo[];
  readonly streams: readonly StreamInfo[];
  readonly infos: readonly RoomInfo[];
  /** Oldest first. */
  readonly polls: readonly PollInfo[];
}
