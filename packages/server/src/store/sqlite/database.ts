/**
 * Opens an SQLite database, brings its schema up to date, and fits it to Kysely.
 *
 * @module
 */

import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Kysely, type SqliteDatabase, type SqliteStatement } from 'kysely';
import type { Tables } from '../sql/tables.ts';
import { createDialect } from './driver.ts';
import { MIGRATIONS } from './migrations.ts';

/** How long the opening waits for another process that writes, in milliseconds. Later calls never block. */
const OPEN_TIMEOUT_MS = 5000;
/** How long a write is tried while another process has the lock, in milliseconds; then it fails. */
const BUSY_LIMIT_MS = 30_000;
/** How much of the file is kept in memory, in KiB. The default of 2 MiB is less than a list of 100,000 reads of its index. */
const CACHE_KIB = 32_768;
/** Most prepared statements that are kept. The queries are few and fixed but for the lengths of `IN` lists. */
const MAX_STATEMENTS = 200;

/**
 * Opens a database file, made if there is none, or `:memory:`.
 *
 * A commit outlives the death of the process. A power cut may take the last few, and leaves the file sound.
 *
 * @param options.busyLimitMs how long a write is tried while another process has the lock, 30 s by default; then it fails
 *   with `server.store-unavailable`
 * @throws Error if the file cannot be opened, is no database, or was made by a newer version of the schema
 */
export function openDatabase(path: string, { busyLimitMs = BUSY_LIMIT_MS } = {}): Kysely<Tables> {
  // Signing keys and App secrets are in it: its owner alone may read it. SQLite gives its side files the same mode.
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path, { timeout: OPEN_TIMEOUT_MS, enableForeignKeyConstraints: true });
  try {
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -${CACHE_KIB};`);
    migrate(database);
    database.exec('PRAGMA busy_timeout = 0');
  } catch (error) {
    database.close();
    throw error;
  }
  return new Kysely<Tables>({ dialect: createDialect(new KyselyDatabase(database), busyLimitMs) });
}

/** Runs the steps that are missing, each in a transaction of its own with its version number. */
export function migrate(database: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  const version = readVersion(database);
  if (version > migrations.length) {
    throw new Error(
      `The database has schema version ${version}; this version of Gavel supports versions up to ${migrations.length}. Use a newer version of Gavel.`,
    );
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    database.exec('BEGIN IMMEDIATE');
    try {
      // Another process may have taken this step while this one waited for the lock.
      if (readVersion(database) === index) database.exec(`${sql}; PRAGMA user_version = ${index + 1};`);
      database.exec('COMMIT');
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  }
}

function readVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version);
}

/** What Kysely needs of a database, with statements kept prepared. */
class KyselyDatabase implements SqliteDatabase {
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

/** What Kysely needs of a statement. */
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
