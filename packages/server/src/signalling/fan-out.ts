/**
 * Sends a room's events to its members. Each event is serialised once for all members that have the same view of it.
 *
 * @module
 */

import {
  CLOSE_CODE_OF_CAUSE,
  CLOSE_CODES,
  type CloseCode,
  type MemberId,
  type PersonalEventFrame,
  type RoomKey,
  roomKeyText,
} from '@gavel/protocol';
import type { Notice, Subscriber } from '../bus/bus.ts';
import type { EventBatch } from '../owner/rooms.ts';
import type { RoomEvent, RoomEventOf } from '../rooms/events.ts';
import { type MemberInfo, mayLetIn } from '../rooms/member.ts';
import type { Session } from '../rooms/views.ts';
import type { Waiting, WaitingLoss } from '../rooms/waiting.ts';
import {
  createViewFinder,
  type EventView,
  mediaClosedFrame,
  publishEndedFrame,
  roomEventFrame,
  wireWaiting,
} from './frames.ts';
import { encodeFrame } from './text-frame.ts';

/** The interface of a connection that the fan-out uses. */
export interface Receiver {
  readonly connectionId: string;
  /** Sends a frame made by `encodeFrame`. A receiver that is too slow is disconnected; nothing waits for it. */
  send(frame: Buffer): void;
  /** Keeps the frames sent from now on, until `uncork` writes all of them at once. */
  cork(): void;
  uncork(): void;
  /** Closes the connection after the frames sent so far and, if given, one last frame. */
  close(code: CloseCode, reason: string, last?: Buffer): void;
}

/** How the wait of a connection's user ended. */
export type WaitingEnd = WaitingLoss | { readonly kind: 'admitted'; readonly session: Session };

interface Seat {
  readonly member: MemberInfo;
  readonly receiver: Receiver;
}

/** The connected members of one room. */
interface RoomSeats {
  readonly all: Map<MemberId, Seat>;
  /** The members that receive joins and leaves. A separate map, so that a login need not visit every member. */
  readonly watching: Map<MemberId, Seat>;
}

/** The frames of a batch with more events are not kept to be written at once: a large batch would look like a slow reader. */
const MAX_EVENTS_TOGETHER = 16;

const isAboutWaiting = ({ type }: RoomEvent): boolean =>
  type === 'waitingAdded' || type === 'waitingRemoved' || type === 'admissionAnswered' || type === 'waitingAccepted';

const isAboutMembers = ({ type }: RoomEvent): boolean => type === 'memberJoined' || type === 'memberLeft';

const isAboutMember = (
  event: RoomEvent,
): event is RoomEventOf<'permissionsChanged' | 'memberUpdated' | 'stageChanged'> =>
  event.type === 'permissionsChanged' || event.type === 'memberUpdated' || event.type === 'stageChanged';

/** The members connected to this node, by room. */
export class FanOut implements Subscriber {
  readonly #receivers = new Map<string, Receiver>();
  readonly #rooms = new Map<string, RoomSeats>();
  readonly #seats = new Map<MemberId, Seat>();
  /** By connection: the end of its user's wait for admission. */
  readonly #waits = new Map<string, PromiseWithResolvers<WaitingEnd>>();
  /** The receivers that get frames of the batch that is being sent; undefined if each frame is written by itself. */
  #corked: Set<Receiver> | undefined;

  /** Number of connections, logged in or not. */
  get connectionCount(): number {
    return this.#receivers.size;
  }

  /** Registers a connection before its login, so that it receives events from the moment its member joins. */
  register(receiver: Receiver): void {
    this.#receivers.set(receiver.connectionId, receiver);
  }

  unregister(receiver: Receiver): void {
    this.#receivers.delete(receiver.connectionId);
    this.#waits.delete(receiver.connectionId);
  }

  /** Returns every connection, for the shutdown of the server. */
  receivers(): Receiver[] {
    return [...this.#receivers.values()];
  }

  /** Returns whether a member is attached to this connection. */
  isSeated(memberId: MemberId, receiver: Receiver): boolean {
    return this.#seats.get(memberId)?.receiver === receiver;
  }

  /** Returns the current state of a connected member, as the events sent to it say; undefined if it is not connected. */
  findMember(memberId: MemberId): MemberInfo | undefined {
    return this.#seats.get(memberId)?.member;
  }

  /** Resolves when the wait of a connection's user has ended; never if the connection does not wait. */
  waitEndOf({ connectionId }: Receiver): Promise<WaitingEnd> {
    return this.#waitOf(connectionId).promise;
  }

  #waitOf(connectionId: string): PromiseWithResolvers<WaitingEnd> {
    const wait = this.#waits.get(connectionId) ?? Promise.withResolvers<WaitingEnd>();
    if (this.#receivers.has(connectionId)) this.#waits.set(connectionId, wait);
    return wait;
  }

  /** Keeps the end of a wait for its connection, which may not have answered the login yet. */
  #endWait({ connectionId }: Waiting, end: WaitingEnd): void {
    this.#waitOf(connectionId).resolve(end);
  }

  /** Sends an event to the members that it is for, as far as they are connected here. */
  notify({ key, to, frame }: Notice): void {
    const seats = to ? to.flatMap((memberId) => this.#seats.get(memberId) ?? []) : this.#seatsOf(key);
    const [first] = seats;
    if (!first) return;
    const bytes = encodeFrame(frame);
    for (const { receiver } of seats) receiver.send(bytes);
  }

  #seatsOf(key: RoomKey): readonly Seat[] {
    return [...(this.#rooms.get(roomKeyText(key))?.all.values() ?? [])];
  }

  /**
   * Disconnects the members of a room that are connected here, because events for them were lost. Their clients resume, and
   * get the whole state.
   */
  disconnectRoom(key: RoomKey): void {
    for (const { member, receiver } of this.#seatsOf(key)) {
      this.#unseat(roomKeyText(key), member);
      receiver.close(CLOSE_CODES.goingAway, 'events were lost');
    }
  }

  handle({ key, events }: EventBatch): void {
    const text = roomKeyText(key);
    // Removed members are notified first, and do not receive the events that the others receive about the removal.
    this.#closeRemoved(text, events);
    if (events.length > 1 && events.length <= MAX_EVENTS_TOGETHER) this.#corked = new Set();
    try {
      for (const event of events) {
        if (isAboutWaiting(event)) this.#handleWaiting(text, event);
        else this.#sendEvent(text, event);
      }
    } finally {
      for (const receiver of this.#corked ?? []) receiver.uncork();
      this.#corked = undefined;
    }
  }

  /** Sends a frame of a batch. A write costs more than a frame, so all frames of a receiver are one write. */
  #send(receiver: Receiver, frame: Buffer): void {
    if (this.#corked !== undefined && !this.#corked.has(receiver)) {
      this.#corked.add(receiver);
      receiver.cork();
    }
    receiver.send(frame);
  }

  /** Sends a change of the waiting room to the members that may admit users. Their login answer has all waiting users. */
  #notifyHosts(room: string, frame: PersonalEventFrame): void {
    const hosts = [...(this.#rooms.get(room)?.all.values() ?? [])].filter(({ member }) => mayLetIn(member));
    if (hosts.length === 0) return;
    const bytes = encodeFrame(frame);
    for (const { receiver } of hosts) receiver.send(bytes);
  }

  #handleWaiting(room: string, event: RoomEvent): void {
    switch (event.type) {
      case 'waitingAdded':
        return this.#notifyHosts(room, { event: 'waitingAdded', waiting: wireWaiting(event.waiting) });
      case 'waitingRemoved': {
        const { waiting, end } = event;
        this.#notifyHosts(room, { event: 'waitingRemoved', memberId: waiting.memberId });
        // An admitted user gets the answer to its login.
        if (end.kind !== 'admitted') this.#endWait(waiting, end);
        return;
      }
      case 'admissionAnswered': {
        const { waiting, answer } = event;
        this.#endWait(waiting, 'error' in answer ? { kind: 'refused', ...answer } : { kind: 'admitted', ...answer });
      }
    }
  }

  #sendEvent(room: string, event: RoomEvent): void {
    if (event.type === 'memberJoined' || event.type === 'memberResumed') this.#seat(room, event);
    if (isAboutMember(event)) this.#reseat(room, event.member);
    if (event.type === 'memberDetached') this.#unseat(room, event.member);
    if (event.type === 'streamRemoved') this.#sendMediaClosed(room, event);
    if (event.type === 'streamReleased') this.#notifyPublisher(event);
    const seats = this.#rooms.get(room);
    if (!seats) return;
    const encoded = new Map<EventView, Buffer>();
    const findView = createViewFinder(event);
    for (const { member, receiver } of (isAboutMembers(event) ? seats.watching : seats.all).values()) {
      const view = findView(member);
      if (!view) continue;
      let bytes = encoded.get(view);
      if (!bytes) {
        const frame = roomEventFrame(event, member, view);
        if (!frame) return;
        bytes = encodeFrame(frame);
        encoded.set(view, bytes);
      }
      this.#send(receiver, bytes);
    }
  }

  #seat(room: string, event: RoomEventOf<'memberJoined' | 'memberResumed'>): void {
    const { member } = event;
    const before = this.#seats.get(member.memberId)?.receiver;
    if (before && before.connectionId !== event.connectionId) {
      before.close(CLOSE_CODES.superseded, 'resumed by another connection');
    }
    const receiver = this.#receivers.get(event.connectionId);
    if (!receiver) return;
    this.#place(room, { member, receiver });
  }

  #place(room: string, seat: Seat): void {
    const { memberId, wantsMembers } = seat.member;
    const seats = this.#rooms.get(room) ?? { all: new Map(), watching: new Map() };
    this.#rooms.set(room, seats);
    this.#seats.set(memberId, seat);
    seats.all.set(memberId, seat);
    if (wantsMembers) seats.watching.set(memberId, seat);
  }

  /** Updates the member of a seat: its current permissions decide which events it receives. */
  #reseat(room: string, member: MemberInfo): void {
    const before = this.#seats.get(member.memberId);
    if (before) this.#place(room, { ...before, member });
  }

  #unseat(room: string, member: MemberInfo): Seat | undefined {
    const seat = this.#seats.get(member.memberId);
    const seats = this.#rooms.get(room);
    this.#seats.delete(member.memberId);
    seats?.all.delete(member.memberId);
    seats?.watching.delete(member.memberId);
    if (seats?.all.size === 0) this.#rooms.delete(room);
    return seat;
  }

  #closeRemoved(room: string, events: readonly RoomEvent[]): void {
    let last: { readonly event: RoomEventOf<'memberLeft'>; readonly bytes: Buffer } | undefined;
    for (const event of events) {
      if (event.type !== 'memberLeft') continue;
      const seat = this.#unseat(room, event.member);
      const { cause, reason } = event;
      // A member that logged out gets the answer to its own request.
      if (!seat || cause === 'logout') continue;
      // When a room closes, all members get the same frame: it is encoded once.
      if (last?.event.cause !== cause || last.event.reason !== reason) {
        last = { event, bytes: encodeFrame({ event: 'removed', cause, reason } satisfies PersonalEventFrame) };
      }
      seat.receiver.close(CLOSE_CODE_OF_CAUSE[cause], cause, last.bytes);
    }
  }

  /** The acting user's own clients get no stream list update (STRM-2), but must still stop the media (STRM-3). */
  #sendMediaClosed(room: string, event: RoomEventOf<'streamRemoved'>): void {
    if (event.exceptUserId === undefined) return;
    const bytes = encodeFrame(mediaClosedFrame(event));
    for (const seat of this.#rooms.get(room)?.all.values() ?? []) {
      if (seat.member.user.id === event.exceptUserId) this.#send(seat.receiver, bytes);
    }
  }

  /** Only the publisher is notified: other members do not know a stream that was never announced. */
  #notifyPublisher(event: RoomEventOf<'streamReleased'>): void {
    const frame = publishEndedFrame(event);
    const seat = event.stream.memberId !== undefined && this.#seats.get(event.stream.memberId);
    if (frame && seat) seat.receiver.send(encodeFrame(frame));
  }
}
