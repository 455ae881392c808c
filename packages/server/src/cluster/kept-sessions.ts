/**
 * What this node keeps of sessions whose room is empty at another node: if that node dies, the next life of the room goes on with
 * what hosts have restricted, and with its stores (HOST-4, STORE-4, CLUS-3).
 *
 * @module
 */

import { type Epoch, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import { RepeatedWork } from '../base/repeated-work.ts';
import type { Continuation } from '../rooms/continuation.ts';
import type { RoomEvent } from '../rooms/events.ts';
import type { Room } from '../rooms/room.ts';

/** A session whose room is empty, as nodes send it to each other. */
export interface KeptSession {
  /** The term of the owner in which the room became empty, and the life that it ended. */
  readonly term: number;
  readonly epoch: Epoch;
  readonly continuation: Continuation;
  /** How long the session can still continue, in milliseconds. */
  readonly remainingMs: number;
}

interface Kept extends Omit<KeptSession, 'remainingMs'> {
  readonly untilMonotonicMs: number;
}

/** Interval at which expired sessions are deleted. */
const SWEEP_MS = 60_000;

/** The sessions, by room. */
export class KeptSessions {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  /** Deletes expired sessions. */
  readonly sweep: RepeatedWork;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.sweep = new RepeatedWork(clock, SWEEP_MS, () => {
      const nowMs = clock.monotonicMs();
      for (const [room, { untilMonotonicMs }] of this.#kept) if (untilMonotonicMs <= nowMs) this.#kept.delete(room);
    });
  }

  /** Follows events of a room of another node. @param room after the events; undefined if they are of a session without a room */
  follow(key: RoomKey, term: number, events: readonly RoomEvent[], room?: Room): void {
    for (const event of events) {
      if (event.type === 'roomCreated' || event.type === 'sessionClosed') this.#kept.delete(roomKeyText(key));
      if (event.type === 'roomClosed' && event.cause !== 'room-closed' && room) this.#keep(key, term, room);
    }
  }

  /** Returns the session of a room; undefined if there is none, or it can continue no longer. */
  find(key: RoomKey): KeptSession | undefined {
    const kept = this.#kept.get(roomKeyText(key));
    if (!kept) return undefined;
    const { untilMonotonicMs, ...session } = kept;
    const remainingMs = untilMonotonicMs - this.#clock.monotonicMs();
    return remainingMs > 0 ? { ...session, remainingMs } : undefined;
  }

  #keep(key: RoomKey, term: number, { epoch, continuation }: Room): void {
    if (continuation.keptMs === 0) return;
    const untilMonotonicMs = this.#clock.monotonicMs() + continuation.keptMs;
    this.#kept.set(roomKeyText(key), { term, epoch, continuation, untilMonotonicMs });
  }
}
