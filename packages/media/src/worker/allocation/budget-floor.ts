/**
 * The lowest budget of the last seconds.
 *
 * @module
 */

interface Sample {
  readonly atMs: number;
  readonly bps: number;
}

/** Records budgets; each holds until the next one. */
export class BudgetFloor {
  readonly #windowMs: number;
  #samples: Sample[] = [];

  /** @param windowMs how long the past is kept, in milliseconds */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  record(bps: number, nowMs: number): void {
    const last = this.#samples.at(-1);
    if (last?.bps !== bps) this.#samples.push({ atMs: nowMs, bps });
    const startMs = nowMs - this.#windowMs;
    const first = this.#samples.findLastIndex(({ atMs }) => atMs <= startMs);
    if (first > 0) this.#samples.splice(0, first);
  }

  /** Returns the lowest budget of a time until now, not longer than the window; 0 if the records do not go back so far. */
  read(windowMs: number, nowMs: number): number {
    const startMs = nowMs - windowMs;
    const first = this.#samples.findLastIndex(({ atMs }) => atMs <= startMs);
    if (first < 0) return 0;
    let lowest = Number.POSITIVE_INFINITY;
    for (let index = first; index < this.#samples.length; index += 1) {
      lowest = Math.min(lowest, (this.#samples[index] as Sample).bps);
    }
    return lowest;
  }
}
