/**
 * The waiting list of one room: the waiting users, in order of arrival, and the accepted users. It can exist without
 * the room, and across several lives of the room.
 *
 * @module
 */

import { GavelError, type MemberId, type UserId } from '@gavel/protocol';
import type { KickTarget, LoginCommand, Origin } from './commands.ts';
import type { Waiting } from './waiting.ts';

/** Maximum number of waiting logins per room, and of one user in it (WAIT-7). */
export const WAITING_LIMITS = { inRoom: 500, ofUser: 5 } as const;

/** A waiting login, with the command that is executed to admit it. */
export interface HeldLogin {
  readonly waiting: Waiting;
  readonly login: LoginCommand;
  readonly origin: Origin;
  /** By the monotonic clock. */
  lastSeenMonotonicMs: number;
  /** The attempt of its login, until the client sends something more: before, it may not have received the answer. */
  unansweredAttemptId: string | undefined;
  /** Whether its end was reported. */
  hasEnded: boolean;
}

interface Acceptance {
  readonly rememberedForMs: number;
  /** When it expires, by the monotonic clock; never while the room exists. */
  untilMonotonicMs: number;
}

/** Stores waiting logins and acceptances; sends no notifications. */
export class WaitingList {
  readonly #held = new Map<MemberId, HeldLogin>();
  readonly #accepted = new Map<UserId, Acceptance>();

  /** Whether there are no waiting logins and no acceptances. */
  get isEmpty(): boolean {
    return this.#held.size === 0 && this.#accepted.size === 0;
  }

  /** Returns a copy of all waiting logins, in order of arrival. */
  all(): HeldLogin[] {
    return [...this.#held.values()];
  }

  find(memberId: MemberId): HeldLogin | undefined {
    return this.#held.get(memberId);
  }

  /** Returns the waiting logins that match a target. */
  named({ userIds, memberIds = [] }: KickTarget): HeldLogin[] {
    return this.all().filter(
      ({ waiting: { user, memberId } }) => userIds.includes(user.id) || memberIds.includes(memberId),
    );
  }

  /** Returns the waiting login of the same user and client, which a new one replaces. */
  ofClient({ user, clientId }: LoginCommand): HeldLogin | undefined {
    return this.all().find(({ login }) => login.user.id === user.id && login.clientId === clientId);
  }

  /** @throws `login.room-full` if too many logins are waiting */
  add(held: HeldLogin): void {
    const ofUser = this.all().filter(({ login }) => login.user.id === held.login.user.id).length;
    if (this.#held.size >= WAITING_LIMITS.inRoom || ofUser >= WAITING_LIMITS.ofUser) {
      throw new GavelError('login.room-full', 'Too many logins are waiting to be admitted.');
    }
    this.#held.set(held.waiting.memberId, held);
  }

  /** Returns false if it had already been removed. */
  remove({ waiting }: HeldLogin): boolean {
    return this.#held.delete(waiting.memberId);
  }

  isAccepted(userId: UserId, nowMonotonicMs: number): boolean {
    return (this.#accepted.get(userId)?.untilMonotonicMs ?? nowMonotonicMs) > nowMonotonicMs;
  }

  accept(userId: UserId, rememberedForMs: number): void {
    this.#accepted.set(userId, { rememberedForMs, untilMonotonicMs: Number.POSITIVE_INFINITY });
  }

  revoke(userId: UserId): void {
    this.#accepted.delete(userId);
  }

  revokeAll(): void {
    this.#accepted.clear();
  }

  /** Called when the room ends: acceptances stay valid for some time, because the session may continue. */
  handleRoomEnd(nowMonotonicMs: number): void {
    for (const acceptance of this.#accepted.values())
      acceptance.untilMonotonicMs = nowMonotonicMs + acceptance.rememberedForMs;
  }

  /** Called when the room exists again: acceptances that have not expired stay valid. */
  handleRoomBegin(nowMonotonicMs: number): void {
    this.deleteExpired(nowMonotonicMs);
    for (const acceptance of this.#accepted.values()) acceptance.untilMonotonicMs = Number.POSITIVE_INFINITY;
  }

  /** Deletes expired acceptances. */
  deleteExpired(nowMonotonicMs: number): void {
    for (const [userId, { untilMonotonicMs }] of this.#accepted)
      if (untilMonotonicMs <= nowMonotonicMs) this.#accepted.delete(userId);
  }
}
