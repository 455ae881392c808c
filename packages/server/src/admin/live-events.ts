/**
 * Live events: describes what happens in all rooms with named fields, keeps the last events, and hands them to subscribers
 * in batches. A subscriber that comes back continues after the last event that it has.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { type RoomKey, roomKeyText } from '@gavel/protocol';
import type { LiveEvent, LiveEventType } from '@gavel/protocol/admin';
import type { Bus } from '../bus/bus.ts';
import type { Clock } from '../rooms/clock.ts';
import type { RoomEvent } from '../rooms/events.ts';
import type { User } from '../rooms/member.ts';
import type { EventBatch } from '../rooms/rooms.ts';

/** Number of events that are kept for subscribers that come back. */
export const MAX_KEPT_EVENTS = 10_000;
/** Interval at which subscribers get what has happened, in milliseconds. */
export const FLUSH_INTERVAL_MS = 250;

/** A kept event. */
export interface KeptEvent {
  /** Ascending, without gaps. */
  readonly number: number;
  readonly event: LiveEvent;
}

/** Called with the events since the last call. */
export type LiveHandler = (events: readonly KeptEvent[]) => void;

interface Counts {
  members: number;
  streams: number;
}

type Part = Partial<Omit<LiveEvent, 'type' | keyof RoomKey>> & { readonly type: LiveEventType };

/** The live events of all rooms. */
export class LiveEvents {
  readonly #clock: Clock;
  /** The kept events; that of number n is at n modulo `MAX_KEPT_EVENTS`. */
  readonly #kept: KeptEvent[] = [];
  readonly #counts = new Map<string, Counts>();
  /** The handlers, with the number of the last event that each has received. */
  readonly #handlers = new Map<LiveHandler, number>();
  readonly #instance = randomBytes(6).toString('base64url');
  #lastNumber = 0;
  #stopFlushing: (() => void) | undefined;

  /** Follows the rooms from now on; they must have none of their events behind them. */
  constructor(bus: Pick<Bus, 'subscribe'>, clock: Clock) {
    this.#clock = clock;
    bus.subscribe({ handle: (batch) => this.#follow(batch) });
  }

  /** Number of the last event. */
  get lastNumber(): number {
    return this.#lastNumber;
  }

  /** Writes a number as an event id, which is valid as long as this process runs. */
  idOf(number: number): string {
    return `${this.#instance}-${number}`;
  }

  /** Reads an event id; undefined if it is of another process, or events after it are no longer kept. */
  numberOf(id: string): number | undefined {
    const [, instance, digits = ''] = /^([\w-]+)-(\d{1,15})$/.exec(id) ?? [];
    const number = Number(digits);
    const isKept = number <= this.#lastNumber && number >= this.#lastNumber - this.#kept.length;
    return instance === this.#instance && isKept ? number : undefined;
  }

  /** Hands the events after a number to a handler, from the next flush on. Returns a function that ends it. */
  subscribe(handler: LiveHandler, after: number): () => void {
    this.#handlers.set(handler, after);
    this.#stopFlushing ??= this.#clock.every(FLUSH_INTERVAL_MS, () => this.#flush());
    return () => {
      this.#handlers.delete(handler);
      if (this.#handlers.size > 0) return;
      this.#stopFlushing?.();
      this.#stopFlushing = undefined;
    };
  }

  #flush(): void {
    for (const [handler, after] of [...this.#handlers]) {
      if (after === this.#lastNumber) continue;
      this.#handlers.set(handler, this.#lastNumber);
      handler(this.#since(after));
    }
  }

  /** Returns the kept events after a number; a flush comes long before 10,000 events are overwritten, or some are lost. */
  #since(after: number): KeptEvent[] {
    const first = Math.max(after, this.#lastNumber - this.#kept.length) + 1;
    const events: KeptEvent[] = [];
    for (let number = first; number <= this.#lastNumber; number += 1) {
      const kept = this.#kept[number % MAX_KEPT_EVENTS];
      if (kept) events.push(kept);
    }
    return events;
  }

  #follow({ key, events }: EventBatch): void {
    for (const event of events) {
      const part = describeEvent(event);
      if (!part) continue;
      const counts = this.#countsAfter(key, event);
      const { epoch, atMs } = event;
      this.#lastNumber += 1;
      this.#kept[this.#lastNumber % MAX_KEPT_EVENTS] = {
        number: this.#lastNumber,
        event: { ...key, epoch, atMs, memberCount: counts.members, streamCount: counts.streams, ...part },
      };
    }
  }

  #countsAfter(key: RoomKey, event: RoomEvent): Counts {
    const text = roomKeyText(key);
    const counts = this.#counts.get(text) ?? { members: 0, streams: 0 };
    if (event.type === 'roomCreated') this.#counts.set(text, counts);
    if (event.type === 'roomClosed') this.#counts.delete(text);
    if (event.type === 'memberJoined' || event.type === 'memberLeft') counts.members = event.memberCount;
    if (event.type === 'streamAdded') counts.streams += 1;
    if (event.type === 'streamRemoved') counts.streams -= 1;
    return counts;
  }
}

const who = ({ id, name }: User) => ({ userId: id, userName: name });

/** Returns what is shown of an event; undefined if it is not shown. Every field is named: events contain secrets. */
function describeEvent(event: RoomEvent): Part | undefined {
  switch (event.type) {
    case 'roomCreated':
      return { type: 'room-created', ...who(event.creator) };
    case 'roomClosed':
      return { type: 'room-closed', cause: event.cause, reason: event.reason };
    case 'memberJoined':
    case 'memberUpdated':
    case 'memberDetached':
    case 'memberResumed':
    case 'memberLeft': {
      const { memberId, user, joinedAtMs, address } = event.member;
      const end = event.type === 'memberLeft' && { cause: event.cause, reason: event.reason };
      return { type: MEMBER_EVENTS[event.type], memberId, ...who(user), joinedAtMs, address, ...end };
    }
    case 'streamAdded':
    case 'streamUpdated':
    case 'streamRemoved': {
      const { streamId, user, memberId, audio, video } = event.stream;
      const end = event.type === 'streamRemoved' && { cause: event.cause };
      return {
        type: STREAM_EVENTS[event.type],
        streamId,
        ...who(user),
        ...(memberId !== undefined && { memberId }),
        audio,
        video,
        ...end,
      };
    }
    case 'waitingAdded':
      return { type: 'waiting-added', memberId: event.waiting.memberId, ...who(event.waiting.user) };
    case 'waitingRemoved': {
      const { waiting, end } = event;
      const reason = end.kind === 'removed' && { reason: end.reason };
      return { type: 'waiting-removed', memberId: waiting.memberId, ...who(waiting.user), cause: end.kind, ...reason };
    }
    default:
      return undefined;
  }
}

const MEMBER_EVENTS = {
  memberJoined: 'member-joined',
  memberUpdated: 'member-updated',
  memberDetached: 'member-detached',
  memberResumed: 'member-resumed',
  memberLeft: 'member-left',
} as const;
const STREAM_EVENTS = {
  streamAdded: 'stream-added',
  streamUpdated: 'stream-updated',
  streamRemoved: 'stream-removed',
} as const;

/** Summarises events: one `room-changed` for each room that has changed and still exists, beside creations and ends. */
export function summariseRooms(events: readonly KeptEvent[]): LiveEvent[] {
  const shown: LiveEvent[] = [];
  const changed = new Map<string, LiveEvent>();
  for (const { event } of events) {
    const text = `${event.appId}/${event.environment}/${event.roomId}`;
    if (event.type === 'room-created' || event.type === 'room-closed') {
      shown.push(event);
      changed.delete(text);
    } else if (event.memberCount > 0) {
      const { appId, environment, roomId, epoch, atMs, memberCount, streamCount } = event;
      changed.set(text, { type: 'room-changed', appId, environment, roomId, epoch, atMs, memberCount, streamCount });
    }
  }
  return [...shown, ...changed.values()];
}
