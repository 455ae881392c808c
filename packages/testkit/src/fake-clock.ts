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

/** Time in a test's hand. It fits the server's `Clock`. */
export class FakeClock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();

  /** @param startMs milliseconds since the Unix epoch */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  every(periodMs: number, callback: () => void): () => void {
    return this.#add({ dueAtMs: this.#nowMs + periodMs, periodMs, callback });
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#add({ dueAtMs: this.#nowMs + delayMs, periodMs: undefined, callback });
  }

  /** Moves time on, calling every timer that falls due, in order, each at its own time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let timer = this.#nextDue(endMs); timer; timer = this.#nextDue(endMs)) {
      this.#nowMs = timer.dueAtMs;
      if (timer.periodMs === undefined) this.#timers.delete(timer);
      else timer.dueAtMs += timer.periodMs;
      timer.callback();
    }
    this.#nowMs = endMs;
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
