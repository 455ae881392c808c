/**
 * Rooms: the single entry point. All doors send their commands to `execute`, which delivers the events to the sinks.
 *
 * `execute` is asynchronous although a local room does not wait: a cluster could route commands behind this interface.
 *
 * @module
 */

import { type Epoch, GavelError, isGavelError, type MemberId, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { CommandOf, KickTarget, LoginCommand, Origin, RoomCommand } from './commands.ts';
import { Continuations } from './continuations.ts';
import { Directory } from './directory.ts';
import { EndedTickets, endedRoom, endedWait, type RoomPosition } from './ended-tickets.ts';
import { EventFeed, type EventSinks } from './event-feed.ts';
import type { RoomEvent } from './events.ts';

export type { EventBatch, EventSink, EventSinks } from './event-feed.ts';
export type { Session } from './views.ts';

import { Lobby } from './lobby.ts';
import { type Member, mayLetIn } from './member.ts';
import { type AnswerOf, type Query, Reader, type SubjectOf } from './queries.ts';
import { DONE, type LoginReply, type MembersReply, type ReplyOf, type ResumeReply, replyOf } from './replies.ts';
import { Returns } from './returns.ts';
import { Room, type RoomSettings } from './room.ts';
import { WORLD_LIMITS, withWorldCap } from './room-limits.ts';
import { SlidingWindows } from './sliding-windows.ts';
import { StreamHistory } from './stream-history.ts';
import type { Session } from './views.ts';
import type { WaitingWatcher } from './waiting.ts';

/** Settings of Rooms, in addition to those of each Room. */
export interface RoomsSettings extends RoomSettings {
  /** Maximum number of logins per room in any second (LIM-1). */
  readonly maxLoginsPerSecond: number;
  /** Reports an error that no caller can receive: when silent members are removed, or waiting users are admitted. */
  readonly report?: (error: unknown) => void;
  /** Maximum number of live and reserved streams per App, in both environments; 0 means no limit (LIM-7). */
  readonly maxStreamsPerApp: number;
  /** Why clients were permanently removed; by default stored only in memory. */
  readonly tickets?: EndedTickets;
  /** Keeps audit rows and replies; by default none are kept. */
  readonly commands?: CommandRunner;
}

/** Keeps what commands did, and answers a repeated command with its first reply (AUDIT-1, BUS-2). */
export interface CommandRunner {
  /** Returns whether a command must be executed by `run`. */
  concerns(command: RoomCommand, origin: Origin): boolean;
  /** Executes a command. `work` gets the id of the call, which belongs to the batch that says what the command did. */
  run<R>(
    call: { readonly scope: RoomKey; readonly command: RoomCommand; readonly origin: Origin },
    work: (callId: string) => Promise<R>,
  ): Promise<R>;
}

type AnyReply = ReplyOf<RoomCommand>;

const NOBODY: MembersReply = { members: [] };

/** The result of a change of a room, before its events are delivered. */
interface Change {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  readonly events: readonly RoomEvent[];
  readonly reply: AnyReply;
  /** Settles when the causes of removals are stored persistently; undefined if nothing waits for that. */
  readonly kept: Promise<void> | undefined;
}

/** All rooms of this server. */
export class Rooms {
  readonly #settings: RoomsSettings;
  readonly #feed: EventFeed;
  readonly #rooms = new Map<string, Room>();
  readonly #directory = new Directory();
  readonly #tickets: EndedTickets;
  readonly #returns: Returns;
  readonly #continuations = new Continuations();
  readonly #history = new StreamHistory();
  readonly #logins = new SlidingWindows(1000);
  readonly #lobby: Lobby;
  readonly #reader: Reader;
  #stopSweep: (() => void) | undefined;

  constructor(settings: RoomsSettings, sinks: EventSinks, watchers: readonly WaitingWatcher[] = []) {
    this.#settings = settings;
    this.#tickets = settings.tickets ?? new EndedTickets({ issuer: settings.ids.nextTicket() });
    this.#returns = new Returns({
      tickets: this.#tickets,
      directory: this.#directory,
      findRoom: (key) => this.#rooms.get(roomKeyText(key)),
    });
    this.#lobby = new Lobby({
      ...settings,
      watchers,
      isAttended: (key) => this.#rooms.get(roomKeyText(key))?.isAttended ?? false,
      takesLogins: (key) =>
        this.#logins.hasRoom(roomKeyText(key), settings.maxLoginsPerSecond, settings.clock.monotonicMs()),
      enter: async (key, login, origin) => {
        this.#checkLogin(key, login);
        return this.#enter(key, login, origin);
      },
      onRemoved: (key, { waiting, unansweredAttemptId }, cause, reason) => {
        const attempt = unansweredAttemptId !== undefined && { attemptId: unansweredAttemptId };
        const { memberId } = waiting;
        this.#tickets.keepLater(endedWait(key, { memberId, ...attempt, cause, reason }, settings.clock.now()));
      },
    });
    this.#feed = new EventFeed(sinks);
    this.#reader = new Reader({
      rooms: this.#rooms,
      directory: this.#directory,
      history: this.#history,
      waiting: (key) => this.#lobby.waiting(key),
      rules: settings.rules,
    });
  }

  /** Number of rooms. */
  get size(): number {
    return this.#rooms.size;
  }

  /** Starts to check for silent members every second, and to remove them. */
  start(): void {
    const report = this.#settings.report ?? (() => undefined);
    this.#stopSweep ??= this.#settings.clock.every(1000, () => void this.sweep().catch(report));
  }

  /** Stops checking for silent members; rooms stay. */
  stop(): void {
    this.#stopSweep?.();
    this.#stopSweep = undefined;
  }

  /**
   * Executes a command. When it resolves, every sink has handled the events: media is closed, callbacks are stored.
   *
   * @throws GavelError `room.not-found` if the room does not exist (`login` creates it), and as the command documents
   */
  async execute<C extends RoomCommand>(key: RoomKey, command: C, origin: Origin): Promise<ReplyOf<C>> {
    if (origin.by !== undefined) this.#touch(key, [origin.by]);
    const { commands } = this.#settings;
    const reply = commands?.concerns(command, origin)
      ? commands.run({ scope: key, command, origin }, (callId) => this.#execute(key, command, origin, callId))
      : this.#execute(key, command, origin);
    return (await reply) as ReplyOf<C>;
  }

  /** @param callId the id of the call, for a command whose audit row or reply is kept */
  async #execute(key: RoomKey, command: RoomCommand, origin: Origin, callId?: string): Promise<AnyReply> {
    if (command.type === 'login') return this.#login(key, command, origin);
    if (command.type === 'resume') return this.#resume(key, command, origin);
    if (command.type === 'touch' && this.#lobby.touch(key, command.memberIds))
      return this.#touch(key, command.memberIds);
    if (this.#lobby.execute(key, command, origin)) return DONE;
    if (command.type === 'kick') return this.#kick(key, command, origin, callId);
    if (command.type === 'close') return this.#close(key, command, origin, callId);
    const change = this.#apply(key, command, origin);
    if (command.type === 'answerWaiting') await this.#lobby.answer(key, command, origin);
    return this.#deliver(change, origin, callId);
  }

  async #login(key: RoomKey, command: LoginCommand, origin: Origin): Promise<LoginReply> {
    if (command.attempt?.isRetry) await this.#returns.checkRetry(key, command.attempt);
    this.#checkLogin(key, command);
    if (this.#lobby.mustWait(key, command)) {
      // A waiting login counts against the login limit, so that the waiting list cannot be used to evade it.
      this.#logins.record(roomKeyText(key), this.#settings.clock.monotonicMs());
      const waiting = await this.#lobby.add(key, command, origin);
      return { waiting, position: this.#positionOf(key) };
    }
    return { session: await this.#enter(key, command, origin) };
  }

  async #enter(key: RoomKey, command: LoginCommand, origin: Origin): Promise<Session> {
    const change = this.#apply(key, withWorldCap(key, command), origin);
    this.#logins.record(roomKeyText(key), this.#settings.clock.monotonicMs());
    const delivered = this.#deliver(change, origin);
    // Synchronous with the login: of two simultaneous logins, the later one replaces the earlier (KICK-13).
    const replaced = command.onDuplicate === 'replace' ? this.#replaceElsewhere(key, command, origin) : [];
    // Its own events are being delivered: logins that waited for it are admitted after it.
    if (mayLetIn(command)) void this.#lobby.admit(key, origin);
    const { session } = change.reply as ReplyOf<LoginCommand>;
    if (!session) throw new Error('a login has no session');
    try {
      await Promise.all([delivered, ...replaced]);
      return this.#withWaiting(key, session);
    } catch (error) {
      // The login is refused: without it, no client would own the member.
      const { memberId } = session.member;
      await this.execute(key, { type: 'logout', memberId }, origin).catch(() => undefined);
      throw error;
    }
  }

  /** Adds the waiting users for a member that may admit them; the member receives later changes as events. */
  #withWaiting(key: RoomKey, session: Session): Session {
    return mayLetIn(session.member) ? { ...session, waiting: this.#lobby.waiting(key) } : session;
  }

  async #resume(key: RoomKey, command: CommandOf<'resume'>, origin: Origin): Promise<ResumeReply> {
    const member = this.#rooms.get(roomKeyText(key))?.findMember(command.memberId);
    // Bans are checked again at a resume: by the user, and by the address that it resumes from (BAN-4).
    if (member?.ticket === command.ticket) await this.#checkReturn(key, member, command, origin);
    let change: Change;
    try {
      change = this.#apply(key, command, origin);
    } catch (error) {
      if (!isGavelError(error, 'resume.refused')) throw error;
      throw await this.#returns.findRefusal(key, command);
    }
    const { session, ...missed } = (await this.#deliver(change, origin)) as ResumeReply;
    return { session: this.#withWaiting(key, session), ...missed };
  }

  #touch(key: RoomKey, memberIds: readonly MemberId[]): ReplyOf<CommandOf<'touch'>> {
    const room = this.#rooms.get(roomKeyText(key));
    room?.touch(memberIds);
    return room ? { memberCount: room.summary().shown.memberCount } : {};
  }

  /** @throws `login.banned`, after a member that is detached was removed: its client does not come back */
  async #checkReturn(key: RoomKey, member: Member, { address }: CommandOf<'resume'>, origin: Origin): Promise<void> {
    try {
      this.#settings.rules?.checkLogin(key, { user: member.user, address });
    } catch (error) {
      const { memberId, link } = member;
      const { connectionId } = link;
      await this.#deliver(this.#apply(key, { type: 'abandon', memberId, connectionId }, origin), origin);
      throw error;
    }
  }

  /** A kick also removes matching waiting users. */
  async #kick(key: RoomKey, command: CommandOf<'kick'>, origin: Origin, callId?: string): Promise<AnyReply> {
    const { targets, require, reason } = command;
    const named = (target: KickTarget) => (command.by === undefined ? this.#lobby.named(key, target) : []);
    const waiting = [...new Set(targets.flatMap(named))];
    if (waiting.length === 0) return this.#deliver(this.#apply(key, command, origin), origin, callId);
    // The room gets only the other targets: it would report waiting users as not found.
    const room = this.#rooms.get(roomKeyText(key));
    const isIn = (target: KickTarget) => (room?.membersOf(target).length ?? 0) > 0;
    const isNeeded = require === 'all' || targets.some(isIn);
    const rest = targets.filter((target) => isIn(target) || (isNeeded && named(target).length === 0));
    const change = rest.length > 0 ? this.#apply(key, { ...command, targets: rest }, origin) : undefined;
    this.#lobby.remove(key, waiting, reason, origin);
    const { members } = (change?.reply ?? NOBODY) as MembersReply;
    const reply = { members, waiting: waiting.map((held) => held.waiting) };
    // The caller also waits for the ended tickets of those who waited.
    await Promise.all([change && this.#deliver({ ...change, reply }, origin, callId), this.#tickets.allKept()]);
    return reply;
  }

  async #close(key: RoomKey, command: CommandOf<'close'>, origin: Origin, callId?: string): Promise<AnyReply> {
    const change = this.#rooms.has(roomKeyText(key))
      ? this.#apply(key, command, origin)
      : this.#closeEmpty(key, command, origin);
    return this.#deliver(change, origin, callId);
  }

  /** Closes a session without members: users only wait, or it is in its keep-alive time (WAIT-9). */
  #closeEmpty(key: RoomKey, { reason }: CommandOf<'close'>, origin: Origin): Change {
    const { clock, ids } = this.#settings;
    const atMs = clock.now();
    const isOpen =
      this.#continuations.find(key, clock.monotonicMs()) !== undefined || this.#lobby.waiting(key).length > 0;
    if (!isOpen) throw new GavelError('room.not-found');
    this.#continuations.delete(key);
    // Its position is after all events of this room so far.
    const epoch = ids.nextEpoch();
    const seq = 1;
    this.#lobby.close(key, reason, origin);
    const kept = this.#tickets.keep([endedRoom(key, { epoch, seq }, reason, atMs)]);
    const events: readonly RoomEvent[] = [{ type: 'sessionClosed', reason, epoch, seq, atMs }];
    return { key, epoch, events, reply: NOBODY, kept };
  }

  /** Changes a room and the indexes of all rooms synchronously. */
  #apply(key: RoomKey, command: RoomCommand, origin: Origin): Change {
    const text = roomKeyText(key);
    const room = this.#rooms.get(text) ?? this.#roomFor(key, command);
    this.#checkStream(room, command);
    const events = room.apply(command);
    if (room.closed) this.#rooms.delete(text);
    else this.#rooms.set(text, room);
    this.#directory.follow(key, events);
    this.#history.follow(key, events);
    this.#continue(room, events);
    this.#lobby.follow(key, events, origin);
    const kept = this.#returns.keepEnds(key, command, events);
    return { key, epoch: room.epoch, events, reply: replyOf(command, room, events), kept };
  }

  async #deliver({ key, epoch, events, reply, kept }: Change, origin: Origin, callId?: string): Promise<AnyReply> {
    const done = callId !== undefined && { done: { callId, reply } };
    await Promise.all([this.#feed.deliver({ key, epoch, origin, events, ...done }), kept]);
    return reply;
  }

  /** Stores the session data of an empty room, and deletes it when the session continues or was closed. */
  #continue(room: Room, events: readonly RoomEvent[]): void {
    for (const event of events) {
      if (event.type === 'roomCreated') this.#continuations.delete(room.key);
      else if (event.type === 'roomClosed' && event.cause !== 'room-closed') {
        this.#continuations.keep(room.key, room.continuation, this.#settings.clock.monotonicMs());
      }
    }
  }

  /** Returns the current position in a room's history; if there is no room, the position after all of its events. */
  #positionOf(key: RoomKey): RoomPosition {
    return this.#rooms.get(roomKeyText(key))?.position ?? { epoch: this.#settings.ids.nextEpoch(), seq: 0 };
  }

  /** Answers a query. @throws GavelError as documented for each query */
  answer<Q extends Query>(subject: SubjectOf<Q>, query: Q): AnswerOf<Q> {
    return this.#reader.answer(subject, query);
  }

  /** Removes silent members from every room that may have some. */
  async sweep(): Promise<void> {
    const { clock } = this.#settings;
    const nowMonotonicMs = clock.monotonicMs();
    this.#continuations.sweep(nowMonotonicMs);
    const origin: Origin = { door: 'server', requestId: 'heartbeat' };
    const due = [...this.#rooms.values()].filter((room) => room.expiryDueMonotonicMs <= nowMonotonicMs);
    const swept = [
      ...due.map((room) => this.execute(room.key, { type: 'expire' }, origin)),
      this.#lobby.sweep(origin),
      ...(this.#tickets.isSweepDue(clock.now()) ? [this.#tickets.sweep(clock.now())] : []),
    ];
    for (const result of await Promise.allSettled(swept)) if (result.status === 'rejected') throw result.reason;
  }

  #roomFor(key: RoomKey, command: RoomCommand): Room {
    const { ids, clock } = this.#settings;
    if (command.type === 'login') {
      return new Room(key, ids.nextEpoch(), this.#settings, this.#continuations.find(key, clock.monotonicMs()));
    }
    throw new GavelError(command.type === 'resume' ? 'resume.refused' : 'room.not-found');
  }

  #checkLogin(key: RoomKey, command: LoginCommand): void {
    const { rules, clock, maxLoginsPerSecond } = this.#settings;
    rules?.checkLogin(key, command);
    const text = roomKeyText(key);
    if (!this.#logins.hasRoom(text, maxLoginsPerSecond, clock.monotonicMs())) throw new GavelError('rate.limited');
    const { maxRooms } = WORLD_LIMITS[key.environment];
    if (!this.#rooms.has(text) && this.#directory.roomCount(key) >= maxRooms) {
      throw new GavelError('login.room-full', `This environment can have at most ${maxRooms} rooms at a time.`);
    }
  }

  /** Checks that a Room cannot make alone: rules, and that a stream id has one user in the whole App (STRM-6). */
  #checkStream(room: Room, command: RoomCommand): void {
    const { rules, maxStreamsPerApp } = this.#settings;
    const { key } = room;
    if (command.type === 'reserveStream') {
      const member = room.findMember(command.memberId);
      if (member) rules?.checkPublish(key, member, command.streamId);
    } else if (command.type === 'addStream') {
      rules?.checkStream(key, command.streamId);
    } else {
      return;
    }
    const holder = this.#directory.roomOfStream(key, command.streamId);
    if (holder && holder.roomId !== key.roomId) throw new GavelError('stream.taken');
    if (!holder && maxStreamsPerApp > 0 && this.#directory.streamCount(key.appId) >= maxStreamsPerApp) {
      throw new GavelError('stream.too-many', `An App can have at most ${maxStreamsPerApp} streams at a time.`);
    }
  }

  /** Changes the other rooms synchronously; each promise settles when the events of that room are delivered. */
  #replaceElsewhere(key: RoomKey, login: LoginCommand, origin: Origin): Promise<unknown>[] {
    const others = this.#directory.roomsOf(key, login.user.id).filter((other) => other.roomId !== key.roomId);
    const command: RoomCommand = { type: 'replace', userId: login.user.id, exceptClientId: login.clientId };
    return others.map((other) => this.#deliver(this.#apply(other, command, origin), origin));
  }
}
