/**
 * Clock and id source. They are injected so that tests can control time and ids.
 *
 * @module
 */

import { randomFillSync, randomUUID } from 'node:crypto';
import type { Epoch, MemberId, PollId, PublishId } from '@gavel/protocol';

/**
 * A clock with timers. It has two times (ROOM-9): `now` for times that are shown, stored, or compared with times set by
 * others (ends of bans and tokens); `monotonicMs` for every duration within this process.
 */
export interface Clock {
  /** Wall-clock time: milliseconds since the Unix epoch. It can be set forward or back at any time. */
  now(): number;
  /** Milliseconds since an arbitrary moment. It never goes back or jumps, even if the wall clock is changed. */
  monotonicMs(): number;
  /** Calls the callback every `periodMs` milliseconds until the returned function is called. */
  every(periodMs: number, callback: () => void): () => void;
  /** Calls the callback once after `delayMs` milliseconds, unless the returned function is called first. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The system clock. Its timers do not keep the process alive. */
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

/** Interval, in milliseconds, at which a wait for a wall-clock time reads the wall clock again. */
const WALL_CHECK_MS = 10_000;

/**
 * Calls the callback once when the wall clock reaches a time, unless the returned function is called first. If the wall
 * clock is set forward, this is noticed within 10 s; if it is set back, the wait is longer.
 *
 * @param atMs milliseconds since the Unix epoch; with `Infinity`, the callback is never called
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

/** Generates unique ids. */
export interface IdSource {
  /** Increases with every call, also across restarts, unless the wall clock was set back (ROOM-3). */
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

/** Number of low bits of an epoch that are different for the nodes of a cluster. */
const NODE_BITS = 10n;

/**
 * Creates random ids. Epochs are milliseconds since the Unix epoch, shifted left by 20 bits, plus a counter. Those of a node of a
 * cluster have its number in their low bits, so that rooms that begin at two nodes in one millisecond have different epochs.
 *
 * @param node a number from 0 to 1023; absent in a single process
 */
export function createIdSource(clock: Clock, node?: number): IdSource {
  const step = node === undefined ? 1n : 1n << NODE_BITS;
  const offset = BigInt(node ?? 0);
  let lastEpoch = 0n;
  return {
    nextEpoch() {
      const fromClock = (BigInt(clock.now()) << 20n) + offset;
      lastEpoch = fromClock > lastEpoch ? fromClock : lastEpoch + step;
      return String(lastEpoch) as Epoch;
    },
    nextMemberId: () => randomUUID() as MemberId,
    nextPublishId: () => `s-${randomUUID()}` as PublishId,
    nextPollId: () => randomUUID() as PollId,
    nextTicket: createTicketSource(),
  };
}

/** Reads the random bytes of many tickets at once: one read per ticket would double the cost of a ticket. */
function createTicketSource(): () => string {
  const pool = Buffer.alloc(TICKET_BYTES * TICKETS_AT_ONCE);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const ticket = pool.toString('base64url', used, used + TICKET_BYTES);
    // The bytes are cleared, so that the pool does not contain tickets in use.
    pool.fill(0, used, used + TICKET_BYTES);
    used += TICKET_BYTES;
    return ticket;
  };
}
