/**
 * Events: what a command changed. Every event has the epoch of the room's life and a sequence number without holes.
 *
 * @module
 */

import type {
  Epoch,
  MemberCause,
  MemberId,
  MessageChange,
  MessageKind,
  RoomCause,
  StreamCause,
  UserId,
} from '@gavel/protocol';
import type { ChatMessage } from './chat-history.ts';
import type { MutedKinds } from './commands.ts';
import type { MemberInfo, User } from './member.ts';
import type { ShownList } from './member-table.ts';
import type { PollInfo } from './polls.ts';
import type { RoomInfo, StreamInfo } from './stream.ts';

/** What changed. */
export type RoomChange =
  | { readonly type: 'roomCreated'; readonly creator: User }
  | {
      readonly type: 'memberJoined';
      readonly member: MemberInfo;
      readonly connectionId: string;
      /** Whether this login replaced an earlier one of the same user in this room. */
      readonly relogin: boolean;
      /** Version of the member list, +1 for each joining or leaving. */
      readonly userSeq: number;
      readonly memberCount: number;
      /** The list as clients are told of it. */
      readonly shown: ShownList;
    }
  | { readonly type: 'memberDetached'; readonly member: MemberInfo }
  | { readonly type: 'memberResumed'; readonly member: MemberInfo; readonly connectionId: string }
  | {
      readonly type: 'memberLeft';
      readonly member: MemberInfo;
      /** Its connection, where it has one: to be closed. */
      readonly connectionId?: string;
      readonly cause: MemberCause;
      /** The caller's text, as it came (KICK-11). */
      readonly reason: string;
      /** The attempt of its login, where nothing was heard after it: its client may not have had the answer. */
      readonly unansweredAttemptId?: string;
      /** Present where a later login of the same client replaced it: that client is in, and may come back. */
      readonly isSameClient?: true;
      readonly userSeq: number;
      readonly memberCount: number;
      /** The list as clients are told of it. */
      readonly shown: ShownList;
    }
  /** A stream id is held until its media is up; clients are not told. */
  | {
      readonly type: 'streamReserved';
      readonly stream: StreamInfo;
      readonly live: boolean;
      /** What its publisher may send now. */
      readonly allowed: { readonly audio: boolean; readonly video: boolean };
    }
  /** A held stream id is free again without having been live; of the clients only its publisher is told. */
  | { readonly type: 'streamReleased'; readonly stream: StreamInfo; readonly cause: StreamCause }
  | {
      readonly type: 'streamAdded';
      readonly stream: StreamInfo;
      /** Version of the stream list, +1 for each change. */
      readonly streamSeq: number;
    }
  | { readonly type: 'streamUpdated'; readonly stream: StreamInfo }
  | {
      readonly type: 'streamRemoved';
      readonly stream: StreamInfo;
      readonly cause: StreamCause;
      /** Not told to clients of this user (STRM-2). */
      readonly exceptUserId?: UserId;
      readonly streamSeq: number;
    }
  /** Members were muted, whether they have streams or not; clients see it by the streams (HOST-3). */
  | { readonly type: 'membersMuted'; readonly members: readonly MemberInfo[]; readonly kinds: MutedKinds }
  /** A member's name, or whether it is pinned, has changed. */
  | { readonly type: 'memberUpdated'; readonly member: MemberInfo }
  | {
      readonly type: 'customMessage';
      readonly member: MemberInfo;
      readonly messageType: string;
      readonly payload: Readonly<Record<string, unknown>>;
      /** Only these are told; undefined is everybody but the sender. */
      readonly to?: ReadonlySet<MemberId>;
    }
  /** What a member may do has changed; only it is told. */
  | {
      readonly type: 'permissionsChanged';
      readonly member: MemberInfo;
      /** Every poll of the room, where whether the member may view them has changed. */
      readonly polls?: readonly PollInfo[];
    }
  /** A poll is new, or somebody has voted in it. */
  | {
      readonly type: 'pollUpdated';
      readonly poll: PollInfo;
      readonly vote?: {
        readonly voter: User;
        /** Which option, from 0. */
        readonly option: number;
        /** Whether others are told who it is. */
        readonly isNamed: boolean;
      };
    }
  | { readonly type: 'roomInfoSet'; readonly info: RoomInfo }
  | {
      readonly type: 'message';
      readonly kind: MessageKind;
      readonly messageId: number;
      readonly from: User;
      readonly text: string;
      /** Only these users are told; undefined is everybody but the sender's own clients. */
      readonly to?: readonly UserId[];
      /** Those of `to` who are not in the room. */
      readonly absent: readonly UserId[];
    }
  /** Something that was said has changed; of a deleted message the text is empty. */
  | { readonly type: 'messageChanged'; readonly change: MessageChange; readonly message: ChatMessage }
  /** A session that might have been continued was closed while nobody was in (WAIT-9). It is no part of any room's life. */
  | { readonly type: 'sessionClosed'; readonly reason: string }
  | {
      readonly type: 'roomClosed';
      readonly cause: RoomCause;
      readonly reason: string;
      /** Whether the customer's server is to be told (CLOSE-3). */
      readonly announce: boolean;
    };

/** One event of a room. */
export type RoomEvent = RoomChange & {
  readonly epoch: Epoch;
  /** From 1 in each life of a room, without holes. */
  readonly seq: number;
  readonly atMs: number;
};

/** One kind of event. */
export type RoomEventOf<T extends RoomChange['type']> = Extract<RoomEvent, { readonly type: T }>;

/** Gives the events of one kind. */
export function eventsOf<T extends RoomChange['type']>(events: readonly RoomEvent[], type: T): RoomEventOf<T>[] {
  return events.filter((event): event is RoomEventOf<T> => event.type === type);
}
