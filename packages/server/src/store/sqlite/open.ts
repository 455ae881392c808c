/**
 * The store in one SQLite file.
 *
 * @module
 */

import { createSqlStore } from '../sql/sql-store.ts';
import type { Store } from '../store.ts';
import { openDatabase } from './database.ts';

/**
 * Opens the store in a file, made if there is none; its folder must exist. `:memory:` keeps nothing.
 *
 * @throws Error if the file cannot be opened, is no database, or was made by a newer version of the schema
 */
export async function openSqliteStore(path: string, options: { readonly busyLimitMs?: number } = {}): Promise<Store> {
  return createSqlStore(openDatabase(path, options));
}
