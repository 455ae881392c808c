/**
 * The members of one room, by member id, with an index by user id.
 *
 * @module
 */

import { GavelError, type MemberId, type UserId } from '@gavel/protocol';
import type { CommandOf } from './commands.ts';
import { type Member, type MemberInfo, mayLetIn } from './member.ts';

const NONE: readonly Member[] = [];

/** The member list without hidden members: its version, which has no gaps, and its length (HIDE-2). */
export interface ShownList {
  readonly userSeq: number;
  readonly memberCount: number;
}

/** Stores members; emits no events. */
export class MemberTable {
  readonly #members = new Map<MemberId, Member>();
  readonly #byUser = new Map<UserId, readonly Member[]>();
  /** Cache of what other members may see of a member. */
  readonly #infos = new Map<MemberId, MemberInfo>();
  #userSeq = 0;
  #shown: ShownList = { userSeq: 0, memberCount: 0 };
  #peak = 0;
  #greeterCount = 0;
  #earliestSeenMonotonicMs = Number.POSITIVE_INFINITY;
  /** `memberMsAt(t)` = this + t * members: the total is computed without iterating over the members. */
  #memberMsOffset = 0;

  get size(): number {
    return this.#members.size;
  }

  /** Version of the member list. */
  get userSeq(): number {
    return this.#userSeq;
  }

  /** The member list as clients see it. */
  get shown(): ShownList {
    return this.#shown;
  }

  /** The list fields of an event that changes the list. */
  get listFacts(): { readonly userSeq: number; readonly memberCount: number; readonly shown: ShownList } {
    return { userSeq: this.#userSeq, memberCount: this.#members.size, shown: this.#shown };
  }

  /** The maximum number of simultaneous members so far. */
  get peak(): number {
    return this.#peak;
  }

  /** Whether a member that may admit waiting users is present. This permission never changes during a membership. */
  get isAttended(): boolean {
    return this.#greeterCount > 0;
  }

  /** A lower bound of all members' last-seen times (monotonic); `silentSince` makes it exact. */
  get earliestSeenMonotonicMs(): number {
    return this.#earliestSeenMonotonicMs;
  }

  /** Total time that all members have spent in the room up to a monotonic time, in milliseconds. */
  memberMsAt(nowMonotonicMs: number): number {
    return this.#memberMsOffset + nowMonotonicMs * this.#members.size;
  }

  find(memberId: MemberId): Member | undefined {
    return this.#members.get(memberId);
  }

  /** @throws `room.member-not-found` */
  require(memberId: MemberId): Member {
    const member = this.#members.get(memberId);
    if (!member) throw new GavelError('room.member-not-found');
    return member;
  }

  ofUser(userId: UserId): readonly Member[] {
    return this.#byUser.get(userId) ?? NONE;
  }

  /** Returns a copy of the member list, which removals do not change. */
  all(): Member[] {
    return [...this.#members.values()];
  }

  infos(): MemberInfo[] {
    return [...this.#infos.values()];
  }

  /** Returns what others may see of a member; also works for one that was just removed. */
  infoOf(member: Member): MemberInfo {
    const known = this.#infos.get(member.memberId);
    if (known) return known;
    const {
      link: _link,
      lastSeenMonotonicMs: _seen,
      tokenExpiresAtMs: _expiry,
      ticket: _ticket,
      unansweredAttemptId: _attempt,
      granted: _granted,
      ...info
    } = member;
    return info;
  }

  add(member: Member, nowMonotonicMs: number): void {
    this.#infos.set(member.memberId, this.infoOf(member));
    this.#members.set(member.memberId, member);
    this.#byUser.set(member.user.id, [...this.ofUser(member.user.id), member]);
    this.#countChange(member, 1);
    this.#peak = Math.max(this.#peak, this.#members.size);
    if (mayLetIn(member)) this.#greeterCount += 1;
    this.#earliestSeenMonotonicMs = Math.min(this.#earliestSeenMonotonicMs, nowMonotonicMs);
    this.#memberMsOffset -= nowMonotonicMs;
  }

  /** Changes what others may see of a member; the user id must stay the same. */
  change(
    member: Member,
    changes: Partial<Pick<Member, 'user' | 'permissions' | 'pinned' | 'address' | 'stage'>>,
  ): void {
    Object.assign(member, changes);
    const info = this.#infos.get(member.memberId);
    if (info) this.#infos.set(member.memberId, { ...info, ...changes });
  }

  remove(member: Member, nowMonotonicMs: number): void {
    this.#members.delete(member.memberId);
    this.#infos.delete(member.memberId);
    const others = this.ofUser(member.user.id).filter((other) => other !== member);
    if (others.length > 0) this.#byUser.set(member.user.id, others);
    else this.#byUser.delete(member.user.id);
    if (mayLetIn(member)) this.#greeterCount -= 1;
    this.#countChange(member, -1);
    this.#memberMsOffset += nowMonotonicMs;
  }

  #countChange({ permissions }: Member, change: 1 | -1): void {
    this.#userSeq += 1;
    const { userSeq, memberCount } = this.#shown;
    if (!permissions.hidden) this.#shown = { userSeq: userSeq + 1, memberCount: memberCount + change };
  }

  /** Records that a connection was lost; returns its member, or undefined if another connection has taken over. */
  detach({ memberId, connectionId }: CommandOf<'detach'>, nowMonotonicMs: number): Member | undefined {
    const member = this.#members.get(memberId);
    if (member?.link.kind !== 'attached' || member.link.connectionId !== connectionId) return undefined;
    member.link = { kind: 'detached', connectionId, sinceMonotonicMs: nowMonotonicMs };
    return member;
  }

  /** Returns a member if it is detached and this was its last connection. */
  findDetached(memberId: MemberId, connectionId: string): Member | undefined {
    const member = this.#members.get(memberId);
    return member?.link.kind === 'detached' && member.link.connectionId === connectionId ? member : undefined;
  }

  /** Attaches a member to a new connection. @throws `resume.refused` */
  resume({ memberId, ticket, connectionId, address }: CommandOf<'resume'>, nowMonotonicMs: number): Member {
    const member = this.#members.get(memberId);
    if (!member || member.ticket !== ticket) throw new GavelError('resume.refused');
    member.link = { kind: 'attached', connectionId };
    if (member.address !== address) this.change(member, { address });
    this.touch(memberId, nowMonotonicMs);
    return member;
  }

  touch(memberId: MemberId, nowMonotonicMs: number): void {
    const member = this.#members.get(memberId);
    if (!member) return;
    member.lastSeenMonotonicMs = nowMonotonicMs;
    member.unansweredAttemptId = undefined;
  }

  /** Returns the members last seen at or before a monotonic time; makes `earliestSeenMonotonicMs` exact for others. */
  silentSince(monotonicMs: number): Member[] {
    const silent: Member[] = [];
    let earliest = Number.POSITIVE_INFINITY;
    for (const member of this.#members.values()) {
      if (member.lastSeenMonotonicMs <= monotonicMs) silent.push(member);
      else earliest = Math.min(earliest, member.lastSeenMonotonicMs);
    }
    this.#earliestSeenMonotonicMs = earliest;
    return silent;
  }
}
