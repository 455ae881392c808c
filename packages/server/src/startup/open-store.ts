/**
 * Opens the database, with the journal before it.
 *
 * @module
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Config } from '../config.ts';
import { FileJournal } from '../journal/file-journal.ts';
import { type Journal, TableJournal } from '../journal/journal.ts';
import { putJournalBefore } from '../journal/journalled-store.ts';
import { openThreadedStore } from '../store/sqlite/threaded-store.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/log.ts';

/** The store of a server, and the journal through which the events of rooms reach it. */
export interface OpenedStore {
  readonly store: Store;
  readonly journal: Journal;
  /** Writes what the journal has accepted to the tables, and closes it; the store stays open. */
  closeJournal(): Promise<void>;
}

/**
 * Opens the database that the configuration names. An SQLite file has a journal in files before it; PostgreSQL has none,
 * because the files of a node that is gone would help no other node.
 *
 * @param node this node's id, if it belongs to a cluster
 * @throws Error if the database cannot be opened; GavelError `server.store-unavailable` if PostgreSQL cannot be reached
 */
export async function openStore(config: Config, clock: Clock, log: Logger, node?: string): Promise<OpenedStore> {
  const { url, ...limits } = config.store;
  if (url === undefined) return openSqlite(config.dataDir, clock, log);
  const { openPostgresStore } = await import('../store/postgres/open.ts');
  // The driver's error has the whole connection as a property.
  const onConnectionLost = (error: Error): void =>
    log.warn({ reason: error.message }, 'a connection to PostgreSQL was lost; the next call opens another one');
  return createOpenedStore(
    await openPostgresStore({ url, ...limits, onConnectionLost, ...(node !== undefined && { node }) }),
    log,
    clock,
  );
}

/** Puts a journal that writes the tables directly before a store. @param clock of a database that other machines may have: the journal waits for it */
export function createOpenedStore(store: Store, log: Logger, clock?: Clock): OpenedStore {
  const journal = new TableJournal({ repository: store.journal, log, ...(clock && { clock }) });
  return { store, journal, closeJournal: () => journal.settled() };
}

async function openSqlite(dataDir: string, clock: Clock, log: Logger): Promise<OpenedStore> {
  const folder = join(dataDir, 'journal');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const threaded = await openThreadedStore({ path: join(dataDir, 'gavel.db'), journalFolder: folder });
  const journal = await FileJournal.open({ folder, mover: threaded.mover, clock, log });
  return { store: putJournalBefore(threaded, journal), journal, closeJournal: () => journal.close() };
}
