/**
 * Commands: everything that can be done to a Room. Doors create them; a Room does not depend on the door.
 *
 * @module
 */

import type {
  Epoch,
  MemberId,
  MessageKind,
  PollId,
  PublishId,
  StoreStep,
  StreamId,
  StreamSource,
  UserId,
  WireContent,
  WireError,
  WireProfile,
} from '@gavel/protocol';
import type { KickBan } from './bans.ts';
import type { RoomPosition, TicketClaim } from './ended-tickets.ts';
import type { PermissionChanges, Permissions, PublishRights, User } from './member.ts';
import type { BlockedKinds } from './stream-rules.ts';

/** What to do if the user is already in the room. */
export type DuplicatePolicy =
  /** The earlier login is removed, also in other rooms of the App (but there not if it is of the same client). */
  | 'replace'
  /** Both logins stay. */
  | 'allow'
  /** The new login is refused. */
  | 'reject';

/** One login attempt of a client. The client repeats it if it gets no answer. */
export interface LoginAttempt {
  /** The client's random id of the attempt. */
  readonly id: string;
  /** Whether the client has sent it before. */
  readonly isRetry: boolean;
}

/** What a login waits for before it enters (WAIT-1, WAIT-2). */
export interface WaitingTerms {
  readonly until: /** A member that may admit others is in the room. */
    | 'attended'
    /** The user is accepted; after that, the user does not wait again in this session. */
    | 'accepted';
  /** How long an acceptance stays valid after the room is empty, in milliseconds, because the session may continue. */
  readonly rememberedForMs: number;
}

/**
 * Logs a user in; the first login creates the room (ROOM-1).
 *
 * @throws `login.banned`, `login.room-full`, `login.duplicate-user`, `login.token-expired`, `rate.limited`;
 *   `resume.refused` or `login.rejected` if the same attempt succeeded before and was ended permanently (KICK-12)
 */
export interface LoginCommand {
  readonly type: 'login';
  readonly user: User;
  /** The authentication scheme that it used. */
  readonly scheme: string;
  readonly clientId: string;
  readonly connectionId: string;
  readonly onDuplicate: DuplicatePolicy;
  readonly wantsMembers: boolean;
  readonly permissions: Permissions;
  /** The maximum number of members, set by the room's first login; 0 means no limit (ROOM-7). */
  readonly maxMemberCount: number;
  readonly profile?: WireProfile;
  /** The user's id in the customer's own system, if `user.id` is another one: bans apply to both. */
  readonly externalId?: UserId;
  /** The client's IP address. */
  readonly address: string;
  /** Passed unchanged to the customer's server. */
  readonly callbackData: string;
  /** When its token expires, in milliseconds since the Unix epoch; undefined if it needs no token. */
  readonly tokenExpiresAtMs?: number;
  /** Undefined: it enters without waiting. */
  readonly waits?: WaitingTerms;
  /** How long its session can continue after the room is empty, in milliseconds; undefined: not specified. */
  readonly sessionKeptMs?: number;
  /** The client's login attempt, so that a client that lost the answer learns how the login ended (KICK-12). */
  readonly attempt?: LoginAttempt;
  /** The id that it had while waiting, which becomes its member id; undefined if it has not waited. */
  readonly memberId?: MemberId;
}

/** A target of a kick or a mute. It is in the room if any of its users or members is. */
export interface KickTarget {
  /** The caller's name for the target, for the answer. */
  readonly label: string;
  /** Users, with all of their logins. */
  readonly userIds: readonly UserId[];
  /** Single logins. */
  readonly memberIds?: readonly MemberId[];
  /** The user of these logins, if the caller knows it: the audit trail names it in place of them. */
  readonly ofUser?: UserId;
}

/** What a mute switches off: audio of every stream, video of cameras, and screen shares, which it ends (SCRN-4). */
export interface MutedKinds extends BlockedKinds {
  readonly screen?: boolean;
}

/**
 * The actor of a command: a Member, which needs the permission (HOST-1), or, if undefined, the App's backend, which has
 * all permissions.
 */
interface InName {
  readonly by?: MemberId;
}

/** A change of a message. */
export type NewMessage =
  | { readonly action: 'edit'; readonly text: string; readonly content?: WireContent }
  | { readonly action: 'delete' | 'pin' | 'unpin' };

/** A change of a Room. */
export type RoomCommand =
  | LoginCommand
  | { readonly type: 'logout'; readonly memberId: MemberId }
  /** Updates the expiry of the Member's token. */
  | {
      readonly type: 'renewToken';
      readonly memberId: MemberId;
      readonly tokenExpiresAtMs?: number;
      /** The publish permissions of the new token; undefined: unchanged. Other streams end (cause `forbidden`). */
      readonly publishing?: PublishRights;
    }
  /** Records activity of Members and of waiting users; those that are gone are ignored. */
  | { readonly type: 'touch'; readonly memberIds: readonly MemberId[] }
  /** The connection was lost; the Member stays for the heartbeat time. Ignored if another connection has taken over. */
  | { readonly type: 'detach'; readonly memberId: MemberId; readonly connectionId: string }
  /**
   * The client closed this connection cleanly and did not resume in time: the Member is removed (ROOM-8). Ignored if
   * another connection has taken over.
   */
  | { readonly type: 'abandon'; readonly memberId: MemberId; readonly connectionId: string }
  /**
   * Attaches the Member to a new connection.
   *
   * @throws `resume.refused`, with details.cause if the cause of the Member's end is known. `kicked`, `room-closed`,
   *   `replaced`, `token-expired` and `logout` are permanent; the others allow a new login. Without a cause, the ticket
   *   is unknown. `login.rejected` if a host rejected the user; `login.banned` (BAN-1)
   */
  | {
      readonly type: 'resume';
      readonly memberId: MemberId;
      readonly ticket: string;
      readonly connectionId: string;
      /** The client's IP address. */
      readonly address: string;
      /** The login data in the ticket. */
      readonly claim: TicketClaim;
      /** The last event that the client has received. */
      readonly after: RoomPosition;
    }
  /** Removes every Member without activity for the heartbeat time (ROOM-4). */
  | { readonly type: 'expire' }
  /**
   * Kicks users (KICK). With `require: 'all'` nobody is kicked unless every target is in the room.
   *
   * With `ban`, the backend also keeps out whoever it kicks, and all users that its targets name, at every door and
   * whatever token they have (BAN-8). The bans are stored before anybody is kicked: if that fails, nothing changes. A ban
   * of the App also kicks these users from its other rooms. The reply has the bans, by which they can be lifted.
   *
   * @throws `room.member-not-found`: none (`any`), or the first one missing (`all`, details.label), is in the room;
   *   `member.not-allowed`, also for a ban by a member; `policy.too-many-rules`; `policy.bad-rule` if a client's address
   *   is to be banned and is not known
   */
  | (InName & {
      readonly type: 'kick';
      readonly targets: readonly KickTarget[];
      readonly require: 'any' | 'all';
      readonly reason: string;
      readonly ban?: KickBan;
    })
  /**
   * Mutes kinds of all streams of some members until the publisher unmutes them. Without `allowUnmute` these users
   * cannot unmute until they are muted again with it (HOST-3, HOST-4).
   *
   * @throws as `kick`
   */
  | (InName & {
      readonly type: 'mute';
      /** Undefined: everybody except the acting member. */
      readonly targets?: readonly KickTarget[];
      readonly require: 'any' | 'all';
      readonly kinds: MutedKinds;
      readonly allowUnmute: boolean;
    })
  /** Removes Members because their user logged in elsewhere; those that are gone are ignored. Or one because its token expired. */
  | { readonly type: 'replace'; readonly memberIds: readonly MemberId[] }
  | { readonly type: 'expireToken'; readonly memberId: MemberId }
  /**
   * Changes the permissions of users, for all of their logins, including later ones in this session (HOST-6).
   *
   * @throws as `kick` with `require: 'all'`
   */
  | (InName & {
      readonly type: 'setPermissions';
      readonly targets: readonly KickTarget[];
      readonly changes: PermissionChanges;
    })
  /** Pins members for everybody, or unpins them (PIN). @throws as `kick` with `require: 'all'` */
  | (InName & { readonly type: 'pin'; readonly targets: readonly KickTarget[]; readonly pinned: boolean })
  /** A Member's own step towards the stage, or off it (STAGE-2). @throws `member.not-allowed` */
  | {
      readonly type: 'changeStage';
      readonly memberId: MemberId;
      readonly action: 'request' | 'cancel' | 'join' | 'leave';
    }
  /**
   * Grants or denies access to the stage, or takes Members off it (STAGE-3).
   *
   * @throws `room.member-not-found` if none is in the room; `member.not-allowed`
   */
  | (InName & {
      readonly type: 'answerStage';
      readonly targets: readonly KickTarget[];
      readonly answer: 'grant' | 'deny' | 'remove';
    })
  /** Changes the name of a Member (NAME-1). @throws `member.not-allowed` */
  | { readonly type: 'rename'; readonly memberId: MemberId; readonly name: string }
  /** Sends a custom message to other Members (CUST-1). @throws `room.member-not-found` if a named one is absent */
  | {
      readonly type: 'sendCustom';
      readonly memberId: MemberId;
      readonly messageType: string;
      readonly payload: Readonly<Record<string, unknown>>;
      /** Undefined: all other members, unless `toProfile` selects them. */
      readonly to?: readonly MemberId[];
      /** Selects members whose profile has one of the values for the key. */
      readonly toProfile?: { readonly key: string; readonly values: readonly string[] };
    }
  /**
   * Admits or rejects waiting users (WAIT-4). Users that no longer wait are ignored.
   *
   * @throws `room.member-not-found` if none of them waits; `member.not-allowed`
   */
  | (InName & {
      readonly type: 'answerWaiting';
      readonly memberIds: readonly MemberId[];
      readonly isAccepted: boolean;
    })
  /** Refuses waiting users, because they cannot enter the room. Does not require the room to exist. */
  | {
      readonly type: 'refuseWaiting';
      /** Undefined: all of them. */
      readonly memberIds?: readonly MemberId[];
      /** Default `login.not-allowed`. */
      readonly error?: WireError;
    }
  /** Removes all members and destroys the room (CLOSE). @throws `member.not-allowed` */
  | (InName & { readonly type: 'close'; readonly reason: string; readonly announce: boolean })
  /**
   * Reserves a stream id for a Member while media is negotiated, without announcing it. If the Member reserves its own
   * id again, the publish stays the same.
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
   * Announces a reserved stream, because its media is connected. `audio` and `video` are the negotiated kinds; the
   * others are off.
   *
   * @throws `stream.not-found` if it was removed in the meantime
   */
  | {
      readonly type: 'announceStream';
      readonly streamId: StreamId;
      readonly publishId: PublishId;
      readonly audio: boolean;
      readonly video: boolean;
    }
  /** Ends a publish: its publisher stopped it (`stopped`, the default), or its media failed. */
  | {
      readonly type: 'endStream';
      readonly streamId: StreamId;
      readonly publishId: PublishId;
      readonly cause?: 'stopped' | 'media-failed';
    }
  /** Announces a stream for a backend (AddStream). @throws `stream.taken`, `stream.banned`, `stream.too-many` */
  | {
      readonly type: 'addStream';
      readonly user: User;
      readonly streamId: StreamId;
      readonly title: string;
      readonly extraInfo: string;
    }
  /** Removes a stream while its owner stays (STRM). @throws `stream.not-found` */
  | { readonly type: 'deleteStream'; readonly streamId: StreamId; readonly actorUserId?: UserId }
  /** @throws `stream.not-found` if it is not the Member's; `member.not-allowed` if unmuting is not allowed (HOST-4) */
  | {
      readonly type: 'updateStream';
      readonly memberId: MemberId;
      readonly streamId: StreamId;
      readonly extraInfo?: string;
      readonly audio?: boolean;
      readonly video?: boolean;
    }
  /** Ends a live or reserved stream, because its id is now forbidden. Does nothing if there is none. */
  | { readonly type: 'forbidStream'; readonly streamId: StreamId }
  /** Ends the live and reserved streams of members, which may not publish now (BAN-3); those that are gone are ignored. */
  | { readonly type: 'stopPublishing'; readonly memberIds: readonly MemberId[] }
  /** Sets which kinds of a stream are held back (RULE-1). Does nothing if there is no such stream. */
  | { readonly type: 'blockStream'; readonly streamId: StreamId; readonly blocked: BlockedKinds }
  /** Sets one of the room's infos. @throws `room.info-full` */
  | (InName & { readonly type: 'setRoomInfo'; readonly user: User; readonly key: string; readonly value: string })
  /** Sends a message to everybody, or to the named users. @throws `member.not-allowed` (CHAT-2) */
  | (InName & {
      readonly type: 'send';
      readonly kind: MessageKind;
      readonly from: User;
      readonly text: string;
      /** Of a message of kind `chat`; the door has checked that its files are the sender's. */
      readonly content?: WireContent;
      readonly to?: readonly UserId[];
    })
  /**
   * Edits, deletes, pins or unpins a message (CHAT-5, CHAT-6).
   *
   * @throws `message.not-found`, `member.not-allowed`, `message.too-many-pins`
   */
  | { readonly type: 'changeMessage'; readonly memberId: MemberId; readonly messageId: number; readonly to: NewMessage }
  /**
   * Creates a poll (POLL). @throws `member.not-allowed`, `poll.bad-question`, `poll.bad-options`, `poll.too-many`
   */
  | (InName & {
      readonly type: 'createPoll';
      readonly question: string;
      readonly options: readonly string[];
      readonly anonymous: boolean;
      readonly hideVotes: boolean;
    })
  /** Votes in a poll, finally. @throws `member.not-allowed`, `poll.not-found`, `poll.bad-option`, `poll.voted` */
  | {
      readonly type: 'vote';
      readonly memberId: MemberId;
      readonly pollId: PollId;
      /** Index of the option, from 0. */
      readonly option: number;
    }
  /** Opens stores for a Member, which receives their content and later changes (STORE). @throws `store.full` */
  | { readonly type: 'openStores'; readonly memberId: MemberId; readonly names: readonly string[] }
  /** Changes a store, all keys or none (STORE). @throws `store.bad-value`, `store.full` */
  | {
      readonly type: 'changeStore';
      readonly memberId: MemberId;
      readonly name: string;
      readonly steps: readonly StoreStep[];
    };

/** One kind of command. */
export type CommandOf<T extends RoomCommand['type']> = Extract<RoomCommand, { readonly type: T }>;

/** The origin of a command, for the audit trail. */
export interface Origin {
  /** Who sends it: a client, an App's backend, a person by the admin API, the owner's media, or the server by itself. */
  readonly channel: 'signalling' | 'backend' | 'admin' | 'media' | 'server';
  /** The name that a door has in the audit trail; by default the channel. Nothing depends on it. */
  readonly door?: string;
  readonly requestId: string;
  /** The user, token or App that made the request. */
  readonly actor?: string;
  /** The role in which the actor made the request; by default `member` or `backend`. */
  readonly role?: string;
  /** Why the request was made, if the command itself has no reason. */
  readonly reason?: string;
  /** The Member whose client made the request: the command also counts as its activity. */
  readonly by?: MemberId;
}

/** Under which conditions a command is executed. */
export interface CallTerms {
  /**
   * Identifies the command over repeats, unique among all callers: a repeated command gets the first reply for 24 hours
   * (BUS-2).
   */
  readonly commandId?: string | undefined;
  /**
   * A hash of the caller's request, by which a repeat is distinguished from another command with the id. Default: one of the
   * command, which differs from that of a repeat if the caller puts facts of the moment into the command.
   */
  readonly fingerprint?: string | undefined;
  /**
   * Whether an owner that has died may have stored the command's reply and told nobody what it changed: then it is done again, and
   * gets the first reply.
   */
  readonly isRetried?: boolean | undefined;
  /** The life of the room that is meant: in another one, or without a room, the command is refused (BUS-9). */
  readonly expectedEpoch?: Epoch | undefined;
}
