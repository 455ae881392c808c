/**
 * Moderation: which members a member or a backend may act on, and which users may not unmute a kind.
 *
 * @module
 */

import { GavelError, type MemberId, type UserId } from '@gavel/protocol';
import type { CommandOf, KickTarget, MutedKinds, RoomCommand } from './commands.ts';
import type { RoomEvent } from './events.ts';
import {
  type Member,
  type ModerationRights,
  maySend,
  mergeChanges,
  type PermissionChanges,
  type Permissions,
  type PollRights,
  partsOf,
  withChanges,
} from './member.ts';
import type { MemberTable } from './member-table.ts';
import { NOTHING_BLOCKED } from './stream-rules.ts';

/** The commands whose actor is visible to others. */
const SHOWING: ReadonlySet<RoomCommand['type']> = new Set([
  'reserveStream',
  'setRoomInfo',
  'send',
  'sendCustom',
  'changeMessage',
  'createPoll',
  'vote',
  'changeStore',
  'changeStage',
] as const);

/** The locks and permission changes of users, independent of their logins. */
export interface ModerationState {
  readonly locks: readonly (readonly [UserId, MutedKinds])[];
  readonly changes: readonly (readonly [UserId, PermissionChanges])[];
}

/** Checks the permissions of a room's members, and stores the locks of its users. Only events change it. */
export class Moderation {
  readonly #members: MemberTable;
  /** By user and not by login, so that a new login does not remove a lock. */
  #locks = new Map<UserId, MutedKinds>();
  #changes = new Map<UserId, PermissionChanges>();

  constructor(members: MemberTable) {
    this.#members = members;
  }

  /** Changes the locks and permission changes as an event says; a new room has those of its session (HOST-4, HOST-6). */
  evolve(event: RoomEvent): void {
    switch (event.type) {
      case 'roomCreated':
        return this.restore(event.before?.moderation);
      case 'membersMuted':
        for (const { user } of event.members) this.#lock(user.id, event.kinds, !event.allowUnmute);
        return;
      case 'permissionsChanged': {
        const { changes, member } = event;
        if (!changes) return;
        this.#changes.set(member.user.id, mergeChanges(this.#changes.get(member.user.id) ?? {}, changes));
      }
    }
  }

  /** Sets the locks and permission changes; undefined: none. */
  restore(state: ModerationState | undefined): void {
    this.#locks = new Map(state?.locks);
    this.#changes = new Map(state?.changes);
  }

  /** The data for the next room of the session. */
  get state(): ModerationState {
    return { locks: [...this.#locks], changes: [...this.#changes] };
  }

  /** Returns the permissions of a new login: those of its door, with the changes made since (HOST-6). */
  permissionsOf(userId: UserId, permissions: Permissions): Permissions {
    return withChanges(permissions, this.#changes.get(userId) ?? {});
  }

  /** Returns all logins of the users of some members. */
  loginsOf(found: ReadonlySet<Member>): Member[] {
    const userIds = new Set([...found].map(({ user }) => user.id));
    return [...userIds].flatMap((userId) => this.#members.ofUser(userId));
  }

  /** @throws `member.not-allowed` if the member lacks one of the permissions; `room.member-not-found` */
  check(by: MemberId | undefined, ...rights: (keyof ModerationRights)[]): void {
    if (by === undefined) return;
    const { moderation } = this.#members.require(by).permissions;
    if (!rights.every((right) => moderation?.[right])) throw new GavelError('member.not-allowed');
  }

  /** @throws `member.not-allowed` if the member may not send such a message to everybody, or in private (CHAT-2) */
  checkSend({ by, to, content }: CommandOf<'send'>): void {
    if (by === undefined) return;
    const { permissions } = this.#members.require(by);
    if (!maySend(permissions, to !== undefined, partsOf(content))) throw new GavelError('member.not-allowed');
  }

  /** Returns the member if it has all given poll permissions. @throws `member.not-allowed`, `room.member-not-found` */
  requirePollRights(by: MemberId, ...rights: (keyof PollRights)[]): Member {
    const member = this.#members.require(by);
    const { polls } = member.permissions;
    if (!rights.every((right) => polls?.[right])) throw new GavelError('member.not-allowed');
    return member;
  }

  /** @throws `member.not-allowed` if the command would reveal a hidden member (HIDE-3) */
  checkShown(command: RoomCommand): void {
    if (!SHOWING.has(command.type)) return;
    const doer = 'memberId' in command ? command.memberId : 'by' in command ? command.by : undefined;
    if (doer !== undefined && this.#members.find(doer)?.permissions.hidden) throw new GavelError('member.not-allowed');
  }

  /** Returns the logins of a user that others may see. */
  shownOf(userId: UserId): readonly Member[] {
    return this.#members.ofUser(userId).filter(({ permissions }) => !permissions.hidden);
  }

  /** Returns whether the requester may see the user in the room; the App's backend may see all users. */
  isKnown(userId: UserId, by: MemberId | undefined): boolean {
    return (by === undefined ? this.#members.ofUser(userId) : this.shownOf(userId)).length > 0;
  }

  /** Returns the members that match a target. */
  membersOf({ userIds, memberIds = [] }: KickTarget): readonly Member[] {
    return [
      ...userIds.flatMap((userId) => this.#members.ofUser(userId)),
      ...memberIds.flatMap((memberId) => this.#members.find(memberId) ?? []),
    ];
  }

  /** Returns the members that match the targets, each once. @throws `room.member-not-found`, with details.label for one */
  find(targets: readonly KickTarget[], require: 'any' | 'all'): ReadonlySet<Member> {
    const found = new Set<Member>();
    let firstMissing: string | undefined;
    for (const target of targets) {
      const members = this.membersOf(target);
      if (members.length === 0) firstMissing ??= target.label;
      for (const member of members) found.add(member);
    }
    const isRefused = require === 'all' ? firstMissing !== undefined : found.size === 0;
    if (!isRefused) return found;
    const details = firstMissing === undefined ? undefined : { label: firstMissing };
    throw new GavelError('room.member-not-found', undefined, details);
  }

  /** Returns the kinds that a user may not unmute (HOST-4). */
  lockedKinds(userId: UserId): MutedKinds {
    return this.#locks.get(userId) ?? NOTHING_BLOCKED;
  }

  #lock(userId: UserId, kinds: MutedKinds, isLocked: boolean): void {
    const { audio, video, screen = false } = this.lockedKinds(userId);
    this.#locks.set(userId, {
      audio: kinds.audio ? isLocked : audio,
      video: kinds.video ? isLocked : video,
      screen: kinds.screen ? isLocked : screen,
    });
  }
}
