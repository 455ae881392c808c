/**
 * A waiting room: the users that wait to enter a room, in order of arrival, and the accepted users (WAIT).
 *
 * It can exist without the room, and across several lives of the room. Commands are decided into events, and events alone
 * change it: its own and those of its room. The exception is the activity of waiting users, as with members.
 *
 * @module
 */

import { type Epoch, GavelError, type MemberCause, type MemberId, type RoomKey, type UserId } from '@gavel/protocol';
import { toWireError } from '../base/wire-error.ts';
import type { KickTarget, LoginCommand, Origin, RoomCommand } from './commands.ts';
import type { RoomEvent, WaitingRoomChange } from './events.ts';
import { mayLetIn } from './member.ts';
import type { Waiting, WaitingLoss } from './waiting.ts';

/** Maximum number of waiting logins per room, and of one user in it (WAIT-7). */
export const WAITING_LIMITS = { inRoom: 500, ofUser: 5 } as const;

/** A waiting login. */
export interface WaitingLogin {
  readonly waiting: Waiting;
  /** The command that admits it. */
  readonly login: LoginCommand;
  readonly origin: Origin;
}

interface Wait extends WaitingLogin {
  /** By the monotonic clock. */
  lastSeenMonotonicMs: number;
  /** The attempt of its login, until the client sends something more: before, it may not have received the answer. */
  unansweredAttemptId: string | undefined;
}

interface Acceptance {
  readonly rememberedForMs: number;
  /** When it expires, by the monotonic clock; never while the room exists. */
  readonly untilMonotonicMs: number;
}

/** A waiting room, as nodes send it to each other: JSON. */
export interface WaitingState {
  readonly epoch: Epoch;
  readonly seq: number;
  readonly waits: readonly (WaitingLogin & { readonly unansweredAttemptId?: string })[];
  /** Acceptances; without `remainingMs`, one that does not expire while the room exists. */
  readonly accepted: readonly {
    readonly userId: UserId;
    readonly rememberedForMs: number;
    readonly remainingMs?: number;
  }[];
}

/** What a decision depends on, in addition to the waiting room. */
export interface WaitingFacts {
  readonly origin: Origin;
  /** Whether a member that may admit others is in the room. */
  readonly isAttended: boolean;
  /** The id of a new waiting user. */
  readonly nextMemberId: () => MemberId;
  readonly nowMs: number;
  readonly nowMonotonicMs: number;
  /** A waiting user without activity for this time is removed. */
  readonly heartbeatTimeoutMs: number;
}

/** The waiting room of one room. */
export class WaitingRoom {
  readonly key: RoomKey;
  /** Identifies this waiting room: its events are numbered separately from those of the room. */
  readonly epoch: Epoch;
  #seq = 0;
  readonly #waits = new Map<MemberId, Wait>();
  readonly #accepted = new Map<UserId, Acceptance>();

  constructor(key: RoomKey, epoch: Epoch) {
    this.key = key;
    this.epoch = epoch;
  }

  /** Returns a waiting room with the state of one at another node. Its users are as active as if they had just sent something. */
  static restore(key: RoomKey, { epoch, seq, waits, accepted }: WaitingState, nowMonotonicMs: number): WaitingRoom {
    const room = new WaitingRoom(key, epoch);
    room.#seq = seq;
    const activity = { unansweredAttemptId: undefined, lastSeenMonotonicMs: nowMonotonicMs };
    for (const wait of waits) room.#waits.set(wait.waiting.memberId, { ...activity, ...wait });
    for (const { userId, rememberedForMs, remainingMs = Number.POSITIVE_INFINITY } of accepted)
      room.#accepted.set(userId, { rememberedForMs, untilMonotonicMs: nowMonotonicMs + remainingMs });
    return room;
  }

  /** Number of its events so far. */
  get seq(): number {
    return this.#seq;
  }

  /** Whether there are no waiting users and no acceptances. */
  get isEmpty(): boolean {
    return this.#waits.size === 0 && this.#accepted.size === 0;
  }

  /** Returns the waiting logins, in order of arrival. */
  logins(): readonly WaitingLogin[] {
    return [...this.#waits.values()];
  }

  /** Returns the waiting users, in order of arrival. */
  waiting(): readonly Waiting[] {
    return [...this.#waits.values()].map(({ waiting }) => waiting);
  }

  /** The state that follows from the events, for comparison with a replica. */
  get state(): object {
    const waits = [...this.#waits.values()].map(({ waiting, login, origin }) => ({ waiting, login, origin }));
    return { waits, accepted: [...this.#accepted] };
  }

  /** Returns what another node needs to go on with it. */
  stateAt(nowMonotonicMs: number): WaitingState {
    return {
      epoch: this.epoch,
      seq: this.#seq,
      waits: [...this.#waits.values()].map(({ waiting, login, origin, unansweredAttemptId }) => ({
        ...{ waiting, login, origin },
        ...(unansweredAttemptId !== undefined && { unansweredAttemptId }),
      })),
      accepted: [...this.#accepted].map(([userId, { rememberedForMs, untilMonotonicMs }]) => ({
        ...{ userId, rememberedForMs },
        ...(Number.isFinite(untilMonotonicMs) && { remainingMs: untilMonotonicMs - nowMonotonicMs }),
      })),
    };
  }

  /** Whether a user waits under this member id. */
  has(memberId: MemberId): boolean {
    return this.#waits.has(memberId);
  }

  /** Returns the waiting users that match a kick's target. */
  named({ userIds, memberIds = [] }: KickTarget): readonly Waiting[] {
    return this.waiting().filter(({ user, memberId }) => userIds.includes(user.id) || memberIds.includes(memberId));
  }

  /** Returns the logins that no longer have to wait, in order of arrival. */
  admissible(isAttended: boolean, nowMonotonicMs: number): readonly WaitingLogin[] {
    return [...this.#waits.values()].flatMap((wait) => {
      if (this.mustWait(wait.login, isAttended, nowMonotonicMs)) return [];
      const { attempt: _answered, ...login } = wait.login;
      return { ...wait, login: wait.unansweredAttemptId === undefined ? login : wait.login };
    });
  }

  /** Returns whether a login has to wait now (WAIT-1, WAIT-2). */
  mustWait(login: LoginCommand, isAttended: boolean, nowMonotonicMs: number): boolean {
    if (!login.waits || mayLetIn(login)) return false;
    if ((this.#accepted.get(login.user.id)?.untilMonotonicMs ?? nowMonotonicMs) > nowMonotonicMs) return false;
    return login.waits.until === 'accepted' || !isAttended;
  }

  /** Returns whether a waiting user has been silent for the heartbeat time. */
  hasSilent(nowMonotonicMs: number, heartbeatTimeoutMs: number): boolean {
    return this.#silent(nowMonotonicMs - heartbeatTimeoutMs).length > 0;
  }

  /** Records activity of waiting users. */
  touch(memberIds: readonly MemberId[], nowMonotonicMs: number): void {
    for (const memberId of memberIds) {
      const wait = this.#waits.get(memberId);
      if (!wait) continue;
      wait.lastSeenMonotonicMs = nowMonotonicMs;
      wait.unansweredAttemptId = undefined;
    }
  }

  /** Deletes expired acceptances. */
  deleteExpired(nowMonotonicMs: number): void {
    for (const [userId, { untilMonotonicMs }] of this.#accepted)
      if (untilMonotonicMs <= nowMonotonicMs) this.#accepted.delete(userId);
  }

  /**
   * Decides what a command changes here; changes nothing itself.
   *
   * @throws `login.room-full` if too many logins are waiting; `room.member-not-found` if none of the users in an answer
   *   waits, or a login that was to be admitted no longer waits
   */
  decide(command: RoomCommand, facts: WaitingFacts): readonly WaitingRoomChange[] {
    switch (command.type) {
      case 'login':
        return this.#decideLogin(command, facts);
      case 'logout':
      case 'detach':
        // A wait cannot be resumed: a client that lost its connection logs in again.
        return this.#named([command.memberId]).map((wait) => removed(wait, { kind: 'left' }));
      case 'expire':
        return this.#silent(facts.nowMonotonicMs - facts.heartbeatTimeoutMs).map((wait) =>
          removed(wait, lossOf('heartbeat-timeout', '')),
        );
      case 'kick': {
        // A member kicks members only (WAIT-9).
        if (command.by !== undefined) return [];
        const named = new Set(command.targets.flatMap((target) => this.named(target)));
        const waits = this.#named([...named].map(({ memberId }) => memberId));
        return waits.map((wait) => removed(wait, lossOf('kicked', command.reason)));
      }
      case 'close':
        return [...this.#waits.values()].map((wait) => removed(wait, lossOf('room-closed', command.reason)));
      case 'refuseWaiting': {
        const { memberIds, error = toWireError(new GavelError('login.not-allowed')) } = command;
        const waits = memberIds ? this.#named(memberIds) : [...this.#waits.values()];
        return waits.map((wait) => removed(wait, { kind: 'refused', error }));
      }
      case 'answerWaiting': {
        const named = this.#named([...new Set(command.memberIds)]);
        if (named.length === 0) throw new GavelError('room.member-not-found');
        return named.map((wait) =>
          command.isAccepted
            ? {
                type: 'waitingAccepted',
                waiting: wait.waiting,
                rememberedForMs: wait.login.waits?.rememberedForMs ?? 0,
              }
            : removed(wait, { kind: 'refused', error: toWireError(new GavelError('login.rejected')) }),
        );
      }
      default:
        return [];
    }
  }

  /** Returns changes as the next events. */
  number(changes: readonly WaitingRoomChange[], atMs: number): readonly RoomEvent[] {
    return changes.map((change, index) => ({ ...change, epoch: this.epoch, seq: this.#seq + 1 + index, atMs }));
  }

  /** The only place where the waiting room changes. @param event one of its own, or of its room */
  evolve(event: RoomEvent, nowMonotonicMs: number): void {
    if (event.epoch === this.epoch) this.#seq = event.seq;
    switch (event.type) {
      case 'waitingAdded': {
        const { waiting, login, origin } = event;
        const unansweredAttemptId = login.attempt?.id;
        const activity = { lastSeenMonotonicMs: nowMonotonicMs, unansweredAttemptId };
        this.#waits.set(waiting.memberId, { waiting, login, origin, ...activity });
        return;
      }
      case 'waitingRemoved':
        this.#waits.delete(event.waiting.memberId);
        // A kicked user has to be accepted again.
        if (event.end.kind === 'removed' && event.end.cause === 'kicked') this.#accepted.delete(event.waiting.user.id);
        return;
      case 'waitingAccepted':
        this.#accepted.set(event.waiting.user.id, {
          rememberedForMs: event.rememberedForMs,
          untilMonotonicMs: Number.POSITIVE_INFINITY,
        });
        return;
      case 'memberLeft':
        if (event.cause === 'kicked') this.#accepted.delete(event.member.user.id);
        return;
      case 'roomCreated':
        this.deleteExpired(nowMonotonicMs);
        return this.#keepAcceptances(() => Number.POSITIVE_INFINITY);
      case 'roomClosed':
        if (event.cause === 'room-closed') this.#accepted.clear();
        // The session may continue.
        else this.#keepAcceptances((rememberedForMs) => nowMonotonicMs + rememberedForMs);
        return;
      case 'sessionClosed':
        this.#accepted.clear();
    }
  }

  #decideLogin(login: LoginCommand, facts: WaitingFacts): readonly WaitingRoomChange[] {
    if (login.memberId !== undefined) {
      const wait = this.#waits.get(login.memberId);
      if (!wait) throw new GavelError('room.member-not-found');
      return [removed(wait, { kind: 'admitted' })];
    }
    if (!this.mustWait(login, facts.isAttended, facts.nowMonotonicMs)) return [];
    const ofUser = [...this.#waits.values()].filter(({ waiting }) => waiting.user.id === login.user.id);
    const earlier = ofUser.filter((wait) => wait.login.clientId === login.clientId);
    const isFull = this.#waits.size - earlier.length >= WAITING_LIMITS.inRoom;
    if (isFull || ofUser.length - earlier.length >= WAITING_LIMITS.ofUser) {
      throw new GavelError('login.room-full', 'Too many logins are waiting to be admitted.');
    }
    const { user, profile, connectionId } = login;
    const memberId = facts.nextMemberId();
    const waiting = { memberId, user, ...(profile && { profile }), sinceMs: facts.nowMs, connectionId };
    return [
      // The same client logged in again (WAIT-7): it may reconnect.
      ...earlier.map((wait) => ({ ...removed(wait, lossOf('replaced', '')), isSameClient: true as const })),
      { type: 'waitingAdded', waiting, login: { ...login, memberId }, origin: facts.origin },
    ];
  }

  #named(memberIds: readonly MemberId[]): Wait[] {
    return memberIds.flatMap((memberId) => this.#waits.get(memberId) ?? []);
  }

  #silent(sinceMonotonicMs: number): Wait[] {
    return [...this.#waits.values()].filter(({ lastSeenMonotonicMs }) => lastSeenMonotonicMs <= sinceMonotonicMs);
  }

  #keepAcceptances(untilOf: (rememberedForMs: number) => number): void {
    for (const [userId, { rememberedForMs }] of this.#accepted)
      this.#accepted.set(userId, { rememberedForMs, untilMonotonicMs: untilOf(rememberedForMs) });
  }
}

function removed(
  { waiting, unansweredAttemptId }: Wait,
  end: WaitingLoss | { readonly kind: 'admitted' },
): Extract<WaitingRoomChange, { type: 'waitingRemoved' }> {
  return { type: 'waitingRemoved', waiting, end, ...(unansweredAttemptId !== undefined && { unansweredAttemptId }) };
}

const lossOf = (cause: MemberCause, reason: string): WaitingLoss => ({ kind: 'removed', cause, reason });
