/**
 * A value that is sent to the server until the server has it, across lost connections.
 *
 * @module
 */

import { Backoff, MEDIA_BACKOFF } from '../backoff.ts';
import { mayRetryLater, toSessionError } from '../errors.ts';
import type { Clock } from '../platform.ts';

/** Dependencies of a synced value. */
export interface SyncedValueTask<T> {
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether the value can be sent now. */
  canSend(): boolean;
  send(value: T): Promise<unknown>;
  /** Returns the value to use after the server refused one; `before` is the server's value, if known. */
  refused(value: T, before: T | undefined): T;
}

/** Sends the latest desired value to the server: one request at a time, repeated until it is answered. */
export class SyncedValue<T> {
  readonly #task: SyncedValueTask<T>;
  readonly #backoff: Backoff;
  #wanted: T;
  /** The server's value; undefined if it is not known. */
  #confirmed: T | undefined;
  #running: Promise<void> | undefined;
  #isRunning = false;
  #timer: unknown;

  constructor(initial: T, task: SyncedValueTask<T>) {
    this.#wanted = initial;
    this.#task = task;
    this.#backoff = new Backoff(MEDIA_BACKOFF, task.random);
  }

  /** The desired value. */
  get wanted(): T {
    return this.#wanted;
  }

  /**
   * Sets the desired value. Resolves when the server has the latest desired value, or if it cannot be sent now: it is sent later.
   *
   * @throws SessionError the server's refusal, if the refused value is still the desired one
   */
  set(value: T): Promise<void> {
    this.#wanted = value;
    return this.push();
  }

  /** Sets the server's value; undefined if it is no longer known. */
  confirm(value: T | undefined): void {
    this.#confirmed = value;
  }

  /** Adopts a value that the server has set itself. */
  follow(value: T): void {
    this.#wanted = value;
    this.#confirmed = value;
  }

  /** Sends the desired value if the server does not have it yet; throws as `set` does. */
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
      // In the same turn as the last comparison: a value that is set later starts a new run.
      this.#isRunning = false;
      this.#running = undefined;
    }
  }

  /** Sends one value; returns false if it could not be sent. */
  async #send(value: T): Promise<boolean> {
    const before = this.#confirmed;
    this.#confirmed = undefined;
    try {
      await this.#task.send(value);
      this.#confirmed = value;
      this.#backoff.reset();
    } catch (error) {
      if (mayRetryLater(toSessionError(error).code)) {
        // The server may have applied the value even so.
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
