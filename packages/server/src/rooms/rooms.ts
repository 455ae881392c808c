/**
 * Rooms: the one way through. Every command of every door goes by `execute`, and its events go from there to the sinks.
 *
 * `execute` is asynchronous although a local room needs no waiting: it is the seam behind which a cluster routes.
 *
 * @module
 */

import { GavelError, isGavelError, type MemberId, type RoomKey, roomKeyText, type StreamId } from '@gavel/protocol';
import type { BanScope } from './bans.ts';
import type { ChatMessage, ChatQuery } from './chat-history.ts';
import type { CommandOf, KickTarget, LoginCommand, Origin, RoomCommand } from './commands.ts';
import { Departed, type Departure } from './departed.ts';
import { Directory } from './directory.ts';
import { EventFeed, type EventSinks } from './event-feed.ts';
import type { RoomEvent } from './events.ts';

export type { EventBatch, EventSink, EventSinks } from './event-feed.ts';
export type { Session } from './views.ts';

import { Lobby } from './lobby.ts';
import { type MemberInfo, mayLetIn } from './member.ts';
import { Room, type RoomSettings } from './room.ts';
import { WORLD_LIMITS } from './room-limits.ts';
import { type World, worldText } from './rule-keeper.ts';
import { SlidingWindows } from './sliding-windows.ts';
import type { StreamInfo } from './stream.ts';
import { StreamHistory, type StreamState } from './stream-history.ts';
import type { RoomSnapshot, RoomSummary, Session } from './views.ts';
import type { Waiting, WaitingWatcher } from './waiting.ts';

/** What a command did. */
export interface Outcome {
  readonly events: readonly RoomEvent[];
  /** After `login` and `resume`: taken in the same moment, so that no event lies between. */
  readonly session?: Session;
  /** After a `login` that has to wait; then nothing else has happened. */
  readonly waiting?: Waiting;
  /** Who waited to be let in, and was taken off the list by this `kick`. */
  readonly turnedAway?: readonly Waiting[];
}

/** Why a resume is refused for good: thrown as `resume.refused` with these details. */
const detailsOf = ({ cause, reason }: Departure) => ({ cause, reason });

/** What Rooms needs beside what each Room does. */
export interface RoomsSettings extends RoomSettings {
  /** Most logins to one room in any second (LIM-1). */
  readonly maxLoginsPerSecond: number;
  /** Called with what went wrong where no caller waits: when silent members are taken out. */
  readonly report?: (error: unknown) => void;
  /** Most streams of one App, in both environments, reserved ones included; 0 is no limit (LIM-7). */
  readonly maxStreamsPerApp: number;
}

const NOTHING: Outcome = { events: [] };

/** What a room's change comes to, before anybody is told. */
interface Change {
  readonly room: Room;
  readonly events: readonly RoomEvent[];
  readonly session: Session | undefined;
}

/** All rooms of this server. */
export class Rooms {
  readonly #settings: RoomsSettings;
  readonly #feed: EventFeed;
  readonly #rooms = new Map<string, Room>();
  readonly #directory = new Directory();
  readonly #departed: Departed;
  readonly #history = new StreamHistory();
  readonly #logins = new SlidingWindows(1000);
  readonly #lobby: Lobby;
  #stopSweep: (() => void) | undefined;

  constructor(settings: RoomsSettings, sinks: EventSinks, watchers: readonly WaitingWatcher[] = []) {
    this.#settings = settings;
    this.#lobby = new Lobby({
      ...settings,
      watchers,
      isAttended: (key) => this.#rooms.get(roomKeyText(key))?.isAttended ?? false,
      takesLogins: (key) =>
        this.#logins.hasRoom(roomKeyText(key), settings.maxLoginsPerSecond, settings.clock.monotonicMs()),
      enter: async (key, login, origin) => {
        this.#checkLogin(key, login);
        return requireSession(await this.#enter(key, login, origin));
      },
    });
    this.#feed = new EventFeed(sinks);
    this.#departed = new Departed(settings.heartbeatTimeoutMs);
  }

  /** How many rooms there are. */
  get size(): number {
    return this.#rooms.size;
  }

  /** Begins to take out silent members, looking once a second. */
  start(): void {
    const report = this.#settings.report ?? (() => undefined);
    this.#stopSweep ??= this.#settings.clock.every(1000, () => void this.sweep().catch(report));
  }

  /** Stops looking for silent members; rooms stay. */
  stop(): void {
    this.#stopSweep?.();
    this.#stopSweep = undefined;
  }

  /**
   * Does a command to a room. When it resolves, every sink has done its part: media is closed, callbacks are kept.
   *
   * @throws GavelError `room.not-found` where there is no such room (`login` makes it), and as the command says
   */
  async execute(key: RoomKey, command: RoomCommand, origin: Origin): Promise<Outcome> {
    if (command.type === 'login') return this.#login(key, command, origin);
    if (this.#lobby.execute(key, command, origin)) return NOTHING;
    if (command.type === 'kick') return this.#kick(key, command, origin);
    const change = this.#apply(key, command, origin);
    if (command.type === 'answerWaiting') await this.#lobby.answer(key, command, origin);
    return this.#deliver(change, origin);
  }

  async #login(key: RoomKey, command: LoginCommand, origin: Origin): Promise<Outcome> {
    this.#checkLogin(key, command);
    if (this.#lobby.mustWait(key, command)) {
      // To ask is to log in, as far as limits go: the list is no way around them.
      this.#logins.take(roomKeyText(key), this.#settings.clock.monotonicMs());
      return { ...NOTHING, waiting: await this.#lobby.hold(key, command, origin) };
    }
    return this.#enter(key, command, origin);
  }

  async #enter(key: RoomKey, command: LoginCommand, origin: Origin): Promise<Outcome> {
    const change = this.#apply(key, this.#capped(key, command), origin);
    this.#logins.take(roomKeyText(key), this.#settings.clock.monotonicMs());
    const delivered = this.#deliver(change, origin);
    // Its own news have begun to be told: those who have waited for it come after it.
    if (mayLetIn(command)) void this.#lobby.admit(key, origin);
    try {
      const outcome = await delivered;
      if (command.onDuplicate === 'replace') await this.#replaceElsewhere(key, command, origin);
      return outcome;
    } catch (error) {
      // The login is refused: nobody would own the member.
      const memberId = change.session?.member.memberId;
      if (memberId) await this.execute(key, { type: 'logout', memberId }, origin).catch(() => undefined);
      throw error;
    }
  }

  /** A kick finds those who wait as well: whom it names is out, wherever it is. */
  async #kick(key: RoomKey, command: CommandOf<'kick'>, origin: Origin): Promise<Outcome> {
    const { targets, require, reason } = command;
    const named = (target: KickTarget) => (command.by === undefined ? this.#lobby.named(key, target) : []);
    const turnedAway = [...new Set(targets.flatMap(named))];
    if (turnedAway.length === 0) return this.#deliver(this.#apply(key, command, origin), origin);
    // The room is asked for the others alone: it would miss those who wait.
    const room = this.#rooms.get(roomKeyText(key));
    const rest = targets.filter((target) => room?.has(target) || (require === 'all' && named(target).length === 0));
    const change = rest.length > 0 ? this.#apply(key, { ...command, targets: rest }, origin) : undefined;
    this.#lobby.remove(key, turnedAway, reason, origin);
    return { ...(change ? await this.#deliver(change, origin) : NOTHING), turnedAway };
  }

  /** Changes a room, and what is known of all rooms, in one moment. */
  #apply(key: RoomKey, command: RoomCommand, origin: Origin): Change {
    const text = roomKeyText(key);
    const room = this.#rooms.get(text) ?? this.#roomFor(key, command);
    this.#checkStream(room, command);
    const events = this.#applyTo(room, command);
    if (room.closed) this.#rooms.delete(text);
    else this.#rooms.set(text, room);
    this.#directory.follow(key, events);
    this.#history.follow(key, events);
    this.#noteDepartures(events);
    this.#lobby.follow(key, events, origin);
    return { room, events, session: sessionOf(room, events) };
  }

  async #deliver({ room, events, session }: Change, origin: Origin): Promise<Outcome> {
    await this.#feed.deliver({ key: room.key, epoch: room.epoch, origin, events });
    return { events, ...(session && { session }) };
  }

  /** Those who wait to be let in, in the order of asking. */
  async waiting(key: RoomKey): Promise<readonly Waiting[]> {
    return this.#lobby.waiting(key);
  }
  /** The whole state of a room, or undefined where there is none. */
  async snapshot(key: RoomKey): Promise<RoomSnapshot | undefined> {
    return this.#rooms.get(roomKeyText(key))?.snapshot();
  }

  /** Figures of a room, or undefined where there is none. */
  async summary(key: RoomKey): Promise<RoomSummary | undefined> {
    return this.#rooms.get(roomKeyText(key))?.summary();
  }

  /** The events of a room after `seq`, or undefined where some of them are not kept any more. */
  async eventsSince(key: RoomKey, seq: number): Promise<readonly RoomEvent[] | undefined> {
    return this.#rooms.get(roomKeyText(key))?.eventsSince(seq);
  }

  /** What was said in a room, oldest first, as far as one member may read it (CHAT-4). */
  async chat(key: RoomKey, reader: MemberId, query: ChatQuery): Promise<readonly ChatMessage[]> {
    return this.#rooms.get(roomKeyText(key))?.chat(reader, query) ?? [];
  }

  /** A member of a room as it is now, or undefined where it is not in. */
  async findMember(key: RoomKey, memberId: MemberId): Promise<MemberInfo | undefined> {
    return this.#rooms.get(roomKeyText(key))?.findMemberInfo(memberId);
  }

  /** A stream that a member publishes, live or reserved, or undefined where there is none. */
  async findOwnStream(key: RoomKey, memberId: MemberId, streamId: StreamId): Promise<StreamInfo | undefined> {
    return this.#rooms.get(roomKeyText(key))?.findOwnStream(memberId, streamId);
  }

  /** A live stream of a room, or undefined where there is none. */
  async findStream(key: RoomKey, streamId: StreamId): Promise<StreamInfo | undefined> {
    return this.#rooms.get(roomKeyText(key))?.findStream(streamId);
  }

  /** The room that holds a stream id in a world. */
  async roomOfStream(world: World, streamId: StreamId): Promise<RoomKey | undefined> {
    return this.#directory.roomOfStream(world, streamId);
  }

  /** Whether a stream id is forbidden in a world now. */
  isForbidden(world: World, streamId: StreamId): boolean {
    return this.#settings.rules?.forbidden.has(world, streamId) ?? false;
  }

  /** What is known of a stream id in a world: of those that have ended, the last 10,000. */
  async streamState(world: World, streamId: StreamId): Promise<StreamState> {
    const key = this.#directory.roomOfStream(world, streamId);
    const live = key && this.#rooms.get(roomKeyText(key))?.findStream(streamId);
    if (live) return { state: 'live', createdAtMs: live.createdAtMs };
    return this.#history.find(world, streamId) ?? { state: 'unknown' };
  }

  /** The rooms of a world in which somebody of a scope may be. A scope of an address alone costs the number of rooms. */
  keysOf(world: World, scope: BanScope): readonly RoomKey[] {
    if ('roomId' in scope) return [{ ...world, roomId: scope.roomId }];
    if ('userId' in scope) return this.#directory.roomsOf(world, scope.userId);
    const text = worldText(world);
    return [...this.#rooms.values()].flatMap(({ key }) => (worldText(key) === text ? key : []));
  }

  /** Takes silent members out of every room that may have some. */
  async sweep(): Promise<void> {
    const nowMonotonicMs = this.#settings.clock.monotonicMs();
    this.#departed.sweep(nowMonotonicMs);
    const origin: Origin = { door: 'server', requestId: 'heartbeat' };
    const due = [...this.#rooms.values()].filter((room) => room.expiryDueMonotonicMs <= nowMonotonicMs);
    const swept = [...due.map((room) => this.execute(room.key, { type: 'expire' }, origin)), this.#lobby.sweep(origin)];
    for (const result of await Promise.allSettled(swept)) if (result.status === 'rejected') throw result.reason;
  }

  #roomFor(key: RoomKey, command: RoomCommand): Room {
    if (command.type === 'login') return new Room(key, this.#settings.ids.nextEpoch(), this.#settings);
    if (command.type === 'resume') throw this.#refusal(command.memberId);
    throw new GavelError('room.not-found');
  }

  #applyTo(room: Room, command: RoomCommand): readonly RoomEvent[] {
    try {
      return room.apply(command);
    } catch (error) {
      if (command.type === 'resume') throw this.#refusal(command.memberId);
      throw error;
    }
  }

  #refusal(memberId: MemberInfo['memberId']): GavelError {
    const departure = this.#departed.find(memberId);
    return new GavelError('resume.refused', undefined, departure && detailsOf(departure));
  }

  #checkLogin(key: RoomKey, command: LoginCommand): void {
    const { rules, clock, maxLoginsPerSecond } = this.#settings;
    rules?.checkLogin(key, command);
    const text = roomKeyText(key);
    if (!this.#logins.hasRoom(text, maxLoginsPerSecond, clock.monotonicMs())) throw new GavelError('rate.limited');
    const { maxRooms } = WORLD_LIMITS[key.environment];
    if (!this.#rooms.has(text) && this.#directory.roomCount(key) >= maxRooms) {
      throw new GavelError('login.room-full', `This environment may have ${maxRooms} rooms at a time.`);
    }
  }

  /** The room's cap is the smaller one of what its first login says and what its world allows (TEST-1). */
  #capped(key: RoomKey, command: LoginCommand): LoginCommand {
    const { maxMembers } = WORLD_LIMITS[key.environment];
    if (!Number.isFinite(maxMembers)) return command;
    return { ...command, maxMemberCount: Math.min(command.maxMemberCount || maxMembers, maxMembers) };
  }

  /** What a room cannot know by itself: rules, and that a stream id is one user's in the whole App (STRM-6). */
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

  #noteDepartures(events: readonly RoomEvent[]): void {
    const nowMonotonicMs = this.#settings.clock.monotonicMs();
    for (const event of events) {
      if (event.type === 'memberLeft')
        this.#departed.note(event.member.memberId, event.cause, event.reason, nowMonotonicMs);
    }
  }

  async #replaceElsewhere(key: RoomKey, login: Extract<RoomCommand, { type: 'login' }>, origin: Origin): Promise<void> {
    const others = this.#directory.roomsOf(key, login.user.id).filter((other) => other.roomId !== key.roomId);
    const command: RoomCommand = { type: 'replace', userId: login.user.id, exceptClientId: login.clientId };
    const replaced = others.map((other) =>
      this.execute(other, command, origin).catch((error: unknown) => {
        // The room may have ended since it was looked up: then nobody is left to replace.
        if (!isGavelError(error, 'room.not-found')) throw error;
      }),
    );
    await Promise.all(replaced);
  }
}

function sessionOf(room: Room, events: readonly RoomEvent[]): Session | undefined {
  const last = events.at(-1);
  if (last?.type !== 'memberJoined' && last?.type !== 'memberResumed') return undefined;
  const { member } = last;
  const ticket = room.findMember(member.memberId)?.ticket;
  if (ticket === undefined) return undefined;
  return { member, ticket, room: room.snapshot({ withMembers: member.wantsMembers }) };
}

/** @throws Error where a login was refused without a word: a fault */
export function requireSession({ session }: Outcome): Session {
  if (!session) throw new Error('a login made no session');
  return session;
}
