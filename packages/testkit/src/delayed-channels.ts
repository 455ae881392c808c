/**
 * Channels on which messages take a random time and arrive in the order in which they were sent.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from './random.ts';

/** How messages are delayed. */
export interface Delays {
  /** The same seed gives the same delays. */
  readonly seed: number;
  /** The longest delay of one message, in milliseconds of real time; 0: no message is delayed. */
  readonly maxMs: number;
}

/** Channels by name. Messages of one channel arrive in order; channels do not wait for each other. */
export class DelayedChannels {
  readonly #maxMs: number;
  readonly #random: () => number;
  /** By channel: settles when the last message has arrived. */
  readonly #last = new Map<string, Promise<void>>();

  constructor({ seed, maxMs }: Delays) {
    this.#maxMs = maxMs;
    this.#random = createRandom(seed);
  }

  /** Resolves when a message that is sent now on a channel arrives. */
  async pass(channel: string): Promise<void> {
    if (this.#maxMs === 0) return;
    // The messages travel at the same time: a message waits for the arrival of the one before, not for its turn to leave.
    const travelled = sleep(this.#random() * this.#maxMs);
    const before = this.#last.get(channel);
    const arrived = before ? Promise.all([before, travelled]).then(() => undefined) : travelled;
    this.#last.set(channel, arrived);
    await arrived;
    if (this.#last.get(channel) === arrived) this.#last.delete(channel);
  }
}
