/**
 * A Member: one login of one user in one room. It outlives its connection for the heartbeat time.
 *
 * @module
 */

import type { MemberId, StreamId, UserId, WireProfile } from '@gavel/protocol';
import type { LoginCommand } from './commands.ts';

/** A user, with its name as it is now. */
export interface User {
  readonly id: UserId;
  readonly name: string;
}

/** What a Member may do to others; what is absent it may not. */
export interface ModerationRights {
  /** Take others out, and close the room. */
  readonly kick?: boolean;
  readonly muteAudio?: boolean;
  readonly muteVideo?: boolean;
  /** End others' screen sharing. */
  readonly muteScreen?: boolean;
  /** Change what others may publish and say; rights over others cannot be given. */
  readonly changePermissions?: boolean;
  /** Pin members for everybody, itself included. */
  readonly pin?: boolean;
  /** Let in who waits, or turn it away. */
  readonly acceptWaiting?: boolean;
}

/** Whether a Member may share its screen (SCRN). */
export interface ScreenRights {
  readonly publish: boolean;
  /** While so many screens are shared in the room, it may not begin to; undefined is any number. */
  readonly maxInRoom?: number;
}

/** What a Member may tell others, and be told. */
export interface ChatRights {
  readonly sendPublic: boolean;
  readonly sendPrivate: boolean;
  readonly receivePrivate: boolean;
}

/** What a Member may do with polls. */
export interface PollRights {
  readonly create: boolean;
  readonly vote: boolean;
  /** See them; who may not is told nothing of them, and cannot vote. */
  readonly view: boolean;
}

/** What a Member may publish. */
export interface PublishRights {
  readonly publishAudio: boolean;
  readonly publishVideo: boolean;
  /** The only streams it may publish; undefined is any. */
  readonly publishStreamIds?: readonly StreamId[];
}

/** What a Member may do, as its door decided at login. */
export interface Permissions extends PublishRights {
  /** Other members are told nothing of it, and it does nothing that they would see (HIDE). */
  readonly hidden?: boolean;
  /** Whether it may be told of other members; undefined is yes (HIDE-4). */
  readonly listsMembers?: boolean;
  /** How many streams of one source it may publish at a time; undefined is any number. */
  readonly maxStreamsOfSource?: number;
  /** Undefined is as its other streams are judged. */
  readonly screen?: ScreenRights;
  /** Undefined is nothing. */
  readonly moderation?: ModerationRights;
  /** Change its own name; undefined is no. */
  readonly rename?: boolean;
  /** Undefined is everything. */
  readonly chat?: ChatRights;
  /** Undefined is nothing. */
  readonly polls?: PollRights;
}

/** A change of what a Member may do; what is left out stays. */
export interface PermissionChanges {
  readonly publishAudio?: boolean;
  readonly publishVideo?: boolean;
  readonly publishScreen?: boolean;
  readonly chat?: Partial<ChatRights>;
  readonly polls?: Partial<PollRights>;
}

/** Tells whether somebody may let others in, and so waits for nobody (WAIT-2). */
export function mayLetIn({ permissions }: { readonly permissions: Permissions }): boolean {
  return permissions.moderation?.acceptWaiting ?? false;
}

const ALL_CHAT: ChatRights = { sendPublic: true, sendPrivate: true, receivePrivate: true };
const NO_POLLS: PollRights = { create: false, vote: false, view: false };

/** Lays a change over permissions. */
export function withChanges(permissions: Permissions, changes: PermissionChanges): Permissions {
  const { chat, polls, publishScreen, ...publishing } = changes;
  return {
    ...permissions,
    ...publishing,
    ...(publishScreen !== undefined && { screen: { ...permissions.screen, publish: publishScreen } }),
    ...(chat && { chat: { ...(permissions.chat ?? ALL_CHAT), ...chat } }),
    ...(polls && { polls: { ...(permissions.polls ?? NO_POLLS), ...polls } }),
  };
}

/** Lays a later change over an earlier one. */
export function mergeChanges(before: PermissionChanges, after: PermissionChanges): PermissionChanges {
  return {
    ...before,
    ...after,
    ...((before.chat ?? after.chat) && { chat: { ...before.chat, ...after.chat } }),
    ...((before.polls ?? after.polls) && { polls: { ...before.polls, ...after.polls } }),
  };
}

/** How a Member hangs on its connection. */
export type MemberLink =
  | { readonly kind: 'attached'; readonly connectionId: string }
  /** Lost its connection; a resume within the heartbeat time is silent (ROOM-5). */
  | { readonly kind: 'detached'; readonly connectionId: string; readonly sinceMonotonicMs: number };

/** A Member as others know it; a change makes a new object. */
export interface MemberInfo {
  readonly memberId: MemberId;
  readonly user: User;
  readonly joinedAtMs: number;
  /** Facts that only the Member's own door and its clients understand. */
  readonly profile?: WireProfile;
  /** How it proved who it is. */
  readonly scheme: string;
  /** Whether it showed a token that can run out. */
  readonly hasToken: boolean;
  readonly address: string;
  /** Handed through to the customer's server. */
  readonly callbackData: string;
  /** One SDK instance; its logins in several rooms do not replace each other. */
  readonly clientId: string;
  /** Whether it is told of other Members coming and going. */
  readonly wantsMembers: boolean;
  readonly permissions: Permissions;
  /** Whether it is pinned for everybody (PIN-2). */
  readonly pinned: boolean;
}

/** A Member with what changes. Only its Room writes it. */
export interface Member extends MemberInfo {
  user: User;
  permissions: Permissions;
  pinned: boolean;
  link: MemberLink;
  /** By the monotonic clock. */
  lastSeenMonotonicMs: number;
  /** When its token runs out: it stays, but may begin nothing new (reference zego 4.9). */
  tokenExpiresAtMs: number;
  /** The secret that brings it back on a new connection. */
  ticket: string;
  /** The client's own name of its attempt to log in; undefined once something was heard after the login. */
  unansweredAttemptId: string | undefined;
}

/** What a Room adds to a login. */
interface MemberMakings {
  readonly memberId: MemberId;
  readonly ticket: string;
  readonly nowMs: number;
  readonly nowMonotonicMs: number;
  readonly permissions: Permissions;
}

/** Makes the Member of a login. */
export function createMember(
  login: LoginCommand,
  { memberId, ticket, nowMs, nowMonotonicMs, permissions }: MemberMakings,
): Member {
  return {
    memberId,
    user: login.user,
    joinedAtMs: nowMs,
    ...(login.profile && { profile: login.profile }),
    scheme: login.scheme,
    hasToken: login.tokenExpiresAtMs !== undefined,
    address: login.address,
    callbackData: login.callbackData,
    clientId: login.clientId,
    wantsMembers: login.wantsMembers,
    permissions,
    pinned: false,
    link: { kind: 'attached', connectionId: login.connectionId },
    lastSeenMonotonicMs: nowMonotonicMs,
    tokenExpiresAtMs: login.tokenExpiresAtMs ?? Number.POSITIVE_INFINITY,
    ticket,
    unansweredAttemptId: login.attempt?.id,
  };
}
