/**
 * A clock that advances only on request. For tests only.
 *
 * @module
 */

import type { Clock } from '../core/platform.ts';

interface Timer {
  atMs: number;
  readonly task: () => void;
}

/** Waits until all pending promise callbacks have run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
}

/** A clock that advances only on request. */
export class FakeClock implements Clock {
  #nowMs = 5000;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#nowMs;
  }

  /** The number of active timers. */
  get pending(): number {
    return this.#timers.size;
  }

  setTimeout(task: () => void, delayMs: number): unknown {
    const timer = { atMs: this.#nowMs + delayMs, task };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as Timer);
  }

  /** The machine sleeps: the wall clock goes on, and timers stand still. */
  sleep(forMs: number): void {
    this.#nowMs += forMs;
    for (const timer of this.#timers) timer.atMs += forMs;
  }

  /** Advances the time and runs the timers that become due, in order. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    await settle();
    for (;;) {
      const [next] = [...this.#timers].filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (!next) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.task();
      await settle();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}
