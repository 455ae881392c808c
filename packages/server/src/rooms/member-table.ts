/**
 * The members of one room, by member id, with an index by user id.
 *
 * @module
 */

import { GavelError, type MemberId, type UserId } from '@gavel/protocol';
import type { CommandOf } from './commands.ts';
import type { RoomEvent, RoomEventOf } from './events.ts';
import { type Member, type MemberInfo, type MemberSecrets, mayLetIn } from './member.ts';

const NONE: readonly Member[] = [];

/** The member list without hidden members: its version, which has no gaps, and its length (HIDE-2). */
export interface ShownList {
  readonly userSeq: number;
  readonly memberCount: number;
}

/** The list fields of an event that changes the list. */
export interface ListFacts {
  readonly userSeq: number;
  readonly memberCount: number;
  readonly shown: ShownList;
}

/** A member in a snapshot. Durations are those until the moment of the snapshot, in milliseconds. */
export interface MemberState {
  readonly member: MemberInfo;
  readonly secrets: MemberSecrets;
  readonly connectionId: string;
  /** For how long its connection has been lost; absent while it is attached. */
  readonly detachedForMs?: number;
  readonly silentForMs: number;
}

/** The member list in a snapshot. */
export interface MemberTableState {
  readonly members: readonly MemberState[];
  readonly userSeq: number;
  readonly shown: ShownList;
  readonly peak: number;
  /** Total time that all members have spent in the room, in milliseconds. */
  readonly memberMs: number;
}

/** Stores members. Only events change it, and the activity of members. */
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

  /** Returns the state at a monotonic time. */
  stateAt(nowMonotonicMs: number): MemberTableState {
    return {
      members: this.all().map((member) => stateOf(member, this.infoOf(member), nowMonotonicMs)),
      userSeq: this.#userSeq,
      shown: this.#shown,
      peak: this.#peak,
      memberMs: this.memberMsAt(nowMonotonicMs),
    };
  }

  /** Sets the state of an empty table. */
  restore({ members, userSeq, shown, peak, memberMs }: MemberTableState, nowMonotonicMs: number): void {
    for (const state of members) this.#put(memberOf(state, nowMonotonicMs), state.member);
    this.#setList({ userSeq, shown });
    this.#peak = peak;
    this.#memberMsOffset = memberMs - nowMonotonicMs * members.length;
  }

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

  /** The list fields as the last event that changed the list has them. */
  get list(): ListFacts {
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

  /** A lower bound of all members' last-seen times (monotonic); `refreshEarliestSeen` makes it exact. */
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

  /** Returns the members in the order of their logins, without copying the list. */
  each(): Iterable<Readonly<Member>> {
    return this.#members.values();
  }

  infos(): MemberInfo[] {
    return [...this.#infos.values()];
  }

  /** Returns what others may see of a member. @throws `room.member-not-found` */
  infoOf({ memberId }: Pick<Member, 'memberId'>): MemberInfo {
    const info = this.#infos.get(memberId);
    if (!info) throw new GavelError('room.member-not-found');
    return info;
  }

  /** Changes the members as an event says. */
  evolve(event: RoomEvent, nowMonotonicMs: number): void {
    switch (event.type) {
      case 'memberJoined':
        return this.#add(event, nowMonotonicMs);
      case 'memberLeft':
        return this.#remove(event, nowMonotonicMs);
      case 'memberDetached': {
        const { link } = this.require(event.member.memberId);
        const { connectionId } = link;
        return this.#change(event.member, {
          link: { kind: 'detached', connectionId, sinceMonotonicMs: nowMonotonicMs },
        });
      }
      case 'memberResumed':
        this.#change(event.member, { link: { kind: 'attached', connectionId: event.connectionId } });
        return this.touch(event.member.memberId, nowMonotonicMs);
      case 'permissionsChanged':
        return this.#change(event.member, { granted: event.granted });
      case 'memberUpdated':
      case 'stageChanged':
        return this.#change(event.member);
      case 'tokenRenewed':
        this.require(event.memberId).tokenExpiresAtMs = event.tokenExpiresAtMs ?? Number.POSITIVE_INFINITY;
    }
  }

  #add(event: RoomEventOf<'memberJoined'>, nowMonotonicMs: number): void {
    this.#put(memberOf({ ...event, silentForMs: 0 }, nowMonotonicMs), event.member);
    this.#setList(event);
    this.#peak = Math.max(this.#peak, this.#members.size);
    this.#memberMsOffset -= nowMonotonicMs;
  }

  #put(member: Member, info: MemberInfo): void {
    this.#infos.set(member.memberId, info);
    this.#members.set(member.memberId, member);
    this.#byUser.set(member.user.id, [...this.ofUser(member.user.id), member]);
    if (mayLetIn(member)) this.#greeterCount += 1;
    this.#earliestSeenMonotonicMs = Math.min(this.#earliestSeenMonotonicMs, member.lastSeenMonotonicMs);
  }

  /** Sets what others may see of a member, and changes what they do not see. */
  #change(info: MemberInfo, changes: Partial<Pick<Member, 'granted' | 'link'>> = {}): void {
    Object.assign(this.require(info.memberId), info, changes);
    this.#infos.set(info.memberId, info);
  }

  #remove(event: RoomEventOf<'memberLeft'>, nowMonotonicMs: number): void {
    const member = this.require(event.member.memberId);
    this.#members.delete(member.memberId);
    this.#infos.delete(member.memberId);
    const others = this.ofUser(member.user.id).filter((other) => other !== member);
    if (others.length > 0) this.#byUser.set(member.user.id, others);
    else this.#byUser.delete(member.user.id);
    if (mayLetIn(member)) this.#greeterCount -= 1;
    this.#setList(event);
    this.#memberMsOffset += nowMonotonicMs;
  }

  #setList({ userSeq, shown }: Pick<ListFacts, 'userSeq' | 'shown'>): void {
    this.#userSeq = userSeq;
    this.#shown = shown;
  }

  /** Returns a member if it is attached to this connection: another one may have taken over. */
  findAttached({ memberId, connectionId }: CommandOf<'detach'>): Member | undefined {
    const member = this.#members.get(memberId);
    return member?.link.kind === 'attached' && member.link.connectionId === connectionId ? member : undefined;
  }

  /** Returns a member if it is detached and this was its last connection. */
  findDetached(memberId: MemberId, connectionId: string): Member | undefined {
    const member = this.#members.get(memberId);
    return member?.link.kind === 'detached' && member.link.connectionId === connectionId ? member : undefined;
  }

  /** Returns the member of a ticket as it is after a resume. @throws `resume.refused` */
  resumed({ memberId, ticket, address }: CommandOf<'resume'>): MemberInfo {
    const member = this.#members.get(memberId);
    if (!member || member.ticket !== ticket) throw new GavelError('resume.refused');
    const info = this.infoOf(member);
    return info.address === address ? info : { ...info, address };
  }

  /** Records activity of a member. */
  touch(memberId: MemberId, nowMonotonicMs: number): void {
    const member = this.#members.get(memberId);
    if (!member) return;
    member.lastSeenMonotonicMs = nowMonotonicMs;
    member.unansweredAttemptId = undefined;
  }

  /** Returns the members last seen at or before a monotonic time. */
  silentSince(monotonicMs: number): Member[] {
    return this.all().filter(({ lastSeenMonotonicMs }) => lastSeenMonotonicMs <= monotonicMs);
  }

  /** Makes `earliestSeenMonotonicMs` exact. */
  refreshEarliestSeen(): void {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { lastSeenMonotonicMs } of this.#members.values()) earliest = Math.min(earliest, lastSeenMonotonicMs);
    this.#earliestSeenMonotonicMs = earliest;
  }
}

function memberOf(
  { member, secrets, connectionId, detachedForMs, silentForMs }: MemberState,
  nowMonotonicMs: number,
): Member {
  const { ticket, granted, tokenExpiresAtMs = Number.POSITIVE_INFINITY, attemptId } = secrets;
  const isAttached = detachedForMs === undefined;
  return {
    ...member,
    ticket,
    granted,
    tokenExpiresAtMs,
    unansweredAttemptId: attemptId,
    link: isAttached
      ? { kind: 'attached', connectionId }
      : { kind: 'detached', connectionId, sinceMonotonicMs: nowMonotonicMs - detachedForMs },
    lastSeenMonotonicMs: nowMonotonicMs - silentForMs,
  };
}

function stateOf(
  { ticket, granted, tokenExpiresAtMs, unansweredAttemptId, link, lastSeenMonotonicMs }: Member,
  member: MemberInfo,
  nowMonotonicMs: number,
): MemberState {
  const secrets: MemberSecrets = {
    ticket,
    granted,
    ...(Number.isFinite(tokenExpiresAtMs) && { tokenExpiresAtMs }),
    ...(unansweredAttemptId !== undefined && { attemptId: unansweredAttemptId }),
  };
  return {
    member,
    secrets,
    connectionId: link.connectionId,
    ...(link.kind === 'detached' && { detachedForMs: nowMonotonicMs - link.sinceMonotonicMs }),
    silentForMs: nowMonotonicMs - lastSeenMonotonicMs,
  };
}
