/**
 * A clock that stands still until a test moves it.
 *
 * @module
 */

interface Timer {
  dueAtMs: number;
  readonly periodMs: number | undefined;
  readonly callback: () => void;
}

/**
 * A clock that a test controls. It implements the server's `Clock`: its timers and `monotonicMs` move only with `advance`,
 * `now` also with `stepWall`.
 */
export class FakeClock {
  /** Far from any wall-clock time, so that a test fails if code confuses the two. */
  #monotonicMs = 5000;
  /** The difference between the wall clock and the monotonic clock. */
  #wallOffsetMs: number;
  readonly #timers = new Set<Timer>();

  /** @param startMs milliseconds since the Unix epoch */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = startMs - this.#monotonicMs;
  }

  now(): number {
    return this.#monotonicMs + this.#wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** Sets the wall clock forward, or back by a negative number. No time passes. */
  stepWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  every(periodMs: number, callback: () => void): () => void {
    return this.#add({ dueAtMs: this.#monotonicMs + periodMs, periodMs, callback });
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#add({ dueAtMs: this.#monotonicMs + delayMs, periodMs: undefined, callback });
  }

  /** Advances the time, and calls every due timer in order, each at its own time. */
  advance(ms: number): void {
    const endMs = this.#monotonicMs + ms;
    for (let timer = this.#nextDue(endMs); timer; timer = this.#nextDue(endMs)) {
      this.#monotonicMs = timer.dueAtMs;
      if (timer.periodMs === undefined) this.#timers.delete(timer);
      else timer.dueAtMs += timer.periodMs;
      timer.callback();
    }
    this.#monotonicMs = endMs;
  }

  #nextDue(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAtMs <= endMs && (!next || timer.dueAtMs < next.dueAtMs)) next = timer;
    }
    return next;
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}
