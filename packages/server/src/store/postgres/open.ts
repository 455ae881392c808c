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
 * @param options.node the node of this process in a cluster: sessions and live rooms are stored as its own
 * @throws GavelError `server.store-unavailable` if the database cannot be reached; Error if its version or its schema does not
 *   fit
 */
export async function openPostgresStore({
  node,
  ...options
}: PostgresOptions & { readonly node?: string }): Promise<Store> {
  return createSqlStore(await openDatabase(options), node);
}
