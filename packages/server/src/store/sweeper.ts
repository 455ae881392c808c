/**
 * Deletes expired rows of the store at an interval, few at a time.
 *
 * @module
 */

import type { Clock } from '../base/clock.ts';

/** The dependencies of a sweeper. */
export interface SweeperDeps {
  readonly clock: Clock;
  readonly log: { error(fields: object, message: string): void };
  /** What is deleted, for the log. */
  readonly what: string;
  /** Deletes at most `limit` expired rows; returns their number. */
  readonly purge: (limit: number) => Promise<number>;
  /** Resolves with whether this process is the one that deletes them; by default it is. */
  readonly isResponsible?: () => Promise<boolean>;
}

/** Interval at which expired rows are searched. */
const SWEEP_MS = 60_000;
/** Maximum number of rows deleted at a time, so that other writes wait for some milliseconds only. */
export const PURGE_ROWS = 200;
/** Pause between two batches. */
const PAUSE_MS = 100;

/** Deletes expired rows from `start` to `close`. After a failure the next sweep tries again. */
export class Sweeper {
  readonly #deps: SweeperDeps;
  #stopSweeps: (() => void) | undefined;
  #cancelPause: (() => void) | undefined;
  #sweeping: Promise<void> | undefined;

  constructor(deps: SweeperDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#stopSweeps = this.#deps.clock.every(SWEEP_MS, () => this.#sweep());
  }

  /** Stops; resolves when a running deletion has finished. */
  async close(): Promise<void> {
    this.#stopSweeps?.();
    this.#cancelPause?.();
    await this.#sweeping;
    // The deletion that has just finished may have scheduled another one.
    this.#cancelPause?.();
  }

  #sweep(): void {
    if (this.#sweeping) return;
    this.#cancelPause?.();
    this.#sweeping = this.#deleteBatch().then((isAll) => {
      this.#sweeping = undefined;
      this.#cancelPause = isAll ? undefined : this.#deps.clock.after(PAUSE_MS, () => this.#sweep());
    });
  }

  /** Deletes one batch; returns whether no expired rows are left. */
  async #deleteBatch(): Promise<boolean> {
    const { log, what, purge, isResponsible } = this.#deps;
    try {
      if (isResponsible && !(await isResponsible())) return true;
      return (await purge(PURGE_ROWS)) < PURGE_ROWS;
    } catch (error) {
      log.error({ err: error }, `deleting expired ${what} failed; retrying`);
      return true;
    }
  }
}
