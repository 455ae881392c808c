/**
 * Tracks the missing packets of a publisher, and decides when to send NACKs for them (MED-4).
 *
 * @module
 */

/** A gap younger than this, in milliseconds, may be caused by reordering. */
export const REORDER_TOLERANCE_MS = 10;

/** Milliseconds between two requests for the same packet. */
export const NACK_INTERVAL_MS = 80;

/** Milliseconds after which a packet counts as lost and a keyframe is requested instead. */
export const NACK_GIVE_UP_MS = 1_000;

const MAX_NACKS = 10;
const MAX_MISSING = 500;

interface Missing {
  readonly sinceMs: number;
  requestedAtMs: number;
  requests: number;
}

/** The result of `NackGenerator.handlePacket`. */
export type PacketNovelty = 'next' | 'recovered' | 'late';

/** The result of `NackGenerator.collect`. */
export interface NackWork {
  /** Unwrapped sequence numbers to request, in ascending order. */
  readonly sequences: readonly number[];
  /** Whether packets are permanently lost, so that a keyframe is needed. */
  readonly needsKeyframe: boolean;
}

/** Tracks the gaps in one source's unwrapped sequence numbers. */
export class NackGenerator {
  readonly #missing = new Map<number, Missing>();
  #highest = -1;
  #overflowed = false;
  #lost = 0;

  /** Total number of packets detected as missing, including recovered ones. */
  get lost(): number {
    return this.#lost;
  }

  /** Records the arrival of a packet. */
  handlePacket(sequence: number, nowMs: number): PacketNovelty {
    if (this.#highest < 0) {
      this.#highest = sequence;
      return 'next';
    }
    if (sequence <= this.#highest) {
      const missing = this.#missing.get(sequence);
      this.#missing.delete(sequence);
      return missing !== undefined && missing.requests > 0 ? 'recovered' : 'late';
    }
    const gap = sequence - this.#highest - 1;
    this.#lost += gap;
    if (gap + this.#missing.size > MAX_MISSING) {
      this.#missing.clear();
      this.#overflowed = true;
    } else {
      for (let lost = this.#highest + 1; lost < sequence; lost += 1) {
        this.#missing.set(lost, { sinceMs: nowMs, requestedAtMs: Number.NEGATIVE_INFINITY, requests: 0 });
      }
    }
    this.#highest = sequence;
    return 'next';
  }

  /** Returns what to request now; undefined if there is nothing to request. */
  collect(nowMs: number): NackWork | undefined {
    if (this.#missing.size === 0 && !this.#overflowed) return undefined;
    let needsKeyframe = this.#overflowed;
    this.#overflowed = false;
    const sequences: number[] = [];
    for (const [sequence, missing] of this.#missing) {
      if (nowMs - missing.sinceMs < REORDER_TOLERANCE_MS || nowMs - missing.requestedAtMs < NACK_INTERVAL_MS) continue;
      if (nowMs - missing.sinceMs >= NACK_GIVE_UP_MS || missing.requests >= MAX_NACKS) {
        this.#missing.delete(sequence);
        needsKeyframe = true;
        continue;
      }
      missing.requests += 1;
      missing.requestedAtMs = nowMs;
      sequences.push(sequence);
    }
    if (sequences.length === 0 && !needsKeyframe) return undefined;
    return { sequences, needsKeyframe };
  }
}
