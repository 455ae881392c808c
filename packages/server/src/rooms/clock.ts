/**
 * Time and ids, injected, so that any history can be replayed in a test.
 *
 * @module
 */

import { randomFillSync, randomUUID } from 'node:crypto';
import type { Epoch, MemberId, PollId, PublishId } from '@gavel/protocol';

/**
 * Gives the time and calls back. There are two times (ROOM-9): `now` for what is shown, kept, or compared with a time
 * that others set (ends of bans and tokens); `monotonicMs` for every duration within this process.
 */
export interface Clock {
  /** The wall clock: milliseconds since the Unix epoch. It can be set forward or back at any moment. */
  now(): number;
  /** Milliseconds since a moment that has no meaning. It never goes back and never jumps, whatever the wall clock does. */
  monotonicMs(): number;
  /** Calls back every so many milliseconds until the returned function is called. */
  every(periodMs: number, callback: () => void): () => void;
  /** Calls back once after so many milliseconds unless the returned function is called before. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The machine's clock; its timers keep no process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  every(periodMs, callback) {
    const timer = setInterval(callback, periodMs).unref();
    return () => clearInterval(timer);
  },
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

/** How often a wait for a wall-clock time looks at the wall clock again, in milliseconds. */
const WALL_CHECK_MS = 10_000;

/**
 * Calls back once when the wall clock has reached a time, unless the returned function is called before. A wall clock that
 * is set forward is noticed within 10 s; one that is set back lengthens the wait.
 *
 * @param atMs milliseconds since the Unix epoch; `Infinity` never comes
 */
export function callAtWallTime(clock: Clock, atMs: number, callback: () => void): () => void {
  const wait = (): (() => void) => {
    const leftMs = Math.max(0, atMs - clock.now());
    return clock.after(Math.min(leftMs, WALL_CHECK_MS), () => {
      if (clock.now() >= atMs) callback();
      else cancel = wait();
    });
  };
  let cancel = wait();
  return () => cancel();
}

/** Gives ids that are never used twice. */
export interface IdSource {
  /** Rises with every call, over restarts too as long as the clock does (ROOM-3). */
  nextEpoch(): Epoch;
  nextMemberId(): MemberId;
  nextPublishId(): PublishId;
  nextPollId(): PollId;
  /** A secret of 128 bits. */
  nextTicket(): string;
}

/** 128 bits. */
const TICKET_BYTES = 16;
const TICKETS_AT_ONCE = 256;

/** Random ids; epochs are milliseconds since the Unix epoch, shifted by 20 bits, plus a counter. */
export function createIdSource(clock: Clock): IdSource {
  let lastEpoch = 0n;
  return {
    nextEpoch() {
      const fromClock = BigInt(clock.now()) << 20n;
      lastEpoch = fromClock > lastEpoch ? fromClock : lastEpoch + 1n;
      return lastEpoch as Epoch;
    },
    nextMemberId: () => randomUUID() as MemberId,
    nextPublishId: () => `s-${randomUUID()}` as PublishId,
    nextPollId: () => randomUUID() as PollId,
    nextTicket: createTicketSource(),
  };
}

/** Asks the system for the randomness of many tickets at once: to ask for each costs as much as all else of a ticket. */
function createTicketSource(): () => string {
  const pool = Buffer.alloc(TICKET_BYTES * TICKETS_AT_ONCE);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const ticket = pool.toString('base64url', used, used + TICKET_BYTES);
    // What was given out is kept by its member alone.
    pool.fill(0, used, used + TICKET_BYTES);
    used += TICKET_BYTES;
    return ticket;
  };
}
