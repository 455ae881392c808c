/**
 * For tests with PostgreSQL: databases that are emptied and used again, because creating one takes a hundred times as long.
 *
 * @module
 */

import { EMPTY_TABLES, sharedPostgres } from '@gavel/testkit/postgres';
import { type Kysely, sql } from 'kysely';
import { beforeAll } from 'vitest';
import type { Tables } from '../sql/tables.ts';
import { openDatabase } from './database.ts';

/** A database with the tables of the store. */
export interface PostgresDatabase {
  /** For `store.url`. */
  readonly url: string;
  /** A connection to it, which stays open. */
  readonly db: Kysely<Tables>;
}

const free: PostgresDatabase[] = [];

/** Returns a database without rows, for one test. */
export async function borrowDatabase(): Promise<PostgresDatabase> {
  const unused = free.pop();
  if (unused) return unused;
  const url = await (await sharedPostgres()).createDatabase();
  return { url, db: await openDatabase({ url, maxConnections: 1 }) };
}

/** How long the first database may take on a busy machine, in milliseconds: the server starts for it. */
const PREPARATION_MS = 120_000;

/** Starts the server before the tests of a suite, whose own time limits are shorter. */
export function startPostgresBefore(): void {
  beforeAll(async () => returnDatabase(await borrowDatabase()), PREPARATION_MS);
}

/** Deletes all rows, but for those that the schema begins with, and gives the database to the next test. */
export async function returnDatabase(database: PostgresDatabase): Promise<void> {
  await sql.raw(EMPTY_TABLES).execute(database.db);
  free.push(database);
}
