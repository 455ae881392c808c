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
  lastSeenAtMs: number;
}

interface Acceptance {
  readonly rememberedForMs: number;
  /** When it is forgotten; never while the room is there. */
  untilMs: number;
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

  isAccepted(userId: UserId, nowMs: number): boolean {
    return (this.#accepted.get(userId)?.untilMs ?? nowMs) > nowMs;
  }

  accept(userId: UserId, rememberedForMs: number): void {
    this.#accepted.set(userId, { rememberedForMs, untilMs: Number.POSITIVE_INFINITY });
  }

  takeBack(userId: UserId): void {
    this.#accepted.delete(userId);
  }

  takeAllBack(): void {
    this.#accepted.clear();
  }

  /** The room has emptied: its session may be continued for some time. */
  handleRoomEnd(nowMs: number): void {
    for (const acceptance of this.#accepted.values()) acceptance.untilMs = nowMs + acceptance.rememberedForMs;
  }

  /** The room is there again: what is still remembered stays. */
  handleRoomBegin(nowMs: number): void {
    this.forgetOld(nowMs);
    for (const acceptance of this.#accepted.values()) acceptance.untilMs = Number.POSITIVE_INFINITY;
  }

  /** Forgets acceptances whose time is over. */
  forgetOld(nowMs: number): void {
    for (const [userId, { untilMs }] of this.#accepted) if (untilMs <= nowMs) this.#accepted.delete(userId);
  }
}
