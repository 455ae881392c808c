/**
 * Compares when bursts of packets were sent with when they arrived.
 *
 * @module
 */

/** Packets that were sent within this time, in milliseconds, are one burst. */
const BURST_MS = 5;
/** A burst that arrives all at once after a pause is merged up to this length, in milliseconds. */
const MAX_BURST_MS = 100;
/** An arrival clock that jumps by more than this, in milliseconds, was set: the comparison starts anew. */
const MAX_CLOCK_JUMP_MS = 3_000;

interface Burst {
  firstSentAtMs: number;
  lastSentAtMs: number;
  firstArrivedAtMs: number;
  lastArrivedAtMs: number;
}

/** The times between two bursts, in milliseconds. */
export interface BurstDelta {
  readonly sentMs: number;
  readonly arrivedMs: number;
}

/** Groups packets into bursts, so that a sender's own bursts are not mistaken for a queue. */
export class BurstDeltas {
  #current: Burst | undefined;
  #previous: Burst | undefined;

  /** Records a packet, in the order of sending; returns the delta of the two bursts before it if it begins a new one. */
  add(sentAtMs: number, arrivedAtMs: number): BurstDelta | undefined {
    const current = this.#current;
    if (current === undefined) {
      this.#current = createBurst(sentAtMs, arrivedAtMs);
      return undefined;
    }
    // Reordered packets say nothing about the queue.
    if (sentAtMs < current.firstSentAtMs) return undefined;
    if (this.#belongs(current, sentAtMs, arrivedAtMs)) {
      current.lastSentAtMs = Math.max(current.lastSentAtMs, sentAtMs);
      current.lastArrivedAtMs = Math.max(current.lastArrivedAtMs, arrivedAtMs);
      return undefined;
    }
    const delta = this.#compare(current);
    this.#previous = current;
    this.#current = createBurst(sentAtMs, arrivedAtMs);
    return delta;
  }

  #compare(current: Burst): BurstDelta | undefined {
    const previous = this.#previous;
    if (previous === undefined) return undefined;
    const sentMs = current.lastSentAtMs - previous.lastSentAtMs;
    const arrivedMs = current.lastArrivedAtMs - previous.lastArrivedAtMs;
    return Math.abs(arrivedMs - sentMs) > MAX_CLOCK_JUMP_MS || arrivedMs < 0 ? undefined : { sentMs, arrivedMs };
  }

  #belongs(burst: Burst, sentAtMs: number, arrivedAtMs: number): boolean {
    if (sentAtMs - burst.firstSentAtMs <= BURST_MS) return true;
    // A network that delivers in batches, such as Wi-Fi, delivers them faster than they were sent.
    const propagationMs = arrivedAtMs - burst.lastArrivedAtMs - (sentAtMs - burst.lastSentAtMs);
    return (
      propagationMs < 0 &&
      arrivedAtMs - burst.lastArrivedAtMs <= BURST_MS &&
      arrivedAtMs - burst.firstArrivedAtMs < MAX_BURST_MS
    );
  }
}

function createBurst(sentAtMs: number, arrivedAtMs: number): Burst {
  return {
    firstSentAtMs: sentAtMs,
    lastSentAtMs: sentAtMs,
    firstArrivedAtMs: arrivedAtMs,
    lastArrivedAtMs: arrivedAtMs,
  };
}
