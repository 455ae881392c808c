/**
 * The lobby: the waiting users of all rooms (WAIT).
 *
 * A login that has to wait is stored here with its command. Admitting it executes this command like any login: bans and
 * limits are checked then. Each change is synchronous: of a simultaneous acceptance, disconnect and kick-all, the first
 * one takes effect, and the others find the wait already ended.
 *
 * @module
 */

import { GavelError, isGavelError, type MemberCause, type MemberId, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { Clock, IdSource } from './clock.ts';
import type { CommandOf, KickTarget, LoginCommand, Origin, RoomCommand } from './commands.ts';
import type { TicketEndCause } from './ended-tickets.ts';
import type { RoomEvent } from './events.ts';
import { mayLetIn } from './member.ts';
import type { Session } from './views.ts';
import type { Waiting, WaitingChange, WaitingEnd, WaitingLoss, WaitingWatcher } from './waiting.ts';
import { type HeldLogin, WaitingList } from './waiting-list.ts';

/** Dependencies of the lobby. */
export interface LobbyDeps {
  readonly clock: Clock;
  readonly ids: IdSource;
  /** A waiting user without activity for this time is removed. */
  readonly heartbeatTimeoutMs: number;
  readonly watchers: readonly WaitingWatcher[];
  /** Whether a member that may admit others is in a room. */
  readonly isAttended: (key: RoomKey) => boolean;
  /** Whether a room accepts one more login now (LIM-1). */
  readonly takesLogins: (key: RoomKey) => boolean;
  /** Executes a login: changes the room synchronously, or throws; resolves when the events are delivered. */
  readonly enter: (key: RoomKey, login: LoginCommand, origin: Origin) => Promise<Session>;
  /** Called when a user was removed from the list: its client must not retry automatically (KICK-12). */
  readonly onRemoved: (key: RoomKey, held: HeldLogin, cause: TicketEndCause, reason: string) => void;
  /** Reports an unexpected error of an admission, of which the client learns only that it happened. */
  readonly report?: (error: unknown) => void;
}

interface Place {
  readonly key: RoomKey;
  readonly list: WaitingList;
}

/** The waiting lists of all rooms. */
export class Lobby {
  readonly #deps: LobbyDeps;
  /** By room; only lists that are not empty. */
  readonly #places = new Map<string, Place>();

  constructor(deps: LobbyDeps) {
    this.#deps = deps;
  }

  /** Returns the users that wait for a room, in order of arrival. */
  waiting(key: RoomKey): readonly Waiting[] {
    return (
      this.#listOf(key)
        ?.all()
        .map((held) => held.waiting) ?? []
    );
  }

  /** Returns whether a login has to wait now (WAIT-1, WAIT-2). */
  mustWait(key: RoomKey, login: LoginCommand): boolean {
    if (!login.waits || mayLetIn(login)) return false;
    if (this.#listOf(key)?.isAccepted(login.user.id, this.#deps.clock.monotonicMs())) return false;
    return login.waits.until === 'accepted' || !this.#deps.isAttended(key);
  }

  /**
   * Adds a login to the list; it replaces an earlier one of the same client.
   *
   * @throws `login.room-full` if too many logins are waiting; the error of a watcher, and then it does not wait
   */
  async add(key: RoomKey, login: LoginCommand, origin: Origin): Promise<Waiting> {
    const { clock, ids } = this.#deps;
    const earlier = this.#listOf(key)?.ofClient(login);
    // The same client logged in again, so it is not notified of a removal.
    if (earlier) this.#finish(key, earlier, removal('replaced', ''), origin);
    const memberId = ids.nextMemberId();
    const { user, profile, connectionId, attempt } = login;
    const waiting = { memberId, user, ...(profile && { profile }), sinceMs: clock.now(), connectionId };
    const held: HeldLogin = {
      waiting,
      login: { ...login, memberId },
      origin,
      lastSeenMonotonicMs: clock.monotonicMs(),
      unansweredAttemptId: attempt?.id,
      hasEnded: false,
    };
    this.#placeOf(key).list.add(held);
    try {
      await Promise.all(this.#notify({ key, waiting, origin }));
    } catch (error) {
      this.#end(key, held, { kind: 'left' }, origin);
      throw error;
    }
    return waiting;
  }

  /** Executes a command that is about a waiting user or only about the list; returns false for any other command. */
  execute(key: RoomKey, command: RoomCommand, origin: Origin): boolean {
    if (command.type === 'refuseWaiting') {
      this.#endAll(key, refusal(new GavelError('login.not-allowed')), origin);
      return true;
    }
    if (command.type !== 'detach' && command.type !== 'logout') return false;
    const held = this.#listOf(key)?.find(command.memberId);
    // A wait cannot be resumed: a client that lost its connection logs in again.
    if (held) this.#end(key, held, { kind: 'left' }, origin);
    return held !== undefined;
  }

  /** Records activity of waiting users; returns whether one of them waits. */
  touch(key: RoomKey, memberIds: readonly MemberId[]): boolean {
    const list = this.#listOf(key);
    const found = memberIds.flatMap((memberId) => list?.find(memberId) ?? []);
    for (const held of found) {
      held.lastSeenMonotonicMs = this.#deps.clock.monotonicMs();
      held.unansweredAttemptId = undefined;
    }
    return found.length > 0;
  }

  /** Returns the waiting users that match a kick's target. */
  named(key: RoomKey, target: KickTarget): HeldLogin[] {
    return this.#listOf(key)?.named(target) ?? [];
  }

  /** Removes waiting users because of a kick. */
  remove(key: RoomKey, held: Iterable<HeldLogin>, reason: string, origin: Origin): void {
    for (const one of held) {
      this.#listOf(key)?.revoke(one.login.user.id);
      this.#end(key, one, removal('kicked', reason), origin);
    }
  }

  /** Removes all waiting users and all acceptances, because the session is over. */
  close(key: RoomKey, reason: string, origin: Origin): void {
    this.#listOf(key)?.revokeAll();
    this.#endAll(key, removal('room-closed', reason), origin);
  }

  /**
   * Admits or rejects waiting users. Resolves when the admitted users are in the room.
   *
   * @throws `room.member-not-found` if none of them waits
   */
  async answer(key: RoomKey, { memberIds, isAccepted }: CommandOf<'answerWaiting'>, origin: Origin): Promise<void> {
    const list = this.#listOf(key);
    const named = new Set(memberIds.flatMap((memberId) => list?.find(memberId) ?? []));
    if (named.size === 0) throw new GavelError('room.member-not-found');
    for (const held of named) {
      if (isAccepted) list?.accept(held.login.user.id, held.login.waits?.rememberedForMs ?? 0);
      else this.#end(key, held, refusal(new GavelError('login.rejected')), origin);
    }
    await this.admit(key, origin);
  }

  /**
   * Admits all users that no longer have to wait, in order of arrival, as far as the login limit allows; the rest follows
   * with the next sweep. Resolves when they are in the room.
   */
  async admit(key: RoomKey, origin: Origin): Promise<void> {
    const admitted: Promise<void>[] = [];
    for (const held of this.#listOf(key)?.all() ?? []) {
      if (this.mustWait(key, held.login)) continue;
      if (!this.#deps.takesLogins(key)) break;
      admitted.push(this.#admitOne(key, held, origin));
    }
    await Promise.all(admitted);
  }

  async #admitOne(key: RoomKey, held: HeldLogin, origin: Origin): Promise<void> {
    try {
      if ((held.login.tokenExpiresAtMs ?? Number.POSITIVE_INFINITY) <= this.#deps.clock.now()) {
        throw new GavelError('login.token-expired');
      }
      if (!this.#removeFromList(key, held)) return;
      // Removed from the list before it enters, so that nobody sees it in both.
      this.#notify({ key, waiting: held.waiting, end: { kind: 'admitted' }, origin });
      const { attempt: _answered, ...login } = held.login;
      const entering = held.unansweredAttemptId === undefined ? login : held.login;
      this.#report(held, { kind: 'admitted', session: await this.#deps.enter(key, entering, held.origin) });
    } catch (error) {
      if (!isGavelError(error)) this.#deps.report?.(error);
      this.#end(key, held, refusal(error), origin);
    }
  }

  /** Handles the events of a room. */
  follow(key: RoomKey, events: readonly RoomEvent[], origin: Origin): void {
    const list = this.#listOf(key);
    if (!list) return;
    const nowMonotonicMs = this.#deps.clock.monotonicMs();
    for (const event of events) {
      if (event.type === 'roomCreated') list.handleRoomBegin(nowMonotonicMs);
      // A kicked user has to be accepted again.
      if (event.type === 'memberLeft' && event.cause === 'kicked') list.revoke(event.member.user.id);
      if (event.type !== 'roomClosed') continue;
      if (event.cause === 'room-closed') {
        this.close(key, event.reason, origin);
      } else {
        list.handleRoomEnd(nowMonotonicMs);
      }
    }
  }

  /** Removes silent users, admits those that may enter, and deletes expired data. */
  async sweep(origin: Origin): Promise<void> {
    const nowMonotonicMs = this.#deps.clock.monotonicMs();
    const admitted: Promise<void>[] = [];
    for (const { key, list } of [...this.#places.values()]) {
      for (const held of list.all()) {
        if (held.lastSeenMonotonicMs > nowMonotonicMs - this.#deps.heartbeatTimeoutMs) continue;
        this.#end(key, held, removal('heartbeat-timeout', ''), origin);
      }
      list.deleteExpired(nowMonotonicMs);
      admitted.push(this.admit(key, origin));
      this.#tidy(key);
    }
    await Promise.all(admitted);
  }

  #listOf(key: RoomKey): WaitingList | undefined {
    return this.#places.get(roomKeyText(key))?.list;
  }

  #placeOf(key: RoomKey): Place {
    const text = roomKeyText(key);
    const place = this.#places.get(text) ?? { key, list: new WaitingList() };
    this.#places.set(text, place);
    return place;
  }

  #endAll(key: RoomKey, end: WaitingLoss, origin: Origin): void {
    for (const held of this.#listOf(key)?.all() ?? []) this.#end(key, held, end, origin);
    this.#tidy(key);
  }

  /** Ends a wait, unless it has ended before. */
  #end(key: RoomKey, held: HeldLogin, end: WaitingLoss, origin: Origin): void {
    if (!this.#listOf(key)?.find(held.waiting.memberId)) return this.#report(held, end);
    if (end.kind === 'removed') this.#deps.onRemoved(key, held, end.cause, end.reason);
    else if (end.kind === 'refused' && end.error.code === 'login.rejected') {
      this.#deps.onRemoved(key, held, 'rejected', '');
    }
    this.#finish(key, held, end, origin);
  }

  #finish(key: RoomKey, held: HeldLogin, end: WaitingLoss, origin: Origin): void {
    if (this.#removeFromList(key, held)) this.#notify({ key, waiting: held.waiting, end, origin });
    this.#report(held, end);
  }

  /** Reports the first end of a wait. */
  #report(held: HeldLogin, end: WaitingEnd): void {
    if (held.hasEnded) return;
    held.hasEnded = true;
    for (const watcher of this.#deps.watchers) watcher.handleWaitEnd?.(held.waiting, end);
  }

  #removeFromList(key: RoomKey, held: HeldLogin): boolean {
    const isRemoved = this.#listOf(key)?.remove(held) ?? false;
    this.#tidy(key);
    return isRemoved;
  }

  #tidy(key: RoomKey): void {
    if (this.#listOf(key)?.isEmpty) this.#places.delete(roomKeyText(key));
  }

  #notify(change: WaitingChange): Promise<void>[] {
    return this.#deps.watchers.flatMap((watcher) => {
      const result = callWatcher(watcher, change);
      // Not every caller awaits it: an unhandled rejection would end the process.
      result?.catch(() => undefined);
      return result ?? [];
    });
  }
}

/** An error of one watcher does not affect the others. */
function callWatcher(watcher: WaitingWatcher, change: WaitingChange): Promise<void> | undefined {
  try {
    return watcher.handleWaiting(change) ?? undefined;
  } catch (error) {
    return Promise.reject(error);
  }
}

/** An unexpected error is reported elsewhere: the client gets no part of it. */
function refusal(error: unknown): WaitingLoss {
  const { code, message, details } = isGavelError(error) ? error : new GavelError('server.internal');
  return { kind: 'refused', error: { code, message, ...(details && { details }) } };
}

const removal = (cause: MemberCause, reason: string): WaitingLoss => ({ kind: 'removed', cause, reason });
