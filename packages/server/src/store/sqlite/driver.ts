/**
 * Kysely's driver for SQLite, which never blocks the event loop while another process holds the lock (BUS-7).
 *
 * If another process holds the write lock, a write is retried by a timer, while reads and the event loop continue.
 * Transactions of this process run one after another; other queries wait for the open one.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { GavelError } from '@gavel/protocol/errors';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  type SelectModifierNode,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';

/** Delays between two attempts to write, in milliseconds: they double up to the longest. */
const RETRY_MS = { first: 2, longest: 50 } as const;
/** The low byte of SQLite's error codes for a database that another connection has locked. */
const SQLITE_BUSY = 5;

/** Connections have no cost, so there is no limit on their number. */
class Adapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }

  /** A failed migration leaves nothing behind. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Leaves the locks of rows out: a transaction locks the whole database. */
class QueryCompiler extends SqliteQueryCompiler {
  protected override visitSelectModifier(node: SelectModifierNode): void {
    if (node.modifier !== 'ForUpdate' && node.modifier !== 'ForShare' && node.modifier !== 'SkipLocked') {
      super.visitSelectModifier(node);
    }
  }
}

/**
 * Creates the dialect of a database whose own busy timeout is 0.
 *
 * @param busyLimitMs how long a write is retried; then it fails with `server.store-unavailable`
 */
export function createDialect(database: SqliteDatabase, busyLimitMs: number): Dialect {
  return {
    createAdapter: () => new Adapter(),
    createDriver: () => new SqliteDriver(database, busyLimitMs),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new QueryCompiler(),
  };
}

class Connection implements DatabaseConnection {
  readonly #driver: SqliteDriver;
  isInTransaction = false;

  constructor(driver: SqliteDriver) {
    this.#driver = driver;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.isInTransaction) return this.#driver.run(query.sql, query.parameters);
    return this.#driver.runWhenFree(() => this.#driver.run<R>(query.sql, query.parameters));
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('Streams are not supported.');
  }
}

class SqliteDriver implements Driver {
  readonly #database: SqliteDatabase;
  readonly #busyLimitMs: number;
  /** Set while a transaction is open: resolves when it ends. */
  #open: PromiseWithResolvers<void> | undefined;

  constructor(database: SqliteDatabase, busyLimitMs: number) {
    this.#database = database;
    this.#busyLimitMs = busyLimitMs;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new Connection(this);
  }

  async releaseConnection(): Promise<void> {}

  async beginTransaction(connection: Connection): Promise<void> {
    await this.runWhenFree(() => {
      // The lock is taken at the start, so that later statements do not find the database locked.
      this.run('begin immediate');
      this.#open = Promise.withResolvers();
      connection.isInTransaction = true;
    });
  }

  async commitTransaction(connection: Connection): Promise<void> {
    this.run('commit');
    this.#end(connection);
  }

  async rollbackTransaction(connection: Connection): Promise<void> {
    try {
      this.run('rollback');
    } finally {
      this.#end(connection);
    }
  }

  async destroy(): Promise<void> {
    this.#database.close();
  }

  run<R>(sql: string, parameters: readonly unknown[] = []): QueryResult<R> {
    const statement = this.#database.prepare(sql);
    if (statement.reader) return { rows: statement.all(parameters) as R[] };
    const { changes, lastInsertRowid } = statement.run(parameters);
    return { insertId: BigInt(lastInsertRowid), numAffectedRows: BigInt(changes), rows: [] };
  }

  /** Runs some work while no transaction of this process is open; retries it while another process holds the lock. */
  async runWhenFree<R>(work: () => R): Promise<R> {
    let deadlineMs: number | undefined;
    for (let pauseMs: number = RETRY_MS.first; ; pauseMs = Math.min(pauseMs * 2, RETRY_MS.longest)) {
      while (this.#open) await this.#open.promise;
      try {
        return work();
      } catch (error) {
        if (!isBusy(error)) throw error;
        deadlineMs ??= performance.now() + this.#busyLimitMs;
        if (performance.now() >= deadlineMs) {
          const seconds = this.#busyLimitMs / 1000;
          throw new GavelError('server.store-unavailable', `The database has been locked for ${seconds} s.`);
        }
      }
      await sleep(pauseMs);
    }
  }

  #end(connection: Connection): void {
    connection.isInTransaction = false;
    this.#open?.resolve();
    this.#open = undefined;
  }
}

function isBusy(error: unknown): boolean {
  const { errcode } = error as { readonly errcode?: unknown };
  return typeof errcode === 'number' && (errcode & 0xff) === SQLITE_BUSY;
}
