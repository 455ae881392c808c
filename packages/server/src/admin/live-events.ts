/**
 * Live events: describes what happens in all rooms with named fields, and keeps the last events. A reader that comes back
 * continues after the last event that it has.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { type RoomKey, roomKeyText } from '@gavel/protocol';
import type { LiveEvent, LiveEventType } from '@gavel/protocol/admin';
import type { Bus } from '../bus/bus.ts';
import type { EventBatch } from '../owner/rooms.ts';
import type { RoomEvent } from '../rooms/events.ts';
import type { User } from '../rooms/member.ts';

/** Number of events that are kept for readers that come back. */
export const MAX_KEPT_EVENTS = 10_000;

/** What is after an event. */
export interface EventPage {
  /** Whether all events after it are known; otherwise it has none, and the reader goes on after `lastId`. */
  readonly isComplete: boolean;
  readonly events: readonly LiveEvent[];
  /** The id of the last event of all. */
  readonly lastId: string;
}

interface Counts {
  members: number;
  streams: number;
}

type Part = Partial<Omit<LiveEvent, 'type' | keyof RoomKey>> & { readonly type: LiveEventType };

/** The live events of all rooms. */
export class LiveEvents {
  /** The kept events; that of number n is at n modulo `MAX_KEPT_EVENTS`. */
  readonly #kept: LiveEvent[] = [];
  readonly #counts = new Map<string, Counts>();
  readonly #instance = randomBytes(6).toString('base64url');
  #lastNumber = 0;

  /** Follows the rooms from now on; they must have none of their events behind them. */
  constructor(bus: Pick<Bus, 'subscribe'>) {
    bus.subscribe({ handle: (batch) => this.#follow(batch) });
  }

  /** Returns the events after one, whose id is valid as long as this process runs; without an id, those from now on: none. */
  read(afterId?: string): EventPage {
    const lastId = `${this.#instance}-${this.#lastNumber}`;
    const after = afterId === undefined ? this.#lastNumber : this.#numberOf(afterId);
    if (after === undefined) return { isComplete: false, events: [], lastId };
    const events: LiveEvent[] = [];
    for (let number = after + 1; number <= this.#lastNumber; number += 1) {
      const kept = this.#kept[number % MAX_KEPT_EVENTS];
      if (kept) events.push(kept);
    }
    return { isComplete: true, events, lastId };
  }

  /** Reads an event id; undefined if it is of another process, or events after it are no longer kept. */
  #numberOf(id: string): number | undefined {
    const [, instance, digits = ''] = /^([\w-]+)-(\d{1,15})$/.exec(id) ?? [];
    const number = Number(digits);
    const isKept = number <= this.#lastNumber && number >= this.#lastNumber - this.#kept.length;
    return instance === this.#instance && isKept ? number : undefined;
  }

  #follow({ key, events }: EventBatch): void {
    for (const event of events) {
      const part = describeEvent(event);
      if (!part) continue;
      const counts = this.#countsAfter(key, event);
      const { epoch, atMs } = event;
      this.#lastNumber += 1;
      const figures = { memberCount: counts.members, streamCount: counts.streams };
      this.#kept[this.#lastNumber % MAX_KEPT_EVENTS] = { ...key, epoch, atMs, ...figures, ...part };
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
export function summariseRooms(events: readonly LiveEvent[]): LiveEvent[] {
  const shown: LiveEvent[] = [];
  const changed = new Map<string, LiveEvent>();
  for (const event of events) {
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
