/**
 * Tells a room's members what happens in it. Each event is serialised once for all who see it alike.
 *
 * @module
 */

import {
  CLOSE_CODE_OF_CAUSE,
  CLOSE_CODES,
  type CloseCode,
  type MemberId,
  type PersonalEventFrame,
  roomKeyText,
} from '@gavel/protocol';
import type { RoomEvent, RoomEventOf } from '../rooms/events.ts';
import { type MemberInfo, mayLetIn } from '../rooms/member.ts';
import type { EventBatch, EventSink } from '../rooms/rooms.ts';
import type { WaitingChange, WaitingWatcher } from '../rooms/waiting.ts';
import { type EventView, mediaClosedFrame, publishEndedFrame, roomEventFrame, viewOf, wireWaiting } from './frames.ts';
import { encodeFrame } from './text-frame.ts';

/** A connection, as the fan-out needs it. */
export interface Receiver {
  readonly connectionId: string;
  /** Sends a frame that `encodeFrame` made; a receiver that is too slow is dropped, never waited for. */
  send(frame: Buffer): void;
  /** Closes after what was sent; with a last frame before, if given. */
  close(code: CloseCode, reason: string, last?: Buffer): void;
}

interface Seat {
  readonly member: MemberInfo;
  readonly receiver: Receiver;
}

/** The seats of one room. */
interface RoomSeats {
  readonly all: Map<MemberId, Seat>;
  /** Those who are told of others coming and going: where few are, ten thousand logins must not cost each other. */
  readonly watching: Map<MemberId, Seat>;
}

const isAboutMembers = ({ type }: RoomEvent): boolean => type === 'memberJoined' || type === 'memberLeft';

/** The members connected to this node, by room. */
export class FanOut implements EventSink, WaitingWatcher {
  readonly #receivers = new Map<string, Receiver>();
  readonly #rooms = new Map<string, RoomSeats>();
  readonly #seats = new Map<MemberId, Seat>();

  /** How many connections there are, logged in or not. */
  get connectionCount(): number {
    return this.#receivers.size;
  }

  /** Makes a connection known, before its login, so that it is seated in the same moment as its member joins. */
  register(receiver: Receiver): void {
    this.#receivers.set(receiver.connectionId, receiver);
  }

  unregister(receiver: Receiver): void {
    this.#receivers.delete(receiver.connectionId);
  }

  /** Every connection, for the server's end. */
  receivers(): Receiver[] {
    return [...this.#receivers.values()];
  }

  /** Whether a member is in by this connection. */
  isSeated(memberId: MemberId, receiver: Receiver): boolean {
    return this.#seats.get(memberId)?.receiver === receiver;
  }

  /** Tells one member alone; does nothing when it is not connected. */
  notify(memberId: MemberId, frame: PersonalEventFrame): void {
    this.#seats.get(memberId)?.receiver.send(encodeFrame(frame));
  }

  handle(batch: EventBatch): void {
    const text = roomKeyText(batch.key);
    // Those who are put out hear of it first, and nothing of what follows from it for the others.
    this.#putOut(text, batch.events);
    for (const event of batch.events) this.#tell(text, event);
  }

  /** Who may let others in is told of those who wait; the whole list is in the answer to its login. */
  handleWaiting({ key, waiting, end }: WaitingChange): void {
    const seats = this.#rooms.get(roomKeyText(key));
    if (!seats) return;
    const { memberId } = waiting;
    const bytes = encodeFrame(
      end ? { event: 'waitingRemoved', memberId } : { event: 'waitingAdded', waiting: wireWaiting(waiting) },
    );
    for (const { member, receiver } of seats.all.values()) if (mayLetIn(member)) receiver.send(bytes);
  }

  #tell(room: string, event: RoomEvent): void {
    if (event.type === 'memberJoined' || event.type === 'memberResumed') this.#seat(room, event);
    if (event.type === 'permissionsChanged' || event.type === 'memberUpdated') this.#reseat(room, event.member);
    if (event.type === 'memberDetached') this.#unseat(room, event.member);
    if (event.type === 'streamRemoved') this.#tellUntold(room, event);
    if (event.type === 'streamReleased') this.#tellPublisher(event);
    const seats = this.#rooms.get(room);
    if (!seats) return;
    const encoded = new Map<EventView, Buffer>();
    for (const { member, receiver } of (isAboutMembers(event) ? seats.watching : seats.all).values()) {
      const view = viewOf(event, member);
      if (!view) continue;
      let bytes = encoded.get(view);
      if (!bytes) {
        const frame = roomEventFrame(event, member);
        if (!frame) return;
        bytes = encodeFrame(frame);
        encoded.set(view, bytes);
      }
      receiver.send(bytes);
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

  /** What a member is told goes by what it may do now. */
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

  #putOut(room: string, events: readonly RoomEvent[]): void {
    let last: { readonly event: RoomEventOf<'memberLeft'>; readonly bytes: Buffer } | undefined;
    for (const event of events) {
      if (event.type !== 'memberLeft') continue;
      const seat = this.#unseat(room, event.member);
      const { cause, reason } = event;
      // Who logged out is answered by its own request.
      if (!seat || cause === 'logout') continue;
      // A whole room is put out by the same words.
      if (last?.event.cause !== cause || last.event.reason !== reason) {
        last = { event, bytes: encodeFrame({ event: 'removed', cause, reason } satisfies PersonalEventFrame) };
      }
      seat.receiver.close(CLOSE_CODE_OF_CAUSE[cause], cause, last.bytes);
    }
  }

  /** The acting user's own clients get no list update (STRM-2), but must stop the media all the same (STRM-3). */
  #tellUntold(room: string, event: RoomEventOf<'streamRemoved'>): void {
    if (event.exceptUserId === undefined) return;
    const bytes = encodeFrame(mediaClosedFrame(event));
    for (const seat of this.#rooms.get(room)?.all.values() ?? []) {
      if (seat.member.user.id === event.exceptUserId) seat.receiver.send(bytes);
    }
  }

  /** Nobody else knows of a stream that was not announced. */
  #tellPublisher(event: RoomEventOf<'streamReleased'>): void {
    const frame = publishEndedFrame(event);
    if (frame && event.stream.memberId !== undefined) this.notify(event.stream.memberId, frame);
  }
}
