/**
 * What the owner of a room has of it: the current life of the room, its waiting room, and the session that an empty room
 * leaves for its keep-alive time. A kick, a close and a kick-all address all three with one command (WAIT-9).
 *
 * @module
 */

import { type Epoch, GavelError, type MemberId, type PollId, type PublishId, type RoomKey } from '@gavel/protocol';
import type { IdSource } from '../base/clock.ts';
import type { CommandOf, KickTarget, Origin, RoomCommand } from '../rooms/commands.ts';
import type { Continuation } from '../rooms/continuation.ts';
import type { RoomPosition } from '../rooms/ended-tickets.ts';
import { type AdmissionAnswer, eventsOf, type RoomEvent, type WaitingRoomChange } from '../rooms/events.ts';
import { type CommandFacts, NO_FACTS, requireClaims } from '../rooms/facts.ts';
import { type ReplyOf, replyOf } from '../rooms/replies.ts';
import { Room, type RoomSettings } from '../rooms/room.ts';
import type { RoomState } from '../rooms/room-state.ts';
import type { Waiting } from '../rooms/waiting.ts';
import { type WaitingLogin, WaitingRoom, type WaitingState } from '../rooms/waiting-room.ts';
import type { PreviewedCommand } from './queries.ts';

/** The result of a command. */
export interface Outcome {
  readonly events: readonly RoomEvent[];
  readonly reply: ReplyOf<RoomCommand>;
}

/** A decided command: nothing has changed. */
export interface Decision {
  /** The room that executes it, or its part of it; a new one for its first login. */
  readonly room: Room | undefined;
  readonly waitingRoom: WaitingRoom | undefined;
  /** The part of the command that is about the room. */
  readonly part: RoomCommand | undefined;
  readonly events: readonly RoomEvent[];
}

/** A session whose room is empty. */
interface KeptSession {
  readonly continuation: Continuation;
  readonly untilMonotonicMs: number;
}

/** Ids that are not used: a preview draws no id of those that have a meaning. */
const PREVIEW_IDS: IdSource = {
  nextEpoch: () => '0' as Epoch,
  nextMemberId: () => 'preview' as MemberId,
  nextPublishId: () => 'preview' as PublishId,
  nextPollId: () => 'preview' as PollId,
  nextTicket: () => '',
};

/** One room at its owner. */
export class OwnedRoom {
  readonly key: RoomKey;
  readonly #settings: RoomSettings;
  #room: Room | undefined;
  #waitingRoom: WaitingRoom | undefined;
  #session: KeptSession | undefined;

  constructor(key: RoomKey, settings: RoomSettings) {
    this.key = key;
    this.#settings = settings;
  }

  /** Returns a room with the state of its life at another owner. */
  static restore(state: RoomState, settings: RoomSettings): OwnedRoom {
    const owned = new OwnedRoom(state.key, settings);
    owned.#room = Room.restore(state, settings);
    return owned;
  }

  /** Returns an empty room with the session that it has left at another owner. */
  static keep(key: RoomKey, settings: RoomSettings, continuation: Continuation, remainingMs: number): OwnedRoom {
    const owned = new OwnedRoom(key, settings);
    owned.#session = { continuation, untilMonotonicMs: settings.clock.monotonicMs() + remainingMs };
    return owned;
  }

  /** Goes on with a waiting room of another owner. */
  adoptWaiting(state: WaitingState): void {
    this.#waitingRoom = WaitingRoom.restore(this.key, state, this.#settings.clock.monotonicMs());
  }

  /** The current life of the room; undefined if it has no members. */
  get room(): Room | undefined {
    return this.#room;
  }

  /** Whether nothing has to be stored. */
  get isEmpty(): boolean {
    return !this.#room && !this.#waitingRoom && !this.#session;
  }

  /** The waiting room; undefined if nobody waits and nobody is accepted. */
  get waitingRoom(): WaitingRoom | undefined {
    return this.#waitingRoom;
  }

  /** Returns the waiting users, in order of arrival. */
  waiting(): readonly Waiting[] {
    return this.#waitingRoom?.waiting() ?? [];
  }

  /** Returns the logins that no longer have to wait, in order of arrival. */
  admissible(): readonly WaitingLogin[] {
    return this.#waitingRoom?.admissible(this.#isAttended, this.#settings.clock.monotonicMs()) ?? [];
  }

  /** Whether a member or a waiting user may have been silent for the heartbeat time. */
  hasSilent(nowMonotonicMs: number): boolean {
    if (this.#room && this.#room.expiryDueMonotonicMs <= nowMonotonicMs) return true;
    return this.#waitingRoom?.hasSilent(nowMonotonicMs, this.#settings.heartbeatTimeoutMs) ?? false;
  }

  /** Records activity of members and waiting users; returns whether there are any. */
  touch(memberIds: readonly MemberId[]): boolean {
    this.#waitingRoom?.touch(memberIds, this.#settings.clock.monotonicMs());
    this.#room?.touch(memberIds);
    return this.#room !== undefined || memberIds.some((memberId) => this.#waitingRoom?.has(memberId));
  }

  /** Deletes expired acceptances and an expired session. */
  deleteExpired(nowMonotonicMs: number): void {
    this.#waitingRoom?.deleteExpired(nowMonotonicMs);
    if (this.#waitingRoom?.isEmpty) this.#waitingRoom = undefined;
    if (this.#session && this.#session.untilMonotonicMs <= nowMonotonicMs) this.#session = undefined;
  }

  /**
   * Decides a command; changes nothing.
   *
   * @param ids of new members, streams and rooms; by default those of the settings
   * @throws GavelError as the command documents; `room.not-found` if it needs a room and there is none
   */
  decide(command: RoomCommand, origin: Origin, facts: CommandFacts = NO_FACTS, ids = this.#settings.ids): Decision {
    requireClaims(facts);
    // A Room has no waiting users: it checks only whether the actor may answer them.
    if (command.type === 'answerWaiting') this.#requireRoom(command, ids).decide(command, ids);
    const waitingRoom = this.#waitingRoom ?? this.#openWaitingRoom(command, ids);
    const changes = waitingRoom ? this.#decideWaiting(waitingRoom, command, origin, ids) : [];
    const part = this.#partOfRoom(command, changes);
    const room = part && this.#requireRoom(part, ids);
    const ofRoom = room && part ? room.decide(part, ids) : [];
    const ofWaitingRoom = waitingRoom?.number(changes, this.#settings.clock.now()) ?? [];
    const events = [...ofWaitingRoom, ...ofRoom, ...this.#sessionEnd(command, ids)];
    return { room, waitingRoom, part, events };
  }

  /** Decides a command, and changes what is stored accordingly. @throws as `decide`, without a change */
  apply(command: RoomCommand, origin: Origin, facts?: CommandFacts): Outcome {
    const decision = this.decide(command, origin, facts);
    this.#evolve(decision);
    return this.#outcomeOf(command, decision);
  }

  /**
   * Returns what a command would do, and changes nothing. The ids of new streams and polls have no meaning.
   *
   * @throws as `decide`
   */
  preview(command: PreviewedCommand, origin: Origin): Outcome {
    return this.#outcomeOf(command, this.decide(command, origin, NO_FACTS, PREVIEW_IDS));
  }

  /** Returns the event that answers the login of an admitted user. */
  answerAdmission(waiting: Waiting, answer: AdmissionAnswer): RoomEvent {
    const { ids, clock } = this.#settings;
    const waitingRoom = this.#waitingRoom ?? new WaitingRoom(this.key, ids.nextEpoch());
    const [event] = waitingRoom.number([{ type: 'admissionAnswered', waiting, answer }], clock.now());
    if (!event) throw new Error('a change has no event');
    waitingRoom.evolve(event, clock.monotonicMs());
    return event;
  }

  #outcomeOf(command: RoomCommand, { room, events }: Decision): Outcome {
    const waiting = (): readonly Waiting[] => this.waiting();
    return { events, reply: replyOf(command, { room, waiting, position: () => this.#position }, events) };
  }

  get #isAttended(): boolean {
    return this.#room?.isAttended ?? false;
  }

  /** The position of the room's last event; without a room, the position after all of its events. */
  get #position(): RoomPosition {
    return this.#room?.position ?? { epoch: this.#settings.ids.nextEpoch(), seq: 0 };
  }

  /** The session that the next life of the room continues. */
  get #continuation(): Continuation | undefined {
    const session = this.#session;
    return session && session.untilMonotonicMs > this.#settings.clock.monotonicMs() ? session.continuation : undefined;
  }

  #requireRoom(command: RoomCommand, ids: IdSource): Room {
    if (this.#room) return this.#room;
    if (command.type === 'login') return new Room(this.key, ids.nextEpoch(), this.#settings, this.#continuation);
    throw new GavelError(command.type === 'resume' ? 'resume.refused' : 'room.not-found');
  }

  #openWaitingRoom(command: RoomCommand, ids: IdSource): WaitingRoom | undefined {
    const isNeeded = command.type === 'login' && command.waits !== undefined;
    return isNeeded ? new WaitingRoom(this.key, ids.nextEpoch()) : undefined;
  }

  #decideWaiting(
    waitingRoom: WaitingRoom,
    command: RoomCommand,
    origin: Origin,
    ids: IdSource,
  ): readonly WaitingRoomChange[] {
    const { clock, heartbeatTimeoutMs } = this.#settings;
    return waitingRoom.decide(command, {
      origin,
      isAttended: this.#isAttended,
      nextMemberId: () => ids.nextMemberId(),
      nowMs: clock.now(),
      nowMonotonicMs: clock.monotonicMs(),
      heartbeatTimeoutMs,
    });
  }

  /** Returns what remains of a command for the room; undefined if nothing. */
  #partOfRoom(command: RoomCommand, changes: readonly WaitingRoomChange[]): RoomCommand | undefined {
    switch (command.type) {
      case 'login':
        return changes.some(({ type }) => type === 'waitingAdded') ? undefined : command;
      case 'logout':
      case 'detach':
        return changes.length > 0 ? undefined : command;
      case 'answerWaiting':
      case 'refuseWaiting':
        return undefined;
      case 'expire':
        return this.#room && command;
      case 'kick':
        return changes.length > 0 ? this.#kickOfMembers(command) : command;
      case 'close':
        if (this.#room) return command;
        if (!this.#continuation && changes.length === 0) throw new GavelError('room.not-found');
        return undefined;
      default:
        return command;
    }
  }

  /** Returns a kick without the targets that only wait: the room would report them as not found. */
  #kickOfMembers(command: CommandOf<'kick'>): CommandOf<'kick'> | undefined {
    const { targets, require } = command;
    const isIn = (target: KickTarget) => (this.#room?.membersOf(target).length ?? 0) > 0;
    const isWaiting = (target: KickTarget) => (this.#waitingRoom?.named(target).length ?? 0) > 0;
    const isNeeded = require === 'all' || targets.some(isIn);
    const ofMembers = targets.filter((target) => isIn(target) || (isNeeded && !isWaiting(target)));
    return ofMembers.length > 0 ? { ...command, targets: ofMembers } : undefined;
  }

  /** Returns the end of a session without members that is closed: users only wait, or it is in its keep-alive time. */
  #sessionEnd(command: RoomCommand, ids: IdSource): readonly RoomEvent[] {
    if (command.type !== 'close' || this.#room) return [];
    // Its position is after all events of this room so far.
    return [
      {
        type: 'sessionClosed',
        reason: command.reason,
        epoch: ids.nextEpoch(),
        seq: 1,
        atMs: this.#settings.clock.now(),
      },
    ];
  }

  #evolve({ room, waitingRoom, part, events }: Decision): void {
    if (room && part) room.evolve(part, events);
    const nowMonotonicMs = this.#settings.clock.monotonicMs();
    for (const event of events) waitingRoom?.evolve(event, nowMonotonicMs);
    this.#waitingRoom = waitingRoom?.isEmpty ? undefined : waitingRoom;
    if (room) this.#room = room.closed ? undefined : room;
    const [created] = eventsOf(events, 'roomCreated');
    const [closed] = eventsOf(events, 'roomClosed');
    const [sessionClosed] = eventsOf(events, 'sessionClosed');
    if (created || sessionClosed) this.#session = undefined;
    if (!room || !closed || closed.cause === 'room-closed') return;
    const { continuation } = room;
    if (continuation.keptMs > 0) {
      this.#session = { continuation, untilMonotonicMs: nowMonotonicMs + continuation.keptMs };
    }
  }
}
