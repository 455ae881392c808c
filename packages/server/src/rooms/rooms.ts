/**
 * Rooms: the one way through. Every command of every door goes by `execute`, and its events go from there to the sinks.
 *
 * `execute` is asynchronous although a local room needs no waiting: it is the seam behind which a cluster routes.
 *
 * @module
 */

import { type Epoch, GavelError, isGavelError, type RoomKey, roomKeyText, type StreamId } from '@gavel/protocol';
import type { Origin, RoomCommand } from './commands.ts';
import { Departed, type Departure } from './departed.ts';
import { Directory } from './directory.ts';
import type { RoomEvent } from './events.ts';
import type { MemberInfo } from './member.ts';
import { Room, type RoomSettings } from './room.ts';
import type { StreamInfo } from './stream.ts';
import type { RoomSnapshot, RoomSummary } from './views.ts';

/** Events of one command, as sinks get them. */
export interface EventBatch {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  readonly origin: Origin;
  readonly events: readonly RoomEvent[];
}

/** Takes events on. What it returns is waited for before the command's caller gets its answer. */
export interface EventSink {
  handle(batch: EventBatch): void | Promise<void>;
}

/**
 * The sinks by what they owe. `first` are told in the moment of the change, and begin at once (media closes). What they
 * return, and that `journal` has kept the events, is waited for by the caller; `journal` alone is waited for before
 * anybody else is told: whatever a client hears of has been kept (CB-3).
 */
export interface EventSinks {
  readonly first: readonly EventSink[];
  readonly journal?: EventSink;
  readonly after: readonly EventSink[];
}

/** A member as its own connection needs it, after `login` and `resume`. */
export interface Session {
  readonly member: MemberInfo;
  readonly ticket: string;
  readonly room: RoomSnapshot;
}

/** What a command did. */
export interface Outcome {
  readonly events: readonly RoomEvent[];
  /** After `login` and `resume`: taken in the same moment, so that no event lies between. */
  readonly session?: Session;
}

/** Why a resume is refused for good: thrown as `resume.refused` with these details. */
const detailsOf = ({ cause, reason }: Departure) => ({ cause, reason });

/** All rooms of this server. */
export class Rooms {
  readonly #settings: RoomSettings;
  readonly #sinks: EventSinks;
  readonly #rooms = new Map<string, Room>();
  readonly #directory = new Directory();
  readonly #departed: Departed;
  #stopSweep: (() => void) | undefined;

  constructor(settings: RoomSettings, sinks: EventSinks) {
    this.#settings = settings;
    this.#sinks = sinks;
    this.#departed = new Departed(settings.heartbeatTimeoutMs);
  }

  /** How many rooms there are. */
  get size(): number {
    return this.#rooms.size;
  }

  /** Begins to take out silent members, looking once a second. */
  start(): void {
    this.#stopSweep ??= this.#settings.clock.every(1000, () => void this.sweep());
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
    const text = roomKeyText(key);
    const room = this.#rooms.get(text) ?? this.#roomFor(key, command);
    this.#refuseForeignStream(key, command);
    const events = this.#applyTo(room, command);
    if (room.closed) this.#rooms.delete(text);
    else this.#rooms.set(text, room);
    this.#directory.follow(key, events);
    this.#noteDepartures(events);
    const session = sessionOf(room, events);
    await this.#tellSinks({ key, epoch: room.epoch, origin, events });
    if (command.type === 'login' && command.onDuplicate === 'replace') {
      await this.#replaceElsewhere(key, command, origin);
    }
    return { events, ...(session && { session }) };
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

  /** A live stream of a room, or undefined where there is none. */
  async findStream(key: RoomKey, streamId: StreamId): Promise<StreamInfo | undefined> {
    return this.#rooms.get(roomKeyText(key))?.findStream(streamId);
  }

  /** The room that holds a stream id in the App and environment of `scope`. */
  async roomOfStream(scope: RoomKey, streamId: StreamId): Promise<RoomKey | undefined> {
    return this.#directory.roomOfStream(scope, streamId);
  }

  /** Takes silent members out of every room that may have some. */
  async sweep(): Promise<void> {
    const nowMs = this.#settings.clock.now();
    this.#departed.sweep(nowMs);
    const origin: Origin = { door: 'server', requestId: 'heartbeat' };
    const due = [...this.#rooms.values()].filter((room) => room.expiryDueAtMs <= nowMs);
    await Promise.all(due.map((room) => this.execute(room.key, { type: 'expire' }, origin)));
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

  /** A stream id is one user's in the whole App (STRM-6); inside the room, the room itself sees to it. */
  #refuseForeignStream(key: RoomKey, command: RoomCommand): void {
    if (command.type !== 'reserveStream' && command.type !== 'addStream') return;
    const holder = this.#directory.roomOfStream(key, command.streamId);
    if (holder && holder.roomId !== key.roomId) throw new GavelError('stream.taken');
  }

  #noteDepartures(events: readonly RoomEvent[]): void {
    for (const event of events) {
      if (event.type === 'memberLeft')
        this.#departed.note(event.member.memberId, event.cause, event.reason, event.atMs);
    }
  }

  async #tellSinks(batch: EventBatch): Promise<void> {
    if (batch.events.length === 0) return;
    const begun = tell(this.#sinks.first, batch);
    // A journal keeps batches in the order it gets them, and says so in that order: so the others hear of them in order.
    const kept = this.#sinks.journal?.handle(batch);
    if (kept) await kept;
    await Promise.all([...begun, ...tell(this.#sinks.after, batch)]);
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

function tell(sinks: readonly EventSink[], batch: EventBatch): Promise<void>[] {
  return sinks.flatMap((sink) => sink.handle(batch) ?? []);
}

function sessionOf(room: Room, events: readonly RoomEvent[]): Session | undefined {
  const last = events.at(-1);
  if (last?.type !== 'memberJoined' && last?.type !== 'memberResumed') return undefined;
  const ticket = room.findMember(last.member.memberId)?.ticket;
  return ticket === undefined ? undefined : { member: last.member, ticket, room: room.snapshot() };
}
