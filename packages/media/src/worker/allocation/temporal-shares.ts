/**
 * Measures what the temporal layers of a video take of its rate.
 *
 * @module
 */

const MAX_TEMPORAL_LAYERS = 4;
/** After this many bytes, older ones count half. */
const MEMORY_BYTES = 500_000;

/** Counts the bytes of each temporal layer of one layer. */
export class TemporalShares {
  readonly #bytes = new Float64Array(MAX_TEMPORAL_LAYERS);
  #total = 0;

  /** @param temporalLayer from 0 to 3 */
  add(temporalLayer: number, bytes: number): void {
    this.#bytes[temporalLayer] = (this.#bytes[temporalLayer] as number) + bytes;
    this.#total += bytes;
    if (this.#total > MEMORY_BYTES) this.#forgetHalf();
  }

  /** Returns the share of the bytes that the temporal layers up to each one take; the last is 1. */
  read(): number[] {
    const shares: number[] = [];
    let sum = 0;
    for (const bytes of this.#bytes) {
      if (this.#total - sum <= 0) break;
      sum += bytes;
      shares.push(sum / this.#total);
    }
    return shares.length === 0 ? [1] : shares;
  }

  #forgetHalf(): void {
    this.#total = 0;
    for (const [index, bytes] of this.#bytes.entries()) {
      // Whole bytes, so that the sum is exact, and a layer that is gone is forgotten.
      this.#bytes[index] = Math.floor(bytes / 2);
      this.#total += Math.floor(bytes / 2);
    }
  }
}
