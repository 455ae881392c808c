/**
 * Arithmetic of wrapping numbers: RTP sequence numbers (16 bits) and timestamps (32 bits).
 *
 * @module
 */

/** The signed distance from `from` to `to` in 16-bit sequence numbers: -32768..32767. */
export function diffSequence(to: number, from: number): number {
  return ((to - from) << 16) >> 16;
}

/** Unwraps 16-bit sequence numbers into ascending numbers, correct within half a cycle of the highest number. */
export class SequenceUnwrapper {
  #highest = -1;
  #isAhead = false;

  /** The highest unwrapped number so far; -1 before the first. */
  get highest(): number {
    return this.#highest;
  }

  /** Unwraps the next number as one after the highest, however many were left out in between. */
  continueAhead(): void {
    this.#isAhead = this.#highest >= 0;
  }

  /** Unwraps one number. The first is moved up by one cycle, so that an earlier one is never below zero. */
  unwrap(sequence: number): number {
    if (this.#highest < 0) {
      this.#highest = sequence + 0x10000;
      return this.#highest;
    }
    const unwrapped = this.#isAhead
      ? this.#highest + 1 + ((sequence - this.#highest - 1) & 0xffff)
      : this.#highest + diffSequence(sequence, this.#highest & 0xffff);
    this.#isAhead = false;
    if (unwrapped > this.#highest) this.#highest = unwrapped;
    return unwrapped;
  }
}
