/**
 * Deletes audit rows after their retention time, and replies of commands after 24 hours (AUDIT-1, BUS-2).
 *
 * @module
 */

import type { Store } from '../store/store.ts';
import { Sweeper, type SweeperDeps } from '../store/sweeper.ts';
import { REPLIES_KEPT_MS } from './command-log.ts';

/** The dependencies of the retention. */
export interface JournalRetentionDeps extends Pick<SweeperDeps, 'clock' | 'log' | 'isResponsible'> {
  readonly store: Pick<Store, 'audit' | 'journal'>;
  /** How long audit rows are kept, in days. */
  readonly auditDays: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Creates the sweeper of the journal's rows. */
export function createJournalRetention({ store, auditDays, ...deps }: JournalRetentionDeps): Sweeper {
  return new Sweeper({
    ...deps,
    what: 'audit rows and replies',
    async purge(limit) {
      const nowMs = deps.clock.now();
      const rows = await store.audit.purge(nowMs - auditDays * DAY_MS, limit);
      return rows + (rows < limit ? await store.journal.purgeReplies(nowMs - REPLIES_KEPT_MS, limit - rows) : 0);
    },
  });
}
