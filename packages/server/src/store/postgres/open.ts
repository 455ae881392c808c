/**
 * The store in a PostgreSQL database.
 *
 * @module
 */

import { createSqlStore } from '../sql/sql-store.ts';
import type { Store } from '../store.ts';
import { openDatabase, type PostgresOptions } from './database.ts';

/**
 * Opens the store in a database, whose tables are created if they do not exist. Several processes may share it.
 *
 * @throws GavelError `server.store-unavailable` if the database cannot be reached; Error if its version or its schema does not
 *   fit
 */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  return createSqlStore(await openDatabase(options));
}
