/**
 * A Member: one login of one user in one room. After a connection loss, it stays for the heartbeat time.
 *
 * @module
 */

import {
  filesOf,
  type MemberId,
  type StreamId,
  type UserId,
  type WireContent,
  type WireProfile,
} from '@gavel/protocol';
import type { LoginCommand } from './commands.ts';

/** A user, with its current name. */
export interface User {
  readonly id: UserId;
  readonly name: string;
}

/** A Member's permissions over other members; an absent permission is denied. */
export interface ModerationRights {
  /** Kick other members, and close the room. */
  readonly kick?: boolean;
  readonly muteAudio?: boolean;
  readonly muteVideo?: boolean;
  /** End the screen sharing of other members. */
  readonly muteScreen?: boolean;
  /** Change the publish, chat and poll permissions of other members; moderation permissions cannot be granted. */
  readonly changePermissions?: boolean;
  /** Pin members, including itself, for everybody. */
  readonly pin?: boolean;
  /** Admit or reject waiting users. */
  readonly acceptWaiting?: boolean;
  /** Grant and deny requests to join the stage, and take members off it. */
  readonly acceptStage?: boolean;
}

/** How a Member gets on the stage: by itself, after a request is granted, or not at all. */
export type StageAccess = 'allowed' | 'on-request' | 'none';

/** Where a Member is. `accepted`: it may join the stage now. */
export type StageState = 'off' | 'requested' | 'accepted' | 'on';

/** Whether a Member may share its screen (SCRN). */
export interface ScreenRights {
  readonly publish: boolean;
  /** It may not start sharing if this many screens are already shared in the room; undefined: no limit. */
  readonly maxInRoom?: number;
}

/** A Member's permissions to send and receive messages. */
export interface ChatRights {
  readonly sendPublic: boolean;
  readonly sendPrivate: boolean;
  readonly receivePrivate: boolean;
  /** What it may send, where it may send; undefined means yes. */
  readonly publicText?: boolean;
  readonly privateText?: boolean;
  readonly publicFiles?: boolean;
  readonly privateFiles?: boolean;
}

/** A Member's permissions for polls. */
export interface PollRights {
  readonly create: boolean;
  readonly vote: boolean;
  /** View polls. Without it, the Member receives no polls and cannot vote. */
  readonly view: boolean;
}

/** What a Member may publish. */
export interface PublishRights {
  readonly publishAudio: boolean;
  readonly publishVideo: boolean;
  /** The only stream ids that it may publish; undefined: any. */
  readonly publishStreamIds?: readonly StreamId[];
}

/** A Member's permissions, which its door set at login. */
export interface Permissions extends PublishRights {
  /** Other members cannot see it, and it may do nothing that is visible to them (HIDE). */
  readonly hidden?: boolean;
  /** Whether it may see other members; undefined means yes (HIDE-4). */
  readonly listsMembers?: boolean;
  /** Maximum number of simultaneous streams per source; undefined: no limit. */
  readonly maxStreamsOfSource?: number;
  /** Undefined: screens have the same permissions as its other streams. */
  readonly screen?: ScreenRights;
  /** Its access to the stage, off which it publishes nothing; undefined: it has no stage, and publishes anywhere. */
  readonly stage?: { readonly access: StageAccess };
  /** Undefined: no permissions. */
  readonly moderation?: ModerationRights;
  /** Change its own name; undefined means no. */
  readonly rename?: boolean;
  /** Undefined: all permissions. */
  readonly chat?: ChatRights;
  /** Undefined: no permissions. */
  readonly polls?: PollRights;
}

/** A change of a Member's permissions; absent fields stay unchanged. */
export interface PermissionChanges {
  readonly publishAudio?: boolean;
  readonly publishVideo?: boolean;
  readonly publishScreen?: boolean;
  readonly chat?: Partial<ChatRights>;
  readonly polls?: Partial<PollRights>;
}

/** Returns whether a member may admit others; such a member never waits itself (WAIT-2). */
export function mayLetIn({ permissions }: { readonly permissions: Permissions }): boolean {
  return permissions.moderation?.acceptWaiting ?? false;
}

/** What a message consists of, as far as it needs permissions. */
export interface MessageParts {
  readonly hasText: boolean;
  readonly hasFiles: boolean;
}

/** Returns what a message with this content consists of: an image or a file has no text of its own. */
export function partsOf(content: WireContent | undefined): MessageParts {
  return { hasText: content === undefined || content.type === 'custom', hasFiles: filesOf(content).length > 0 };
}

/** Returns whether a member may send messages of these parts, to everybody or in private (CHAT-2). */
export function maySend({ chat }: Permissions, isPrivate: boolean, { hasText, hasFiles }: MessageParts): boolean {
  const { sendPublic, sendPrivate, publicText, privateText, publicFiles, privateFiles } = chat ?? ALL_CHAT;
  if (!(isPrivate ? sendPrivate : sendPublic)) return false;
  if (hasText && (isPrivate ? privateText : publicText) === false) return false;
  return !(hasFiles && (isPrivate ? privateFiles : publicFiles) === false);
}

/** Returns whether a member may send files to anybody. */
export function maySendFiles(permissions: Permissions): boolean {
  const file = { hasText: false, hasFiles: true };
  return !permissions.hidden && (maySend(permissions, false, file) || maySend(permissions, true, file));
}

/** Returns where a Member with these permissions is when it logs in: who may join by itself is on the stage. */
export function firstStageOf({ stage }: Permissions): StageState | undefined {
  return stage && (stage.access === 'allowed' ? 'on' : 'off');
}

/** Returns what a Member may do now: off the stage it publishes nothing (STAGE-1). */
export function permissionsNow(granted: Permissions, stage: StageState | undefined): Permissions {
  if (stage === undefined || stage === 'on') return granted;
  const screen = granted.screen && { screen: { ...granted.screen, publish: false } };
  return { ...granted, publishAudio: false, publishVideo: false, ...screen };
}

const ALL_CHAT: ChatRights = { sendPublic: true, sendPrivate: true, receivePrivate: true };
const NO_POLLS: PollRights = { create: false, vote: false, view: false };

/** Applies a change to permissions. */
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

/** Merges a later change into an earlier one. */
export function mergeChanges(before: PermissionChanges, after: PermissionChanges): PermissionChanges {
  return {
    ...before,
    ...after,
    ...((before.chat ?? after.chat) && { chat: { ...before.chat, ...after.chat } }),
    ...((before.polls ?? after.polls) && { polls: { ...before.polls, ...after.polls } }),
  };
}

/** The connection state of a Member. */
export type MemberLink =
  | { readonly kind: 'attached'; readonly connectionId: string }
  /** Its connection was lost; a resume within the heartbeat time is not visible to others (ROOM-5). */
  | { readonly kind: 'detached'; readonly connectionId: string; readonly sinceMonotonicMs: number };

/** A Member as others see it. Immutable: a change creates a new object. */
export interface MemberInfo {
  readonly memberId: MemberId;
  readonly user: User;
  readonly joinedAtMs: number;
  /** Data that only the Member's own door and its clients interpret. */
  readonly profile?: WireProfile;
  /** The authentication scheme that it used. */
  readonly scheme: string;
  /** Whether it logged in with a token that can expire. */
  readonly hasToken: boolean;
  readonly address: string;
  /** The user's id in the customer's own system, if `user.id` is another one. */
  readonly externalId?: UserId;
  /** Passed unchanged to the customer's server. */
  readonly callbackData: string;
  /** Identifies one SDK instance, whose logins in several rooms do not replace each other. */
  readonly clientId: string;
  /** Whether it receives the joins and leaves of other Members. */
  readonly wantsMembers: boolean;
  readonly permissions: Permissions;
  /** Whether it is pinned for everybody (PIN-2). */
  readonly pinned: boolean;
  /** Undefined if its permissions have no stage. */
  readonly stage?: StageState;
}

/** A Member with its mutable state. Only its Room changes it. */
export interface Member extends MemberInfo {
  user: User;
  permissions: Permissions;
  pinned: boolean;
  stage?: StageState;
  /** Its permissions on the stage: `permissions` are what it may do now. */
  granted: Permissions;
  link: MemberLink;
  /** By the monotonic clock. Not part of the events: activity changes nothing for others. */
  lastSeenMonotonicMs: number;
  /** When its token expires: after that it stays, but may not start new streams (reference zego 4.9). */
  tokenExpiresAtMs: number;
  /** The secret that lets it resume on a new connection. */
  ticket: string;
  /** The client's id of its login attempt, which is not part of the events either; undefined after the first activity that follows the login. */
  unansweredAttemptId: string | undefined;
}

/** What only the room knows of a Member. */
export interface MemberSecrets {
  /** The secret that lets it resume on a new connection. */
  readonly ticket: string;
  /** Its permissions on the stage. */
  readonly granted: Permissions;
  /** When its token expires, in milliseconds since the Unix epoch; absent if it does not. */
  readonly tokenExpiresAtMs?: number;
  /** The client's id of its login attempt. */
  readonly attemptId?: string;
}

/** Returns the Member of a login as others will see it. @param permissions its permissions on the stage */
export function memberInfoOf(
  login: LoginCommand,
  memberId: MemberId,
  permissions: Permissions,
  nowMs: number,
): MemberInfo {
  const stage = firstStageOf(permissions);
  return {
    memberId,
    user: login.user,
    joinedAtMs: nowMs,
    ...(login.profile && { profile: login.profile }),
    scheme: login.scheme,
    hasToken: login.tokenExpiresAtMs !== undefined,
    address: login.address,
    ...(login.externalId !== undefined && { externalId: login.externalId }),
    callbackData: login.callbackData,
    clientId: login.clientId,
    wantsMembers: login.wantsMembers,
    permissions: permissionsNow(permissions, stage),
    ...(stage && { stage }),
    pinned: false,
  };
}
