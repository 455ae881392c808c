/**
 * The waiting list of one room: who waits, in the order of asking, and who has been accepted. It may be there without a
 * room, and outlives its lives.
 *
 * @module
 */

import { GavelError, type MemberId, type UserId } from '@gavel/protocol';
import type { KickTarget, LoginCommand, Origin } from './commands.ts';
import type { Waiting, WaitingEnd } from './waiting.ts';

/** Most who wait for one room, and most of one user among them (WAIT-7). */
export const WAITING_LIMITS = { inRoom: 500, ofUser: 5 } as const;

/** Somebody who waits, with what is executed to let it in. */
export interface HeldLogin extends Waiting {
  readonly login: LoginCommand;
  readonly origin: Origin;
  /** Ends `ended`. */
  readonly end: (end: WaitingEnd) => void;
  /** By the monotonic clock. */
  lastSeenMonotonicMs: number;
  /** The attempt of its login, until something is heard after it: before, its client may not have had the answer. */
  unansweredAttemptId: string | undefined;
}

interface Acceptance {
  readonly rememberedForMs: number;
  /** When it is forgotten, by the monotonic clock; never while the room is there. */
  untilMonotonicMs: number;
}

/** Holds logins and acceptances; tells nobody. */
export class WaitingList {
  readonly #held = new Map<MemberId, HeldLogin>();
  readonly #accepted = new Map<UserId, Acceptance>();

  /** Whether there is nothing to remember. */
  get isEmpty(): boolean {
    return this.#held.size === 0 && this.#accepted.size === 0;
  }

  /** Everybody, in the order of asking, as a list that survives changes. */
  all(): HeldLogin[] {
    return [...this.#held.values()];
  }

  find(memberId: MemberId): HeldLogin | undefined {
    return this.#held.get(memberId);
  }

  /** Those whom a target names. */
  named({ userIds, memberIds = [] }: KickTarget): HeldLogin[] {
    return this.all().filter(({ user, memberId }) => userIds.includes(user.id) || memberIds.includes(memberId));
  }

  /** The wait of the same client of a user, which a new one takes the place of. */
  ofClient({ user, clientId }: LoginCommand): HeldLogin | undefined {
    return this.all().find(({ login }) => login.user.id === user.id && login.clientId === clientId);
  }

  /** @throws `login.room-full` where as many wait as may */
  add(held: HeldLogin): void {
    const ofUser = this.all().filter(({ user }) => user.id === held.user.id).length;
    if (this.#held.size >= WAITING_LIMITS.inRoom || ofUser >= WAITING_LIMITS.ofUser) {
      throw new GavelError('login.room-full', 'As many wait to be let in as may.');
    }
    this.#held.set(held.memberId, held);
  }

  /** Gives false where it was gone already. */
  remove({ memberId }: HeldLogin): boolean {
    return this.#held.delete(memberId);
  }

  isAccepted(userId: UserId, nowMonotonicMs: number): boolean {
    return (this.#accepted.get(userId)?.untilMonotonicMs ?? nowMonotonicMs) > nowMonotonicMs;
  }

  accept(userId: UserId, rememberedForMs: number): void {
    this.#accepted.set(userId, { rememberedForMs, untilMonotonicMs: Number.POSITIVE_INFINITY });
  }

  takeBack(userId: UserId): void {
    this.#accepted.delete(userId);
  }

  takeAllBack(): void {
    this.#accepted.clear();
  }

  /** The room has emptied: its session may be continued for some time. */
  handleRoomEnd(nowMonotonicMs: number): void {
    for (const acceptance of this.#accepted.values())
      acceptance.untilMonotonicMs = nowMonotonicMs + acceptance.rememberedForMs;
  }

  /** The room is there again: what is still remembered stays. */
  handleRoomBegin(nowMonotonicMs: number): void {
    this.forgetOld(nowMonotonicMs);
    for (const acceptance of this.#accepted.values()) acceptance.untilMonotonicMs = Number.POSITIVE_INFINITY;
  }

  /** Forgets acceptances whose time is over. */
  forgetOld(nowMonotonicMs: number): void {
    for (const [userId, { untilMonotonicMs }] of this.#accepted)
      if (untilMonotonicMs <= nowMonotonicMs) this.#accepted.delete(userId);
  }
}
