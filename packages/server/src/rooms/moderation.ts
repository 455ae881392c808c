/**
 * Moderation: whom a member or a backend may act on, and who may not switch a kind on again.
 *
 * @module
 */

import { GavelError, type MemberId, type UserId } from '@gavel/protocol';
import type { KickTarget, MutedKinds, RoomCommand } from './commands.ts';
import {
  type Member,
  type ModerationRights,
  mergeChanges,
  type PermissionChanges,
  type Permissions,
  type PollRights,
  withChanges,
} from './member.ts';
import type { MemberTable } from './member-table.ts';
import { NOTHING_BLOCKED } from './stream-rules.ts';

/** The commands whose doer others learn of. */
const SHOWING: ReadonlySet<RoomCommand['type']> = new Set([
  'reserveStream',
  'setRoomInfo',
  'send',
  'sendCustom',
  'changeMessage',
  'createPoll',
  'vote',
] as const);

/** What was taken away from users, and given to them, whatever their logins. It never changes. */
export interface ModerationState {
  readonly locks: ReadonlyMap<UserId, MutedKinds>;
  readonly changes: ReadonlyMap<UserId, PermissionChanges>;
}

/** Knows the rights of a room's members, and the locks on its users. */
export class Moderation {
  readonly #members: MemberTable;
  /** By user and not by login: a user who logs in again is not free of it. */
  readonly #locks: Map<UserId, MutedKinds>;
  readonly #changes: Map<UserId, PermissionChanges>;

  /** @param before what an earlier room of the same session left (HOST-4, HOST-6) */
  constructor(members: MemberTable, before?: ModerationState) {
    this.#members = members;
    this.#locks = new Map(before?.locks);
    this.#changes = new Map(before?.changes);
  }

  /** What the next room of the session begins with. */
  get state(): ModerationState {
    return { locks: new Map(this.#locks), changes: new Map(this.#changes) };
  }

  /** What a user may do that logs in: as its door says, and as was changed since (HOST-6). */
  permissionsOf(userId: UserId, permissions: Permissions): Permissions {
    return withChanges(permissions, this.#changes.get(userId) ?? {});
  }

  /** Records a change for later logins; gives the members that it concerns now: all logins of the users found. */
  change(found: ReadonlySet<Member>, changes: PermissionChanges): Member[] {
    const userIds = new Set([...found].map(({ user }) => user.id));
    for (const userId of userIds) {
      this.#changes.set(userId, mergeChanges(this.#changes.get(userId) ?? {}, changes));
    }
    return [...userIds].flatMap((userId) => this.#members.ofUser(userId));
  }

  /** @throws `member.not-allowed` where the member has not all of the rights; `room.member-not-found` */
  check(by: MemberId | undefined, ...rights: (keyof ModerationRights)[]): void {
    if (by === undefined) return;
    const { moderation } = this.#members.require(by).permissions;
    if (!rights.every((right) => moderation?.[right])) throw new GavelError('member.not-allowed');
  }

  /** @throws `member.not-allowed` where the member may not send, to everybody or to some (CHAT-2) */
  checkSend(by: MemberId | undefined, isPrivate: boolean): void {
    if (by === undefined) return;
    const { chat } = this.#members.require(by).permissions;
    if (chat && !(isPrivate ? chat.sendPrivate : chat.sendPublic)) throw new GavelError('member.not-allowed');
  }

  /** Gives the member that may do all of this with polls. @throws `member.not-allowed` (POLL-1); `room.member-not-found` */
  requirePollRights(by: MemberId, ...rights: (keyof PollRights)[]): Member {
    const member = this.#members.require(by);
    const { polls } = member.permissions;
    if (!rights.every((right) => polls?.[right])) throw new GavelError('member.not-allowed');
    return member;
  }

  /** @throws `member.not-allowed` where others would see that a hidden member is there (HIDE-3) */
  checkShown(command: RoomCommand): void {
    if (!SHOWING.has(command.type)) return;
    const doer = 'memberId' in command ? command.memberId : 'by' in command ? command.by : undefined;
    if (doer !== undefined && this.#members.find(doer)?.permissions.hidden) throw new GavelError('member.not-allowed');
  }

  /** The logins of a user that others may know of. */
  shownOf(userId: UserId): readonly Member[] {
    return this.#members.ofUser(userId).filter(({ permissions }) => !permissions.hidden);
  }

  /** Tells whether a user is in the room, as far as who asks may know; the App's own backend may know all. */
  isKnown(userId: UserId, by: MemberId | undefined): boolean {
    return (by === undefined ? this.#members.ofUser(userId) : this.shownOf(userId)).length > 0;
  }

  /** The members that a target names. */
  membersOf({ userIds, memberIds = [] }: KickTarget): readonly Member[] {
    return [
      ...userIds.flatMap((userId) => this.#members.ofUser(userId)),
      ...memberIds.flatMap((memberId) => this.#members.find(memberId) ?? []),
    ];
  }

  /** Finds whom targets name, each once. @throws `room.member-not-found`, with details.label where one is missing */
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

  /** The kinds that a user may not switch on (HOST-4). */
  lockedKinds(userId: UserId): MutedKinds {
    return this.#locks.get(userId) ?? NOTHING_BLOCKED;
  }

  /** Locks kinds of a user, or takes the lock off them. */
  lock(userId: UserId, kinds: MutedKinds, isLocked: boolean): void {
    const { audio, video, screen = false } = this.lockedKinds(userId);
    this.#locks.set(userId, {
      audio: kinds.audio ? isLocked : audio,
      video: kinds.video ? isLocked : video,
      screen: kinds.screen ? isLocked : screen,
    });
  }
}
