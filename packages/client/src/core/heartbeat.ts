/**
 * Heartbeats: they show the server that the client is alive, and the client that the connection is.
 *
 * @module
 */

import type { Results } from '@gavel/protocol';
import { toSessionError } from './errors.ts';
import type { Clock, WatchOnline } from './platform.ts';

/** Dependencies of a `Heartbeat`. */
export interface HeartbeatTask {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Reports when the machine is online again; a heartbeat is then sent at once. */
  readonly watchOnline: WatchOnline;
  /** Sends one heartbeat; rejects if no answer came in time. */
  beat(): Promise<Results['heartbeat']>;
  answered(result: Results['heartbeat']): void;
  /** A heartbeat timed out: the connection is dead although no close event came. */
  lost(): void;
}

/** Sends heartbeats at an interval until it is stopped or a heartbeat times out. */
export class Heartbeat {
  readonly #task: HeartbeatTask;
  #timer: unknown;
  readonly #unwatchOnline: () => void;
  #stopped = false;

  constructor(task: HeartbeatTask) {
    this.#task = task;
    this.#unwatchOnline = task.watchOnline(() => this.#hurry());
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#unwatchOnline();
    this.#task.clock.clearTimeout(this.#timer);
  }

  /** Sends a heartbeat at once to check the connection. */
  #hurry(): void {
    this.#task.clock.clearTimeout(this.#timer);
    if (!this.#stopped) void this.#beat();
  }

  #schedule(): void {
    this.#timer = this.#task.clock.setTimeout(() => void this.#beat(), this.#task.intervalMs);
  }

  async #beat(): Promise<void> {
    try {
      const result = await this.#task.beat();
      if (this.#stopped) return;
      this.#task.answered(result);
      this.#schedule();
    } catch (error) {
      if (this.#stopped) return;
      // An error answer from the server proves that the connection is alive.
      if (toSessionError(error).code === 'client.timeout') this.#task.lost();
      else this.#schedule();
    }
  }
}
