/**
 * Exact limits over a sliding window, with no more memory than what was admitted lately.
 *
 * @module
 */

/** The times of the calls admitted in the last window, oldest first. */
class Admissions {
  #times: number[] = [];
  #first = 0;

  get newestMs(): number {
    return this.#times.at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  count(nowMs: number, windowMs: number): number {
    while ((this.#times[this.#first] ?? nowMs) <= nowMs - windowMs) this.#first += 1;
    // Cut off in blocks: to shift the array at each call would cost its length every time.
    if (this.#first * 2 > this.#times.length) {
      this.#times = this.#times.slice(this.#first);
      this.#first = 0;
    }
    return this.#times.length - this.#first;
  }

  add(nowMs: number): void {
    this.#times.push(nowMs);
  }
}

/**
 * Sliding windows of one length, by key: no stretch of that length, wherever it begins, has more admissions than asked
 * for (RATE-3). The end of a stretch is not part of it. Times are those of the monotonic clock (ROOM-9).
 *
 * Holds only keys with an admission in the last window.
 */
export class SlidingWindows {
  readonly #windowMs: number;
  /** In the order of their last admission. */
  readonly #keys = new Map<string, Admissions>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** How many keys are held. */
  get size(): number {
    return this.#keys.size;
  }

  /** Tells whether no more than `limit` would be admitted with one more. Uses nothing up. */
  hasRoom(key: string, limit: number, nowMs: number): boolean {
    return (this.#keys.get(key)?.count(nowMs, this.#windowMs) ?? 0) < limit;
  }

  /** Notes an admission; `hasRoom` comes first, in the same moment. */
  take(key: string, nowMs: number): void {
    const admissions = this.#keys.get(key) ?? new Admissions();
    admissions.add(nowMs);
    this.#keys.delete(key);
    this.#keys.set(key, admissions);
    for (const [oldKey, old] of this.#keys) {
      if (old.newestMs > nowMs - this.#windowMs) break;
      this.#keys.delete(oldKey);
    }
  }
}
