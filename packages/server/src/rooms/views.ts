/**
 * Read-only views of a Room: figures and immutable snapshots.
 *
 * @module
 */

import type { Epoch, RoomKey } from '@gavel/protocol';
import type { MemberInfo } from './member.ts';
import type { ShownList } from './member-table.ts';
import type { PollState } from './polls.ts';
import type { StoreInfo } from './stores.ts';
import type { RoomInfo, StreamInfo } from './stream.ts';
import type { Waiting } from './waiting.ts';

/** Figures of a Room. */
export interface RoomSummary {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  readonly createdAtMs: number;
  readonly memberCount: number;
  /** The member list as clients see it: without hidden members. */
  readonly shown: ShownList;
  readonly peakMemberCount: number;
  /** Total time that all members have spent in the room so far, in milliseconds. */
  readonly memberMs: number;
}

/** A member's own view, for its connection after `login` and `resume`. */
export interface Session {
  readonly member: MemberInfo;
  readonly ticket: string;
  /** Includes members only if the login requested them. */
  readonly room: RoomSnapshot;
  /** The waiting users, in order of arrival, if the member may admit them. */
  readonly waiting?: readonly Waiting[];
}

/** The state of a Room at one moment. */
export interface RoomSnapshot extends RoomSummary {
  /** The sequence number of the last event that it includes. */
  readonly seq: number;
  readonly userSeq: number;
  readonly streamSeq: number;
  /** In the order of login; empty if they were not requested. */
  readonly members: readonly MemberInfo[];
  readonly streams: readonly StreamInfo[];
  readonly infos: readonly RoomInfo[];
  /** Oldest first. */
  readonly polls: readonly PollState[];
  readonly stores: readonly StoreInfo[];
}
