/**
 * The whole state of one life of a room, as JSON: a room that is restored from it and follows the later events is the same
 * room (BUS-3).
 *
 * @module
 */

import type { Epoch, RoomKey } from '@gavel/protocol';
import type { RoomEvent } from './events.ts';
import type { MemberTableState } from './member-table.ts';
import type { ModerationState } from './moderation.ts';
import type { PollContent } from './polls.ts';
import type { RoomMessagesState } from './room-messages.ts';
import type { RoomStreamsState } from './room-streams.ts';
import type { StoreInfo } from './stores.ts';

/** A snapshot of a room, with the secrets of its members: it never leaves the owners of rooms. */
export interface RoomState {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  /** The number of the last event. */
  readonly seq: number;
  /** The last events, for clients that resume. */
  readonly events: readonly RoomEvent[];
  readonly createdAtMs: number;
  readonly maxMemberCount: number;
  readonly sessionKeptMs: number;
  readonly members: MemberTableState;
  readonly moderation: ModerationState;
  readonly streams: RoomStreamsState;
  readonly messages: RoomMessagesState;
  readonly polls: readonly PollContent[];
  readonly stores: readonly StoreInfo[];
}
