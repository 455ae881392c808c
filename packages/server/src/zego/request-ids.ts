/**
 * Request ids: the decimal text that names a call in its answer, the logs and the audit log (ACC-5).
 *
 * @module
 */

import { randomInt } from 'node:crypto';
import type { Clock } from '../rooms/clock.ts';

/** Returns request ids. */
export interface RequestIds {
  /** At most 19 digits; never the same twice in a process, and hardly ever in two. */
  next(): string;
}

/** Creates ids of the time in milliseconds and 20 random bits; they rise. */
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
