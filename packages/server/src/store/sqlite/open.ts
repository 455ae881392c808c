/**
 * The store in an SQLite file.
 *
 * @module
 */

import { createSqlStore } from '../sql/sql-store.ts';
import type { Store } from '../store.ts';
import { openDatabase } from './database.ts';

/**
 * Opens the store in a file, which is created if it does not exist; its folder must exist. `:memory:` stores nothing on disk.
 *
 * @param options.node the node of this process in a cluster that shares the file, for tests
 * @throws Error if the file cannot be opened, is not a database, or has a newer version of the schema
 */
export async function openSqliteStore(
  path: string,
  { node, ...options }: { readonly busyLimitMs?: number; readonly node?: string } = {},
): Promise<Store> {
  return createSqlStore(await openDatabase(path, options), node);
}
