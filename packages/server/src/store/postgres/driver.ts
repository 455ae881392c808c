/**
 * Kysely's driver for PostgreSQL on a pool of `pg`.
 *
 * It differs from Kysely's own in what happens when a connection is in doubt: after a query without an answer in time the
 * connection is closed, never used again, so that no later query runs inside a transaction that was left open. Errors are
 * those of the store.
 *
 * @module
 */

import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import type { Pool, PoolClient, QueryResult as PoolResult } from 'pg';
import { breaksConnection, storeErrorOf } from './errors.ts';

/** Creates the dialect of a pool. Closing the database ends the pool. */
export function createDialect(pool: Pool): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new PostgresDriver(pool),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

/** Statements whose results have the number of rows that they changed. */
const CHANGES: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

class Connection implements DatabaseConnection {
  readonly #client: PoolClient;
  #isBroken = false;
  /** A connection that fails between two queries reports it as an event, which would end the process without a listener. */
  readonly #handleError = (): void => {
    this.#isBroken = true;
  };

  constructor(client: PoolClient) {
    this.#client = client;
    client.on('error', this.#handleError);
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { command, rowCount, rows } = await this.run(sql, parameters);
    return { rows: rows as R[], ...(CHANGES.has(command) && { numAffectedRows: BigInt(rowCount ?? 0) }) };
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('Streams are not supported.');
  }

  /** Runs one statement, or several without parameters. */
  async run(sql: string, parameters: readonly unknown[] = []): Promise<PoolResult> {
    try {
      return await this.#client.query(sql, parameters.map(storable));
    } catch (error) {
      this.#isBroken ||= breaksConnection(error);
      throw storeErrorOf(error);
    }
  }

  async commit(): Promise<void> {
    const { command } = await this.run('commit');
    // PostgreSQL answers so, without an error, when an earlier statement has failed.
    if (command === 'ROLLBACK') throw new Error('The transaction was rolled back: a statement in it had failed.');
  }

  async rollback(): Promise<void> {
    // The server rolls back when the connection ends.
    if (!this.#isBroken) await this.run('rollback');
  }

  release(): void {
    this.#client.off('error', this.#handleError);
    this.#client.release(this.#isBroken);
  }
}

class PostgresDriver implements Driver {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<Connection> {
    try {
      return new Connection(await this.#pool.connect());
    } catch (error) {
      throw storeErrorOf(error);
    }
  }

  async releaseConnection(connection: Connection): Promise<void> {
    connection.release();
  }

  async beginTransaction(connection: Connection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin'));
  }

  async commitTransaction(connection: Connection): Promise<void> {
    await connection.commit();
  }

  async rollbackTransaction(connection: Connection): Promise<void> {
    await connection.rollback();
  }

  async destroy(): Promise<void> {
    await this.#pool.end();
  }
}

/** Returns a parameter as PostgreSQL stores it: its texts cannot contain U+0000. */
function storable(value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '\ufffd') : value;
}
