/**
 * Time and ids, injected, so that any history can be replayed in a test.
 *
 * @module
 */

import { randomFillSync, randomUUID } from 'node:crypto';
import type { Epoch, MemberId, PollId, PublishId } from '@gavel/protocol';

/** Gives the time and wakes. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls back every so many milliseconds until the returned function is called. */
  every(periodMs: number, callback: () => void): () => void;
  /** Calls back once after so many milliseconds unless the returned function is called before. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The machine's clock; its timers keep no process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  every(periodMs, callback) {
    const timer = setInterval(callback, periodMs).unref();
    return () => clearInterval(timer);
  },
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

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
