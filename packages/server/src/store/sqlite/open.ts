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
 * @throws Error if the file cannot be opened, is not a database, or has a newer version of the schema
 */
export async function openSqliteStore(path: string, options: { readonly busyLimitMs?: number } = {}): Promise<Store> {
  return createSqlStore(await openDatabase(path, options));
}
