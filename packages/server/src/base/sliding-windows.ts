/**
 * Exact rate limits over a sliding window. Memory use is proportional to the calls admitted in the window.
 *
 * @module
 */

/** The times of the calls admitted in the window, oldest first. */
class Admissions {
  #times: number[] = [];
  #first = 0;

  get newestMs(): number {
    return this.#times.at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  count(nowMs: number, windowMs: number): number {
    while ((this.#times[this.#first] ?? nowMs) <= nowMs - windowMs) this.#first += 1;
    // Old times are removed in blocks: removing one at a time would cost the array's length per call.
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
 * Sliding windows of one length, by key: no interval of that length has more admissions than the limit (RATE-3). The
 * end of an interval is exclusive. Times are those of the monotonic clock (ROOM-9).
 *
 * Stores only keys with an admission in the window.
 */
export class SlidingWindows {
  readonly #windowMs: number;
  /** In the order of the last admission. */
  readonly #keys = new Map<string, Admissions>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Number of stored keys. */
  get size(): number {
    return this.#keys.size;
  }

  /** Returns whether one more admission is within `limit`. Does not count it. */
  hasRoom(key: string, limit: number, nowMs: number): boolean {
    return (this.#keys.get(key)?.count(nowMs, this.#windowMs) ?? 0) < limit;
  }

  /** Counts an admission. The caller must call `hasRoom` first, with the same time. */
  record(key: string, nowMs: number): void {
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
