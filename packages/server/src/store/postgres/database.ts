/**
 * Opens a PostgreSQL database and migrates its schema.
 *
 * @module
 */

import { CompiledQuery, Kysely, sql } from 'kysely';
import type { Pool, PoolConfig } from 'pg';
import type { Tables } from '../sql/tables.ts';
import { createDialect } from './driver.ts';
import { MIGRATIONS } from './migrations.ts';

/** How to reach a database, and how long to wait for it. */
export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`, with the parameters of libpq such as `sslmode`. */
  readonly url: string;
  /** Maximum number of connections; default 10. */
  readonly maxConnections?: number;
  /** How long a statement may take, in milliseconds, default 10 s; then it fails with `server.store-unavailable`. */
  readonly statementTimeoutMs?: number;
  /** How long opening a connection, or waiting for a free one, may take, in milliseconds; default 5 s. */
  readonly connectTimeoutMs?: number;
  /** Called when a connection that nobody uses ends; the pool replaces it. */
  readonly onConnectionLost?: (error: Error) => void;
}

/** How much longer than the server's own limit a query waits for its answer, in milliseconds. */
const ANSWER_DELAY_MS = 1_000;
/** After this time without a statement the server ends a transaction: a stopped process must not keep rows locked. */
const IDLE_TRANSACTION_MS = 15_000;
/** The oldest version of PostgreSQL that is tested. */
const MIN_VERSION = 13;

/**
 * Opens a database and creates the tables that it lacks. Several processes may do so at once.
 *
 * @throws GavelError `server.store-unavailable` if it cannot be reached or refuses the login; Error if its version is older
 *   than 13, or it has a newer version of the schema
 */
export async function openDatabase(options: PostgresOptions): Promise<Kysely<Tables>> {
  const pool = await createPool(options);
  const db = new Kysely<Tables>({ dialect: createDialect(pool) });
  try {
    await readServerVersion(db);
    await migrate(db);
    return db;
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** Creates a pool; it connects when it is used. `pg` is loaded only here, so that other stores do not need it. */
export async function createPool(options: PostgresOptions): Promise<Pool> {
  const { Pool, types } = await import('pg');
  const { url, maxConnections = 10, statementTimeoutMs = 10_000, connectTimeoutMs = 5_000 } = options;
  const { builtins, getTypeParser } = types;
  const isNumber = (type: number): boolean => type === builtins.INT8 || type === builtins.NUMERIC;
  const config: PoolConfig = {
    connectionString: url,
    application_name: 'gavel',
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + ANSWER_DELAY_MS,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
    keepAlive: true,
    types: {
      // Every integer of the tables is below 2^53.
      getTypeParser: (type, format) => (isNumber(type) ? Number : getTypeParser(type, format as 'text')),
    },
  };
  const pool = new Pool(config);
  // Without a listener, a lost connection would end the process.
  return pool.on('error', options.onConnectionLost ?? (() => {}));
}

/** Returns the version of PostgreSQL, such as `15.14`. @throws Error if it is older than 13 */
export async function readServerVersion(db: Kysely<Tables>): Promise<string> {
  const { rows } = await db.executeQuery<{ server_version: string }>(CompiledQuery.raw('show server_version'));
  const version = rows[0]?.server_version ?? '';
  if (Number.parseInt(version, 10) >= MIN_VERSION) return version;
  throw new Error(`PostgreSQL has version ${version}; Gavel needs version ${MIN_VERSION} or later.`);
}

/**
 * Runs the missing steps in one transaction, all or none. Kysely's lock lets one process at a time do so.
 *
 * @throws Error if the database has a newer version, or a step fails
 */
export async function migrate(db: Kysely<Tables>, migrations: readonly string[] = MIGRATIONS): Promise<void> {
  const version = await readSchemaVersion(db);
  if (version > migrations.length) {
    throw new Error(
      `The database has schema version ${version}; this version of Gavel supports versions up to ${migrations.length}. Use a newer version of Gavel.`,
    );
  }
  if (version === migrations.length) return;
  const steps = migrations.map((text, index) => {
    const up = async (tx: Kysely<Tables>): Promise<void> => void (await tx.executeQuery(CompiledQuery.raw(text)));
    return [String(index + 1).padStart(4, '0'), { up }] as const;
  });
  const { Migrator } = await import('kysely/migration');
  const provider = { getMigrations: async () => Object.fromEntries(steps) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error) throw error;
}

/** Returns the number of steps that were run, of which Kysely keeps a table; 0 if there are no tables. */
export async function readSchemaVersion(db: Kysely<Tables>): Promise<number> {
  const found = await sql<{ has: boolean }>`select to_regclass('kysely_migration') is not null as has`.execute(db);
  if (!found.rows[0]?.has) return 0;
  const { rows } = await sql<{ count: number }>`select count(*) as count from kysely_migration`.execute(db);
  return rows[0]?.count ?? 0;
}
