/**
 * Joins successive RTP sources into one continuous RTP stream, so that players continue when a publisher re-negotiates.
 *
 * @module
 */

import { diffSequence } from './sequence.ts';

const START_GUARD = 0x1000;

/** Maps a source's sequence numbers and timestamps to the output's. */
export class RtpRewriter {
  /** The output's sequence number of the packet last rewritten. */
  sequence = 0;
  /** The output's timestamp of the packet last rewritten. */
  timestamp = 0;

  readonly #clockRate: number;
  #isSwitching = true;
  #hasOutput = false;
  #highestSequence = 0;
  #newestTimestamp = 0;
  #newestAtMs = 0;
  #sequenceOffset = 0;
  #timestampOffset = 0;
  /** The source's first sequence number, as long as earlier numbers can be distinguished from wrapped ones. */
  #first: number | undefined;

  /** @param clockRate ticks per second of the RTP timestamp */
  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /** The next packet is from a new source: sequence numbers and timestamps continue where the last source ended. */
  switchSource(): void {
    this.#isSwitching = true;
  }

  /** Sets `sequence` and `timestamp` for one packet; returns `false` for one before its source's first packet. */
  rewrite(sequence: number, timestamp: number, nowMs: number): boolean {
    if (this.#isSwitching) this.#begin(sequence, timestamp, nowMs);
    if (this.#first !== undefined) {
      const distance = diffSequence(sequence, this.#first);
      // Earlier output sequence numbers belong to the previous source.
      if (distance < 0) return false;
      if (distance > START_GUARD) this.#first = undefined;
    }
    this.sequence = (sequence + this.#sequenceOffset) & 0xffff;
    this.timestamp = (timestamp + this.#timestampOffset) >>> 0;
    if (!this.#hasOutput || diffSequence(this.sequence, this.#highestSequence) > 0) {
      this.#highestSequence = this.sequence;
      this.#newestTimestamp = this.timestamp;
      this.#newestAtMs = nowMs;
      this.#hasOutput = true;
    }
    return true;
  }

  /** Maps a timestamp of the current source, as in its sender reports; undefined before its first packet. */
  mapTimestamp(timestamp: number): number | undefined {
    return this.#isSwitching ? undefined : (timestamp + this.#timestampOffset) >>> 0;
  }

  #begin(sequence: number, timestamp: number, nowMs: number): void {
    this.#isSwitching = false;
    this.#first = sequence;
    if (!this.#hasOutput) return;
    const elapsed = Math.max(1, Math.round(((nowMs - this.#newestAtMs) * this.#clockRate) / 1000));
    this.#sequenceOffset = (this.#highestSequence + 1 - sequence) & 0xffff;
    this.#timestampOffset = (this.#newestTimestamp + elapsed - timestamp) | 0;
  }
}
