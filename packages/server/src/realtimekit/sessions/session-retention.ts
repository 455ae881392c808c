/**
 * Deletes chat messages and sessions after their retention time (RTK-16).
 *
 * @module
 */

import type { Store } from '../../store/store.ts';
import { Sweeper, type SweeperDeps } from '../../store/sweeper.ts';

/** The retention times, in days after a session's end. */
export interface RetentionSettings {
  readonly sessionDays: number;
  /** For chat messages; those of a session with `persist_chat` are deleted with the session. */
  readonly chatDays: number;
}

/** The dependencies of the retention. */
export interface SessionRetentionDeps extends Pick<SweeperDeps, 'clock' | 'log' | 'isResponsible'> {
  readonly store: Pick<Store, 'sessions' | 'chat'>;
  readonly settings: RetentionSettings;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Creates the sweeper of the history: chat messages are deleted before sessions. */
export function createSessionRetention({ store, settings, ...deps }: SessionRetentionDeps): Sweeper {
  return new Sweeper({
    ...deps,
    what: 'sessions',
    async purge(limit) {
      const nowMs = deps.clock.now();
      const chatRows = await store.chat.purge(nowMs - settings.chatDays * DAY_MS, limit);
      if (chatRows === limit) return chatRows;
      return chatRows + (await store.sessions.purge(nowMs - settings.sessionDays * DAY_MS, limit - chatRows));
    },
  });
}
