/**
 * Heartbeats: they tell the server that the client lives, and the client that the connection does.
 *
 * @module
 */

import type { Results } from '@gavel/protocol';
import { toSessionError } from './errors.ts';
import type { Clock, WatchOnline } from './platform.ts';

/** What a `Heartbeat` works with. */
export interface HeartbeatTask {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Says when the machine is on a network again: then it beats at once. */
  readonly watchOnline: WatchOnline;
  /** Sends one heartbeat; rejects where no answer came in time. */
  beat(): Promise<Results['heartbeat']>;
  answered(result: Results['heartbeat']): void;
  /** No answer came: the connection is dead, though nobody said so. */
  lost(): void;
}

/** Beats at an interval until it is stopped or a beat is not answered. */
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

  /** Learns at once whether the connection still lives. */
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
      // An error that the server answered proves that it is there.
      if (toSessionError(error).code === 'client.timeout') this.#task.lost();
      else this.#schedule();
    }
  }
}
