/**
 * The lobby: those who wait to be let in, of all rooms (WAIT).
 *
 * A login that has to wait is held here with its command. To let it in is to execute that very command, the way any
 * login goes: bans, caps and limits are asked then. Each change happens in one moment, so that of an acceptance, a
 * disconnect and a kick-all at once whichever is first decides, and the others find its work done.
 *
 * @module
 */

import { GavelError, isGavelError, type MemberCause, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { Clock, IdSource } from './clock.ts';
import type { CommandOf, KickTarget, LoginCommand, Origin, RoomCommand } from './commands.ts';
import type { TicketEndCause } from './ended-tickets.ts';
import type { RoomEvent } from './events.ts';
import { mayLetIn } from './member.ts';
import type { Session } from './views.ts';
import type { Waiting, WaitingChange, WaitingEnd, WaitingLoss, WaitingWatcher } from './waiting.ts';
import { type HeldLogin, WaitingList } from './waiting-list.ts';

/** What the lobby needs. */
export interface LobbyDeps {
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Who is not heard of for so long waits no more. */
  readonly heartbeatTimeoutMs: number;
  readonly watchers: readonly WaitingWatcher[];
  /** Whether somebody is in a room who may let others in. */
  readonly isAttended: (key: RoomKey) => boolean;
  /** Whether a room takes one more login now (LIM-1). */
  readonly takesLogins: (key: RoomKey) => boolean;
  /** Executes a login: changes the room at once, or throws; resolves when everybody has been told. */
  readonly enter: (key: RoomKey, login: LoginCommand, origin: Origin) => Promise<Session>;
  /** Called when somebody was put off the list: its client must not ask again by itself (KICK-12). */
  readonly onPutOut: (key: RoomKey, held: HeldLogin, cause: TicketEndCause, reason: string) => void;
}

interface Place {
  readonly key: RoomKey;
  readonly list: WaitingList;
}

/** The waiting lists of all rooms. */
export class Lobby {
  readonly #deps: LobbyDeps;
  /** By room; only those with something to remember. */
  readonly #places = new Map<string, Place>();

  constructor(deps: LobbyDeps) {
    this.#deps = deps;
  }

  /** Those who wait for a room, in the order of asking. */
  waiting(key: RoomKey): readonly Waiting[] {
    return this.#listOf(key)?.all() ?? [];
  }

  /** Tells whether a login has to wait now (WAIT-1, WAIT-2). */
  mustWait(key: RoomKey, login: LoginCommand): boolean {
    if (!login.waits || mayLetIn(login)) return false;
    if (this.#listOf(key)?.isAccepted(login.user.id, this.#deps.clock.monotonicMs())) return false;
    return login.waits.until === 'accepted' || !this.#deps.isAttended(key);
  }

  /**
   * Puts a login on the list; an earlier one of the same client gives way.
   *
   * @throws `login.room-full` where as many wait as may; what a watcher threw, and then it does not wait
   */
  async hold(key: RoomKey, login: LoginCommand, origin: Origin): Promise<Waiting> {
    const { clock, ids } = this.#deps;
    const earlier = this.#listOf(key)?.ofClient(login);
    // The same client asked again: it is not put out.
    if (earlier) this.#finish(key, earlier, removal('replaced', ''), origin);
    const memberId = ids.nextMemberId();
    const { promise: ended, resolve: end } = Promise.withResolvers<WaitingEnd>();
    const held: HeldLogin = {
      memberId,
      user: login.user,
      ...(login.profile && { profile: login.profile }),
      sinceMs: clock.now(),
      connectionId: login.connectionId,
      ended,
      login: { ...login, memberId },
      origin,
      end,
      lastSeenMonotonicMs: clock.monotonicMs(),
      unansweredAttemptId: login.attempt?.id,
    };
    this.#placeOf(key).list.add(held);
    try {
      await Promise.all(this.#tell({ key, waiting: held, origin }));
    } catch (error) {
      this.#end(key, held, { kind: 'left' }, origin);
      throw error;
    }
    return held;
  }

  /** Does a command that is about somebody who waits, or about the list alone; gives false where it is about neither. */
  execute(key: RoomKey, command: RoomCommand, origin: Origin): boolean {
    if (command.type === 'refuseWaiting') {
      this.#endAll(key, { kind: 'refused', error: new GavelError('login.not-allowed') }, origin);
      return true;
    }
    if (command.type !== 'touch' && command.type !== 'detach' && command.type !== 'logout') return false;
    const held = this.#listOf(key)?.find(command.memberId);
    if (!held) return false;
    if (command.type === 'touch') {
      held.lastSeenMonotonicMs = this.#deps.clock.monotonicMs();
      held.unansweredAttemptId = undefined;
    } else {
      // A wait cannot be resumed: a client that lost its connection asks again.
      this.#end(key, held, { kind: 'left' }, origin);
    }
    return true;
  }

  /** Those whom a kick's target names. */
  named(key: RoomKey, target: KickTarget): HeldLogin[] {
    return this.#listOf(key)?.named(target) ?? [];
  }

  /** Takes some off the list, as a kick does. */
  remove(key: RoomKey, held: Iterable<HeldLogin>, reason: string, origin: Origin): void {
    for (const one of held) {
      this.#listOf(key)?.takeBack(one.user.id);
      this.#end(key, one, removal('kicked', reason), origin);
    }
  }

  /** Puts everybody out who waits, and forgets who was accepted: the session is over. */
  close(key: RoomKey, reason: string, origin: Origin): void {
    this.#listOf(key)?.takeAllBack();
    this.#endAll(key, removal('room-closed', reason), origin);
  }

  /**
   * Lets some in, or turns them away. Resolves when those who were let in are in.
   *
   * @throws `room.member-not-found` where none of them waits
   */
  async answer(key: RoomKey, { memberIds, isAccepted }: CommandOf<'answerWaiting'>, origin: Origin): Promise<void> {
    const list = this.#listOf(key);
    const named = new Set(memberIds.flatMap((memberId) => list?.find(memberId) ?? []));
    if (named.size === 0) throw new GavelError('room.member-not-found');
    for (const held of named) {
      if (isAccepted) list?.accept(held.user.id, held.login.waits?.rememberedForMs ?? 0);
      else this.#end(key, held, { kind: 'refused', error: new GavelError('login.rejected') }, origin);
    }
    await this.admit(key, origin);
  }

  /**
   * Lets everybody in who need not wait any more, in the order of asking and as far as the room takes logins now; the
   * rest follows with the next sweep. Resolves when they are in.
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
      if (!this.#take(key, held)) return;
      // Off the list before it is in: nobody sees it in both.
      this.#tell({ key, waiting: held, end: { kind: 'admitted' }, origin });
      const { attempt: _answered, ...login } = held.login;
      const entering = held.unansweredAttemptId === undefined ? login : held.login;
      held.end({ kind: 'admitted', session: await this.#deps.enter(key, entering, held.origin) });
    } catch (error) {
      this.#end(key, held, { kind: 'refused', error }, origin);
    }
  }

  /** Keeps up with what happens in a room. */
  follow(key: RoomKey, events: readonly RoomEvent[], origin: Origin): void {
    const list = this.#listOf(key);
    if (!list) return;
    const nowMonotonicMs = this.#deps.clock.monotonicMs();
    for (const event of events) {
      if (event.type === 'roomCreated') list.handleRoomBegin(nowMonotonicMs);
      // Who was put out has to be accepted again.
      if (event.type === 'memberLeft' && event.cause === 'kicked') list.takeBack(event.member.user.id);
      if (event.type !== 'roomClosed') continue;
      if (event.cause === 'room-closed') {
        this.close(key, event.reason, origin);
      } else {
        list.handleRoomEnd(nowMonotonicMs);
      }
    }
  }

  /** Takes off who is silent, lets in who may be, and forgets what is over. */
  async sweep(origin: Origin): Promise<void> {
    const nowMonotonicMs = this.#deps.clock.monotonicMs();
    const admitted: Promise<void>[] = [];
    for (const { key, list } of [...this.#places.values()]) {
      for (const held of list.all()) {
        if (held.lastSeenMonotonicMs > nowMonotonicMs - this.#deps.heartbeatTimeoutMs) continue;
        this.#end(key, held, removal('heartbeat-timeout', ''), origin);
      }
      list.forgetOld(nowMonotonicMs);
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
    if (!this.#listOf(key)?.find(held.memberId)) return held.end(end);
    if (end.kind === 'removed') this.#deps.onPutOut(key, held, end.cause, end.reason);
    else if (end.kind === 'refused' && isGavelError(end.error, 'login.rejected')) {
      this.#deps.onPutOut(key, held, 'rejected', '');
    }
    this.#finish(key, held, end, origin);
  }

  #finish(key: RoomKey, held: HeldLogin, end: WaitingLoss, origin: Origin): void {
    if (this.#take(key, held)) this.#tell({ key, waiting: held, end, origin });
    held.end(end);
  }

  #take(key: RoomKey, held: HeldLogin): boolean {
    const isTaken = this.#listOf(key)?.remove(held) ?? false;
    this.#tidy(key);
    return isTaken;
  }

  #tidy(key: RoomKey): void {
    if (this.#listOf(key)?.isEmpty) this.#places.delete(roomKeyText(key));
  }

  #tell(change: WaitingChange): Promise<void>[] {
    return this.#deps.watchers.flatMap((watcher) => {
      const result = callWatcher(watcher, change);
      // Not everybody waits for it: a rejection that nobody looks at would end the process.
      result?.catch(() => undefined);
      return result ?? [];
    });
  }
}

/** A watcher that throws stops no other. */
function callWatcher(watcher: WaitingWatcher, change: WaitingChange): Promise<void> | undefined {
  try {
    return watcher.handleWaiting(change) ?? undefined;
  } catch (error) {
    return Promise.reject(error);
  }
}

const removal = (cause: MemberCause, reason: string): WaitingLoss => ({ kind: 'removed', cause, reason });
