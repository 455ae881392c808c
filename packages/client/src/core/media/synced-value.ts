/**
 * A value that the server is to have, however the connection fares.
 *
 * @module
 */

import { Backoff, MEDIA_BACKOFF } from '../backoff.ts';
import { mayRetryLater, toSessionError } from '../errors.ts';
import type { Clock } from '../platform.ts';

/** What a synced value works with. */
export interface SyncedValueTask<T> {
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether the server can be told now. */
  canSend(): boolean;
  send(value: T): Promise<unknown>;
  /** Gives the value to go on with after the server refused one; `before` is what the server has, where that is known. */
  refused(value: T, before: T | undefined): T;
}

/** The value that is wanted last reaches the server: one request at a time, sent again until it is answered. */
export class SyncedValue<T> {
  readonly #task: SyncedValueTask<T>;
  readonly #backoff: Backoff;
  #wanted: T;
  /** What the server has; undefined where that is not known. */
  #confirmed: T | undefined;
  #running: Promise<void> | undefined;
  #isRunning = false;
  #timer: unknown;

  constructor(initial: T, task: SyncedValueTask<T>) {
    this.#wanted = initial;
    this.#task = task;
    this.#backoff = new Backoff(MEDIA_BACKOFF, task.random);
  }

  /** The value that is wanted. */
  get wanted(): T {
    return this.#wanted;
  }

  /**
   * Wants a value. Resolves when the server has the value that is wanted then, or when it cannot be told now: it is told later.
   *
   * @throws SessionError the server's refusal of a value that is still wanted
   */
  set(value: T): Promise<void> {
    this.#wanted = value;
    return this.push();
  }

  /** Takes what the server has; undefined where that is not known any more. */
  confirm(value: T | undefined): void {
    this.#confirmed = value;
  }

  /** Takes a value that the server has set itself. */
  follow(value: T): void {
    this.#wanted = value;
    this.#confirmed = value;
  }

  /** Tells the server what it does not have yet; throws as `set` does. */
  push(): Promise<void> {
    if (this.#running) return this.#running;
    const run = this.#run();
    if (this.#isRunning) this.#running = run;
    return run;
  }

  /** Stops trying. */
  close(): void {
    this.#task.clock.clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#task.clock.clearTimeout(this.#timer);
    this.#isRunning = true;
    try {
      while (this.#confirmed !== this.#wanted && this.#task.canSend()) {
        if (!(await this.#send(this.#wanted))) break;
      }
    } finally {
      // In the same turn as the last comparison: a value that is set after it begins a run of its own.
      this.#isRunning = false;
      this.#running = undefined;
    }
  }

  /** Sends one value; gives false where the server could not be told. */
  async #send(value: T): Promise<boolean> {
    const before = this.#confirmed;
    this.#confirmed = undefined;
    try {
      await this.#task.send(value);
      this.#confirmed = value;
      this.#backoff.reset();
    } catch (error) {
      if (mayRetryLater(toSessionError(error).code)) {
        // The server may have taken it all the same.
        this.#confirmed = undefined;
        this.#retryLater();
        return false;
      }
      this.#confirmed ??= before;
      if (this.#wanted !== value) return true;
      this.#wanted = this.#task.refused(value, before);
      throw error;
    }
    return true;
  }

  #retryLater(): void {
    if (!this.#task.canSend()) return;
    this.#timer = this.#task.clock.setTimeout(() => this.push().catch(() => {}), this.#backoff.next());
  }
}
