/**
 * Events: what a command changed. An event is plain JSON (BUS-1) and never changes. Every event has the epoch of the room's life and a sequence number without gaps.
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
  WireContent,
  WireError,
} from '@gavel/protocol';
import type { ChatMessage } from './chat-history.ts';
import type { LoginCommand, MutedKinds, Origin } from './commands.ts';
import type { Continuation } from './continuation.ts';
import type { MemberInfo, MemberSecrets, PermissionChanges, Permissions, StageState, User } from './member.ts';
import type { ShownList } from './member-table.ts';
import type { PollInfo, PollState, PollVote } from './polls.ts';
import type { StoreChange, StoreEntry } from './stores.ts';
import type { RoomInfo, StreamInfo } from './stream.ts';
import type { Session } from './views.ts';
import type { Waiting, WaitingLoss } from './waiting.ts';

/** A change, without epoch and sequence number. */
export type RoomChange =
  | {
      readonly type: 'roomCreated';
      readonly creator: User;
      /** The maximum number of members; 0 means no limit (ROOM-7). */
      readonly maxMemberCount: number;
      /** The session that this life of the room continues. */
      readonly before?: Continuation;
    }
  | {
      readonly type: 'memberJoined';
      readonly member: MemberInfo;
      readonly connectionId: string;
      /** What only the room knows of it. */
      readonly secrets: MemberSecrets;
      /** How long the session continues after the room is empty, in milliseconds; absent if the login does not say. */
      readonly sessionKeptMs?: number;
      /** Whether this login replaced an earlier one of the same user in this room. */
      readonly relogin: boolean;
      /** Version of the member list, +1 for each join or leave. */
      readonly userSeq: number;
      readonly memberCount: number;
      /** The member list as clients see it. */
      readonly shown: ShownList;
    }
  | { readonly type: 'memberDetached'; readonly member: MemberInfo }
  | { readonly type: 'memberResumed'; readonly member: MemberInfo; readonly connectionId: string }
  | {
      readonly type: 'memberLeft';
      readonly member: MemberInfo;
      /** Its connection, if it has one, which is closed. */
      readonly connectionId?: string;
      readonly cause: MemberCause;
      /** The caller's text, unchanged (KICK-11). */
      readonly reason: string;
      /** The attempt of its login, if the client has not sent anything since: it may not have received the answer. */
      readonly unansweredAttemptId?: string;
      /** Set if a later login of the same client replaced it: this client is in the room and may reconnect. */
      readonly isSameClient?: true;
      readonly userSeq: number;
      readonly memberCount: number;
      /** The member list as clients see it. */
      readonly shown: ShownList;
    }
  /** A stream id was reserved until its media connects; clients do not receive this event. */
  | {
      readonly type: 'streamReserved';
      readonly stream: StreamInfo;
      readonly live: boolean;
      /** The kinds that its publisher may send now. */
      readonly allowed: { readonly audio: boolean; readonly video: boolean };
    }
  /** A reserved stream id was released without having been live; only its publisher's client receives this event. */
  | { readonly type: 'streamReleased'; readonly stream: StreamInfo; readonly cause: StreamCause }
  | {
      readonly type: 'streamAdded';
      readonly stream: StreamInfo;
      /** Version of the stream list, +1 for each change. */
      readonly streamSeq: number;
    }
  | { readonly type: 'streamUpdated'; readonly stream: StreamInfo }
  /** A reserved stream has changed; clients do not receive this event. */
  | { readonly type: 'reservationChanged'; readonly stream: StreamInfo }
  | {
      readonly type: 'streamRemoved';
      readonly stream: StreamInfo;
      readonly cause: StreamCause;
      /** Clients of this user do not receive this event (STRM-2). */
      readonly exceptUserId?: UserId;
      readonly streamSeq: number;
    }
  /** Members were muted, with or without streams; clients receive the changes of the streams instead (HOST-3). */
  | {
      readonly type: 'membersMuted';
      readonly members: readonly MemberInfo[];
      readonly kinds: MutedKinds;
      /** Whether the users may unmute the kinds themselves (HOST-4). */
      readonly allowUnmute: boolean;
    }
  /** A member's name or pin has changed. */
  | { readonly type: 'memberUpdated'; readonly member: MemberInfo }
  /** A member's place on or off the stage has changed. */
  | { readonly type: 'stageChanged'; readonly member: MemberInfo; readonly before: StageState }
  | {
      readonly type: 'customMessage';
      readonly member: MemberInfo;
      readonly messageType: string;
      readonly payload: Readonly<Record<string, unknown>>;
      /** Only these members receive it; undefined: everybody except the sender. */
      readonly to?: readonly MemberId[];
    }
  /** A member's permissions have changed; only this member receives the event. */
  | {
      readonly type: 'permissionsChanged';
      readonly member: MemberInfo;
      /** Its permissions on the stage. */
      readonly granted: Permissions;
      /** The change, if it also applies to later logins of the user (HOST-6). */
      readonly changes?: PermissionChanges;
      /** All polls of the room, if the member's permission to view polls has changed. */
      readonly polls?: readonly PollState[];
    }
  /** A member has a new token; clients do not receive this event. */
  | {
      readonly type: 'tokenRenewed';
      readonly memberId: MemberId;
      /** Milliseconds since the Unix epoch; absent if it does not expire. */
      readonly tokenExpiresAtMs?: number;
    }
  /** A poll was created, or a member has voted in it. */
  | {
      readonly type: 'pollUpdated';
      readonly poll: PollInfo;
      /** Absent when the poll is created. */
      readonly vote?: PollVote;
    }
  /** A member has opened a store; only this member receives the event. */
  | {
      readonly type: 'storeOpened';
      readonly memberId: MemberId;
      readonly name: string;
      readonly entries: readonly StoreEntry[];
    }
  /** A member has changed a store; the members that had opened it before receive the event. */
  | {
      readonly type: 'storeChanged';
      readonly memberId: MemberId;
      readonly name: string;
      /** One per key, with the result. */
      readonly changes: readonly StoreChange[];
      /** The members that had opened the store before. */
      readonly to: readonly MemberId[];
    }
  | { readonly type: 'roomInfoSet'; readonly info: RoomInfo }
  | {
      readonly type: 'message';
      readonly kind: MessageKind;
      readonly messageId: number;
      readonly from: User;
      readonly text: string;
      readonly content?: WireContent;
      /** Only these users receive it; undefined: everybody except the sender's own clients. */
      readonly to?: readonly UserId[];
      /** The users in `to` that are not in the room. */
      readonly absent: readonly UserId[];
    }
  /** A message has changed; a deleted message has no text and no content. */
  | { readonly type: 'messageChanged'; readonly change: MessageChange; readonly message: ChatMessage }
  | {
      readonly type: 'roomClosed';
      readonly cause: RoomCause;
      readonly reason: string;
      /** Whether the customer's server gets a callback (CLOSE-3). */
      readonly announce: boolean;
    };

/** The answer to the login of an admitted user. */
export type AdmissionAnswer = { readonly session: Session } | { readonly error: WireError };

/** A change of a waiting room, or of a session without members: it belongs to no life of the room. */
export type WaitingRoomChange =
  | {
      readonly type: 'waitingAdded';
      readonly waiting: Waiting;
      /** The command that admits it. */
      readonly login: LoginCommand;
      readonly origin: Origin;
    }
  /** A host or a backend has accepted the user, which enters as soon as the limits allow. */
  | {
      readonly type: 'waitingAccepted';
      readonly waiting: Waiting;
      /** How long the acceptance stays valid after the room is empty, in milliseconds. */
      readonly rememberedForMs: number;
    }
  | {
      readonly type: 'waitingRemoved';
      readonly waiting: Waiting;
      /** An admitted user joins the room in the same batch. */
      readonly end: WaitingLoss | { readonly kind: 'admitted' };
      /** As of `memberLeft`. */
      readonly unansweredAttemptId?: string;
      /** Set if the same client has asked again: it may reconnect. */
      readonly isSameClient?: true;
    }
  /** The answer to the login of an admitted user, when all sinks have handled its join; only its client receives it. */
  | {
      readonly type: 'admissionAnswered';
      readonly waiting: Waiting;
      readonly answer: AdmissionAnswer;
    }
  /** A session without members, which could still continue, was closed (WAIT-9). */
  | { readonly type: 'sessionClosed'; readonly reason: string };

/** One event of a room or of its waiting room. */
export type RoomEvent = (RoomChange | WaitingRoomChange) & {
  readonly epoch: Epoch;
  /** Starts at 1 in each life of a room, and in each waiting room; without gaps. */
  readonly seq: number;
  readonly atMs: number;
};

/** One kind of event. */
export type RoomEventOf<T extends RoomEvent['type']> = Extract<RoomEvent, { readonly type: T }>;

/** Returns the events of one kind. */
export function eventsOf<T extends RoomEvent['type']>(events: readonly RoomEvent[], type: T): RoomEventOf<T>[] {
  return events.filter((event): event is RoomEventOf<T> => event.type === type);
}
