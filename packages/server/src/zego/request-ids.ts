/**
 * Request ids: the decimal text that identifies a call in its response, the log and the audit log (ACC-5).
 *
 * @module
 */

import { randomInt } from 'node:crypto';
import type { Clock } from '../base/clock.ts';

/** Generates request ids. */
export interface RequestIds {
  /** Returns at most 19 digits; unique in a process, and almost certainly unique across processes. */
  next(): string;
}

/** Creates ascending ids from the time in milliseconds and 20 random bits. */
export function createRequestIds(clock: Clock): RequestIds {
  let last = 0n;
  return {
    next() {
      const fromClock = (BigInt(clock.now()) << 20n) | BigInt(randomInt(1 << 20));
      last = fromClock > last ? fromClock : last + 1n;
      return last.toString();
    },
  };
}
