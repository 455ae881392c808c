/**
 * Which packets of a publisher are missing, and when to ask for them again (MED-4).
 *
 * @module
 */

/** A gap younger than this, in milliseconds, may be mere reordering. */
export const reorderToleranceMs = 10;

/** Milliseconds between two requests for the same packet. */
export const nackIntervalMs = 80;

/** Milliseconds after which a packet is given up and a keyframe asked for instead. */
export const nackGiveUpMs = 1_000;

const maxNacks = 10;
const maxMissing = 500;

interface Missing {
  readonly sinceMs: number;
  requestedAtMs: number;
  requests: number;
}

/** What `NackGenerator.handlePacket` found. */
export type PacketNovelty = 'next' | 'recovered' | 'late';

/** What `NackGenerator.collect` wants done. */
export interface NackWork {
  /** Unwrapped sequence numbers to ask for, rising. */
  readonly sequences: readonly number[];
  /** Whether so much is lost for good that only a keyframe helps. */
  readonly needsKeyframe: boolean;
}

/** Tracks the gaps in one source's unwrapped sequence numbers. */
export class NackGenerator {
  readonly #missing = new Map<number, Missing>();
  #highest = -1;
  #overflowed = false;
  #lost = 0;

  /** Packets ever found missing, recovered ones included. */
  get lost(): number {
    return this.#lost;
  }

  /** Notes a packet's arrival. */
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
    if (gap + this.#missing.size > maxMissing) {
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

  /** Tells what is to be asked for now; undefined when nothing is. */
  collect(nowMs: number): NackWork | undefined {
    if (this.#missing.size === 0 && !this.#overflowed) return undefined;
    let needsKeyframe = this.#overflowed;
    this.#overflowed = false;
    const sequences: number[] = [];
    for (const [sequence, missing] of this.#missing) {
      if (nowMs - missing.sinceMs < reorderToleranceMs || nowMs - missing.requestedAtMs < nackIntervalMs) continue;
      if (nowMs - missing.sinceMs >= nackGiveUpMs || missing.requests >= maxNacks) {
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
