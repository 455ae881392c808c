/**
 * Forgets what was said in sessions, and sessions themselves, when they have been kept for long enough (RTK-16).
 *
 * @module
 */

import type { Clock } from '../../rooms/clock.ts';
import type { Store } from '../../store/store.ts';

/** How long the history is kept, in days after a session's end. */
export interface RetentionSettings {
  readonly sessionDays: number;
  /** What was said; that of a session which keeps it for good goes with the session. */
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
/** How often it is looked for what is due. */
const SWEEP_MS = 60_000;
/** Rows that are forgotten at a time: some milliseconds, in which nobody else is served. */
export const PURGE_ROWS = 200;
/** How long others are served before the next ones. */
const PAUSE_MS = 100;

/** Forgets by the clock, few rows at a time. */
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

  /** Stops; resolves when nothing is being forgotten any longer. */
  async close(): Promise<void> {
    this.#stopSweeps?.();
    this.#cancelPause?.();
    await this.#sweeping;
  }

  #sweep(): void {
    if (this.#sweeping) return;
    this.#cancelPause?.();
    this.#sweeping = this.#forgetSome().then((isAll) => {
      this.#sweeping = undefined;
      this.#cancelPause = isAll ? undefined : this.#deps.clock.after(PAUSE_MS, () => this.#sweep());
    });
  }

  /** Forgets some rows; tells whether nothing is due any longer. What fails is tried again at the next sweep. */
  async #forgetSome(): Promise<boolean> {
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
