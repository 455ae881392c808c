/**
 * Deletes chat messages and sessions after their retention time (RTK-16).
 *
 * @module
 */

import type { Clock } from '../../rooms/clock.ts';
import type { Store } from '../../store/store.ts';

/** The retention times, in days after a session's end. */
export interface RetentionSettings {
  readonly sessionDays: number;
  /** For chat messages; those of a session with `persist_chat` are deleted with the session. */
  readonly chatDays: number;
}

/** The dependencies of the retention. */
export interface SessionRetentionDeps {
  readonly store: Pick<Store, 'sessions' | 'chat'>;
  readonly clock: Clock;
  readonly log: { error(fields: object, message: string): void };
  readonly settings: RetentionSettings;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Interval at which expired rows are searched. */
const SWEEP_MS = 60_000;
/** Maximum number of rows deleted at a time; a batch blocks the server for some milliseconds. */
export const PURGE_ROWS = 200;
/** Pause between two batches. */
const PAUSE_MS = 100;

/** Deletes expired rows at an interval, few at a time. */
export class SessionRetention {
  readonly #deps: SessionRetentionDeps;
  #stopSweeps: (() => void) | undefined;
  #cancelPause: (() => void) | undefined;
  #sweeping: Promise<void> | undefined;

  constructor(deps: SessionRetentionDeps) {
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
  }

  #sweep(): void {
    if (this.#sweeping) return;
    this.#cancelPause?.();
    this.#sweeping = this.#deleteBatch().then((isAll) => {
      this.#sweeping = undefined;
      this.#cancelPause = isAll ? undefined : this.#deps.clock.after(PAUSE_MS, () => this.#sweep());
    });
  }

  /** Deletes one batch; returns whether no expired rows are left. After a failure the next sweep tries again. */
  async #deleteBatch(): Promise<boolean> {
    const { store, clock, settings, log } = this.#deps;
    const nowMs = clock.now();
    try {
      const chatRows = await store.chat.purge(nowMs - settings.chatDays * DAY_MS, PURGE_ROWS);
      if (chatRows === PURGE_ROWS) return false;
      const limit = PURGE_ROWS - chatRows;
      return (await store.sessions.purge(nowMs - settings.sessionDays * DAY_MS, limit)) < limit;
    } catch (error) {
      log.error({ err: error }, 'deleting expired sessions failed; retrying');
      return true;
    }
  }
}
