/**
 * A network link in virtual time: a queue of limited length in front of a bottleneck, then delay, jitter and loss.
 *
 * @module
 */

/** The properties of a link. */
export interface LinkOptions {
  /** The rate of the bottleneck at a time, in bits per second. */
  readonly bps: (timeMs: number) => number;
  /** Delay of one direction, in milliseconds, without the queue. */
  readonly delayMs: number;
  /** Each packet is delayed by up to this many further milliseconds. */
  readonly jitterMs?: number;
  /** The share of packets that is lost at random, from 0 to 1. */
  readonly loss?: number;
  /** The longest queue, in milliseconds at the present rate; packets that do not fit are lost. */
  readonly queueMs: number;
  /** A seeded source of numbers from 0 to 1. */
  readonly random: () => number;
}

/** Where and when one packet ends. */
export interface Transit {
  /** Undefined for a lost packet. */
  readonly arrivedAtMs: number | undefined;
  /** Milliseconds in the queue. */
  readonly queuedMs: number;
}

/** Passes packets in the order in which they are sent; several senders may share it. */
export class SimulatedLink {
  readonly #options: LinkOptions;
  #freeAtMs = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** When the bottleneck has passed all packets that were sent so far, in milliseconds. */
  get freeAtMs(): number {
    return this.#freeAtMs;
  }

  /** Sends one packet; times of successive calls never go back. */
  send(bytes: number, nowMs: number): Transit {
    const { bps, delayMs, jitterMs = 0, loss = 0, queueMs, random } = this.#options;
    const queuedMs = Math.max(0, this.#freeAtMs - nowMs);
    const isLost = random() < loss;
    const jitter = random() * jitterMs;
    if (queuedMs > queueMs) return { arrivedAtMs: undefined, queuedMs };
    const startMs = Math.max(nowMs, this.#freeAtMs);
    this.#freeAtMs = startMs + (bytes * 8_000) / bps(startMs);
    return { arrivedAtMs: isLost ? undefined : this.#freeAtMs + delayMs + jitter, queuedMs };
  }
}
