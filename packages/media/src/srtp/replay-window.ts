/**
 * Replay protection for packets of one source (RFC 3711, 3.3.1 and 3.3.2).
 *
 * @module
 */

const SEQUENCES = 0x1_0000;
const HALF = 0x8000;

/** Remembers which of the last packets have arrived, or were sent. */
export class ReplayWindow {
  readonly #size: number;
  readonly #bits: Uint32Array;
  #highest = -1;

  /** @param size how far behind the highest index a packet is still accepted; a multiple of 32 */
  constructor(size: number) {
    this.#size = size;
    this.#bits = new Uint32Array(size >> 5);
  }

  /** The highest index that was recorded; -1 before the first. */
  get highest(): number {
    return this.#highest;
  }

  /**
   * Estimates the index that a sequence number stands for: the one nearest to the highest index.
   *
   * @returns the index, or a negative number for a packet from before the first rollover, which cannot exist
   */
  estimateIndex(sequence: number): number {
    if (this.#highest < 0) return sequence;
    const expected = this.#highest % SEQUENCES;
    const rollovers = (this.#highest - expected) / SEQUENCES;
    const difference = sequence - expected;
    if (difference > HALF) return (rollovers - 1) * SEQUENCES + sequence;
    if (difference < -HALF) return (rollovers + 1) * SEQUENCES + sequence;
    return rollovers * SEQUENCES + sequence;
  }

  /** Whether an index is not above the highest, and not too old. */
  covers(index: number): boolean {
    return index >= 0 && index <= this.#highest && index > this.#highest - this.#size;
  }

  /** Whether a packet of this index has not arrived yet and is not too old. */
  isNew(index: number): boolean {
    if (index < 0 || index <= this.#highest - this.#size) return false;
    return index > this.#highest || (this.#wordOf(index) & maskOf(index)) === 0;
  }

  /** Records an index for which `isNew` or `covers` returned `true`. Call it only for authenticated packets. */
  record(index: number): void {
    if (index > this.#highest) {
      this.#clear(this.#highest + 1, index);
      this.#highest = index;
    }
    this.#bits[(index % this.#size) >> 5] = this.#wordOf(index) | maskOf(index);
  }

  #wordOf(index: number): number {
    return this.#bits[(index % this.#size) >> 5] as number;
  }

  /** Clears the places of the indices from `first` to `last`, which held those of one window before. */
  #clear(first: number, last: number): void {
    if (last - first >= this.#size) {
      this.#bits.fill(0);
      return;
    }
    for (let index = first; index <= last; index += 1) {
      this.#bits[(index % this.#size) >> 5] = this.#wordOf(index) & ~maskOf(index);
    }
  }
}

/** Sizes of windows are multiples of 32, so that a place in the window and its index have the same place in their word. */
function maskOf(index: number): number {
  return 1 << (index % 32);
}
