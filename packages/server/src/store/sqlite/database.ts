/**
 * Opens an SQLite database, migrates its schema, and adapts it to Kysely.
 *
 * @module
 */

import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Kysely, type SqliteDatabase, type SqliteStatement } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Tables } from '../sql/tables.ts';
import { createDialect } from './driver.ts';
import { MIGRATIONS } from './migrations.ts';

/** How long opening waits for another process, in milliseconds. Later calls never block. */
const OPEN_TIMEOUT_MS = 5000;
/** How long a write is retried while another process holds the lock, in milliseconds; then it fails. */
const BUSY_LIMIT_MS = 30_000;
/** SQLite's page cache, in KiB. The default of 2 MiB is smaller than the index pages that a list of 100,000 rows reads. */
const CACHE_KIB = 32_768;
/** Maximum number of cached prepared statements. The queries are few; only the lengths of `IN` lists vary. */
const MAX_STATEMENTS = 200;

/**
 * Opens a database file, or `:memory:`; creates the file if it does not exist.
 *
 * A commit survives the death of the process. A power failure may lose the last few, but does not corrupt the file.
 *
 * @param options.busyLimitMs how long a write is retried while another process holds the lock, default 30 s; then it fails
 *   with `server.store-unavailable`
 * @throws Error if the file cannot be opened, is not a database, or has a newer version of the schema
 */
export async function openDatabase(path: string, { busyLimitMs = BUSY_LIMIT_MS } = {}): Promise<Kysely<Tables>> {
  // Only its owner may read the file: it contains signing keys and App secrets. SQLite's side files get the same mode.
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path, { timeout: OPEN_TIMEOUT_MS, enableForeignKeyConstraints: true });
  try {
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -${CACHE_KIB};`);
    database.exec('PRAGMA busy_timeout = 0');
    const db = new Kysely<Tables>({ dialect: createDialect(new KyselyDatabase(database), busyLimitMs) });
    await migrate(db, database);
    return db;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Runs the missing steps in one transaction, all or none. The file has the number of the last step as its `user_version`, by
 * which files are recognised that were made before the steps were run by Kysely.
 *
 * @throws Error if the file has a newer version, or a step fails
 */
export async function migrate(
  db: Kysely<Tables>,
  database: DatabaseSync,
  steps: readonly string[] = MIGRATIONS,
): Promise<void> {
  const version = readVersion(database);
  if (version > steps.length) {
    throw new Error(
      `The database has schema version ${version}; this version of Gavel supports versions up to ${steps.length}. Use a newer version of Gavel.`,
    );
  }
  // The usual start: Kysely would read its tables to find that.
  if (version === steps.length) return;
  const migrations = steps.map((sql, index) => [nameOf(index + 1), migrationOf(database, sql, index + 1)] as const);
  const provider = { getMigrations: async () => Object.fromEntries(migrations) };
  const { Migrator } = await import('kysely/migration');
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error) throw error;
}

const nameOf = (step: number): string => String(step).padStart(4, '0');

/** Returns a step as Kysely runs it: in its transaction, which is that of the only connection. */
function migrationOf(database: DatabaseSync, sql: string, step: number): Migration {
  return {
    async up() {
      if (readVersion(database) < step) database.exec(`${sql}; PRAGMA user_version = ${step};`);
    },
  };
}

function readVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version);
}

/** The interface that Kysely requires of a database, with cached prepared statements. */
export class KyselyDatabase implements SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = new KyselyStatement(this.#database.prepare(sql));
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
    this.#statements.set(sql, statement);
    return statement;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}

/** The interface that Kysely requires of a statement. */
class KyselyStatement implements SqliteStatement {
  readonly reader: boolean;
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
    this.reader = statement.columns().length > 0;
  }

  all(parameters: readonly unknown[]): unknown[] {
    return this.#statement.all(...(parameters as SQLInputValue[]));
  }

  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.#statement.run(...(parameters as SQLInputValue[]));
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.#statement.iterate(...(parameters as SQLInputValue[]));
  }
}
