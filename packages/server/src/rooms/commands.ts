/**
 * Commands: everything that can be done to a Room. Doors make them; a Room never knows which door did.
 *
 * @module
 */

import type {
  MemberId,
  MessageKind,
  PollId,
  PublishId,
  StreamId,
  StreamSource,
  UserId,
  WireProfile,
} from '@gavel/protocol';
import type { TicketClaim } from './ended-tickets.ts';
import type { PermissionChanges, Permissions, PublishRights, User } from './member.ts';
import type { BlockedKinds } from './stream-rules.ts';

/** What to do when the user is in already. */
export type DuplicatePolicy =
  /** The earlier login is taken out, in this and every other room of the App (other rooms: but for the same client). */
  | 'replace'
  /** Both stay. */
  | 'allow'
  /** The new login is refused. */
  | 'reject';

/** One attempt of a client to log in; sent again where no answer came. */
export interface LoginAttempt {
  /** The client's own random name for it. */
  readonly id: string;
  /** Whether it was sent before. */
  readonly isRetry: boolean;
}

/** What a login waits for before it enters (WAIT-1, WAIT-2). */
export interface WaitingTerms {
  readonly until: /** Somebody who may let others in is in the room. */
    | 'attended'
    /** It is accepted; once accepted, its user waits no more in this session. */
    | 'accepted';
  /** How long an acceptance is remembered after the room has emptied, in milliseconds: the session may be continued. */
  readonly rememberedForMs: number;
}

/**
 * Logs a user in; the first login creates the room (ROOM-1).
 *
 * @throws `login.banned`, `login.room-full`, `login.duplicate-user`, `login.token-expired`, `rate.limited`;
 *   `resume.refused` or `login.rejected` where the same attempt was let in before and ended for good (KICK-12)
 */
export interface LoginCommand {
  readonly type: 'login';
  readonly user: User;
  /** How it proved who it is. */
  readonly scheme: string;
  readonly clientId: string;
  readonly connectionId: string;
  readonly onDuplicate: DuplicatePolicy;
  readonly wantsMembers: boolean;
  readonly permissions: Permissions;
  /** The room's cap, taken from its first login; 0 is none (ROOM-7). */
  readonly maxMemberCount: number;
  readonly profile?: WireProfile;
  /** The client's IP address. */
  readonly address: string;
  /** Handed through to the customer's server. */
  readonly callbackData: string;
  /** When its token runs out, in milliseconds since the Unix epoch; undefined where it needs none. */
  readonly tokenExpiresAtMs?: number;
  /** Undefined is nothing: it enters. */
  readonly waits?: WaitingTerms;
  /** How long its session may be continued after the room has emptied, in milliseconds; undefined says nothing of it. */
  readonly sessionKeptMs?: number;
  /** Which attempt of its client this is, so that a client whose answer was lost learns how the login ended (KICK-12). */
  readonly attempt?: LoginAttempt;
  /** The id it has waited under, which its member gets; undefined where it has not waited. */
  readonly memberId?: MemberId;
}

/** Somebody whom a kick or a mute names; present when any of the user ids or members is. */
export interface KickTarget {
  /** How the caller named it, for the answer. */
  readonly label: string;
  /** Users with all their logins. */
  readonly userIds: readonly UserId[];
  /** Single logins. */
  readonly memberIds?: readonly MemberId[];
}

/** What a mute switches off: sound on every stream, video of cameras, and screens, which it ends (SCRN-4). */
export interface MutedKinds extends BlockedKinds {
  readonly screen?: boolean;
}

/**
 * In whose name a command is done: a Member's, who needs the right to it (HOST-1), or, where undefined, the App's own
 * backend's, which may do everything.
 */
interface InName {
  readonly by?: MemberId;
}

/** What becomes of a message. */
export type NewMessage =
  | { readonly action: 'edit'; readonly text: string }
  | { readonly action: 'delete' | 'pin' | 'unpin' };

/** A change of a Room. */
export type RoomCommand =
  | LoginCommand
  | { readonly type: 'logout'; readonly memberId: MemberId }
  /** The Member has a new token. */
  | {
      readonly type: 'renewToken';
      readonly memberId: MemberId;
      readonly tokenExpiresAtMs?: number;
      /** What the new token allows to publish; undefined changes nothing. Other streams end (cause `forbidden`). */
      readonly publishing?: PublishRights;
    }
  /** Something was heard from the Member. */
  | { readonly type: 'touch'; readonly memberId: MemberId }
  /** The connection is gone; the Member stays for the heartbeat time. Ignored when another connection has taken over. */
  | { readonly type: 'detach'; readonly memberId: MemberId; readonly connectionId: string }
  /**
   * The client closed this connection in order and has had its time to come back: the Member is taken out (ROOM-8).
   * Ignored when another connection has taken over.
   */
  | { readonly type: 'abandon'; readonly memberId: MemberId; readonly connectionId: string }
  /**
   * A new connection brings the Member back.
   *
   * @throws `resume.refused`: with details.cause where it is known how the Member ended. `kicked`, `room-closed`,
   *   `replaced`, `token-expired` and `logout` are for good; the others allow a new login. Without a cause nothing is
   *   known of the ticket. `login.rejected` where a host turned it away; `login.banned` (BAN-1)
   */
  | {
      readonly type: 'resume';
      readonly memberId: MemberId;
      readonly ticket: string;
      readonly connectionId: string;
      /** The client's IP address. */
      readonly address: string;
      /** What the ticket says of its login. */
      readonly claim: TicketClaim;
    }
  /** Takes out every Member not heard of for the heartbeat time (ROOM-4). */
  | { readonly type: 'expire' }
  /**
   * Kicks users (KICK). With `require: 'all'` nobody is kicked unless every target is in the room.
   * @throws `room.member-not-found`: none (`any`), or the first one missing (`all`, details.label), is in the room;
   *   `member.not-allowed`
   */
  | (InName & {
      readonly type: 'kick';
      readonly targets: readonly KickTarget[];
      readonly require: 'any' | 'all';
      readonly reason: string;
    })
  /**
   * Switches kinds of all streams of some members off, and holds them back until their publisher switches them on
   * again; without `allowUnmute` those users cannot, until they are muted with it (HOST-3, HOST-4).
   *
   * @throws as `kick`
   */
  | (InName & {
      readonly type: 'mute';
      /** Undefined is everybody, but for the member in whose name it is done. */
      readonly targets?: readonly KickTarget[];
      readonly require: 'any' | 'all';
      readonly kinds: MutedKinds;
      readonly allowUnmute: boolean;
    })
  /** Takes out one user's logins because it logged in elsewhere, or one Member because its token ran out. */
  | { readonly type: 'replace'; readonly userId: UserId; readonly exceptClientId: string }
  | { readonly type: 'expireToken'; readonly memberId: MemberId }
  /**
   * Changes what users may do, on all of their logins, those to come in this life of the room included (HOST-6).
   *
   * @throws as `kick` with `require: 'all'`
   */
  | (InName & {
      readonly type: 'setPermissions';
      readonly targets: readonly KickTarget[];
      readonly changes: PermissionChanges;
    })
  /** Pins members for everybody, or takes the pins off them (PIN). @throws as `kick` with `require: 'all'` */
  | (InName & { readonly type: 'pin'; readonly targets: readonly KickTarget[]; readonly pinned: boolean })
  /** Gives a Member another name (NAME-1). @throws `member.not-allowed` */
  | { readonly type: 'rename'; readonly memberId: MemberId; readonly name: string }
  /** Tells other Members something of the application's own. @throws `room.member-not-found` where one named is not in (CUST-1) */
  | {
      readonly type: 'sendCustom';
      readonly memberId: MemberId;
      readonly messageType: string;
      readonly payload: Readonly<Record<string, unknown>>;
      /** Undefined is everybody else, unless `toProfile` says whom. */
      readonly to?: readonly MemberId[];
      /** Those in whose profile the key has one of the values. */
      readonly toProfile?: { readonly key: string; readonly values: readonly string[] };
    }
  /**
   * Lets in who waits, or turns it away (WAIT-4). Those who do not wait any more are passed over.
   *
   * @throws `room.member-not-found` where none of them waits; `member.not-allowed`
   */
  | (InName & {
      readonly type: 'answerWaiting';
      readonly memberIds: readonly MemberId[];
      readonly isAccepted: boolean;
    })
  /** Turns everybody away who waits: the room may not be entered any more. Needs no room. */
  | { readonly type: 'refuseWaiting' }
  /** Takes everybody out and destroys the room (CLOSE). @throws `member.not-allowed` */
  | (InName & { readonly type: 'close'; readonly reason: string; readonly announce: boolean })
  /**
   * Holds a stream id for a Member while media is agreed on; nobody is told. Holding an own id again keeps its publish.
   * @throws `room.member-not-found`, `stream.taken`, `stream.not-allowed`, `stream.too-many`, `stream.banned`,
   *   `member.not-allowed` for a screen that a host forbade, `login.token-expired`
   */
  | {
      readonly type: 'reserveStream';
      readonly memberId: MemberId;
      readonly streamId: StreamId;
      /** Default `camera`. */
      readonly source?: StreamSource;
      readonly extraInfo: string;
      readonly audio: boolean;
      readonly video: boolean;
    }
  /**
   * Makes a reserved stream known, because its media is up. `audio` and `video` are the kinds that were agreed on: the
   * others are off.
   *
   * @throws `stream.not-found` when it is gone meanwhile
   */
  | {
      readonly type: 'announceStream';
      readonly streamId: StreamId;
      readonly publishId: PublishId;
      readonly audio: boolean;
      readonly video: boolean;
    }
  /** Ends a publish: by its publisher (`stopped`, the default), or because its media failed. */
  | {
      readonly type: 'endStream';
      readonly streamId: StreamId;
      readonly publishId: PublishId;
      readonly cause?: 'stopped' | 'media-failed';
    }
  /** Announces a stream from a server (AddStream). @throws `stream.taken`, `stream.banned`, `stream.too-many` */
  | {
      readonly type: 'addStream';
      readonly user: User;
      readonly streamId: StreamId;
      readonly title: string;
      readonly extraInfo: string;
    }
  /** Removes a stream while its owner stays (STRM). @throws `stream.not-found` */
  | { readonly type: 'deleteStream'; readonly streamId: StreamId; readonly actorUserId: UserId | undefined }
  /** @throws `stream.not-found` when it is not the Member's own; `member.not-allowed` when it was muted for good (HOST-4) */
  | {
      readonly type: 'updateStream';
      readonly memberId: MemberId;
      readonly streamId: StreamId;
      readonly extraInfo?: string;
      readonly audio?: boolean;
      readonly video?: boolean;
    }
  /** Ends a stream, reserved ones too, because publishing it is forbidden now. Does nothing when there is none. */
  | { readonly type: 'forbidStream'; readonly streamId: StreamId }
  /** Ends the streams, reserved ones too, of the members that have all that is named: they may not publish now (BAN-3). */
  | { readonly type: 'stopPublishing'; readonly userId?: UserId; readonly address?: string }
  /** Says which kinds of a stream are held back from now on (RULE-1). Does nothing when there is no such stream. */
  | { readonly type: 'blockStream'; readonly streamId: StreamId; readonly blocked: BlockedKinds }
  /** Sets one of the room's infos. @throws `room.info-full` */
  | (InName & { readonly type: 'setRoomInfo'; readonly user: User; readonly key: string; readonly value: string })
  /** Sends a message to everybody, or to the users named. @throws `member.not-allowed` (CHAT-2) */
  | (InName & {
      readonly type: 'send';
      readonly kind: MessageKind;
      readonly from: User;
      readonly text: string;
      readonly to?: readonly UserId[];
    })
  /**
   * Edits, deletes, pins or unpins something that was said (CHAT-5, CHAT-6).
   *
   * @throws `message.not-found`, `member.not-allowed`, `message.too-many-pins`
   */
  | { readonly type: 'changeMessage'; readonly memberId: MemberId; readonly messageId: number; readonly to: NewMessage }
  /**
   * Makes a poll (POLL). @throws `member.not-allowed`, `poll.bad-question`, `poll.bad-options`, `poll.too-many`
   */
  | (InName & {
      readonly type: 'createPoll';
      readonly question: string;
      readonly options: readonly string[];
      readonly anonymous: boolean;
      readonly hideVotes: boolean;
    })
  /** Votes in a poll, once and for all. @throws `member.not-allowed`, `poll.not-found`, `poll.bad-option`, `poll.voted` */
  | {
      readonly type: 'vote';
      readonly memberId: MemberId;
      readonly pollId: PollId;
      /** Which option, from 0. */
      readonly option: number;
    };

/** One kind of command. */
export type CommandOf<T extends RoomCommand['type']> = Extract<RoomCommand, { readonly type: T }>;

/** Who asked for a command, for the audit log. */
export interface Origin {
  readonly door: 'signalling' | 'zego' | 'realtimekit' | 'media' | 'server';
  readonly requestId: string;
  /** The user, token or App that asked. */
  readonly actor?: string;
}
