/**
 * Looks at a PostgreSQL database without a change, for `gavel doctor`.
 *
 * @module
 */

import { CompiledQuery, Kysely } from 'kysely';
import type { Tables } from '../sql/tables.ts';
import { createPool, readSchemaVersion, readServerVersion } from './database.ts';
import { createDialect } from './driver.ts';
import { MIGRATIONS } from './migrations.ts';

/** What was found in a database. */
export interface PostgresFacts {
  /** Such as `15.14 (Debian 15.14-0+deb12u1)`. */
  readonly version: string;
  /** Number of steps of the schema that were run; 0 if there are no tables. */
  readonly schemaVersion: number;
  /** The number that this version of Gavel needs; a start runs the missing steps. */
  readonly neededSchemaVersion: number;
  /** Whether the user may create tables. */
  readonly mayCreateTables: boolean;
}

/**
 * Reads what a start would find.
 *
 * @param timeoutMs time for the connection, and for each answer
 * @throws GavelError `server.store-unavailable` if it cannot be reached or refuses the login; its `cause` has the driver's error.
 *   Error if its version is older than 13
 */
export async function probePostgres(url: string, timeoutMs: number): Promise<PostgresFacts> {
  const pool = await createPool({
    ...{ url, maxConnections: 1, connectTimeoutMs: timeoutMs, statementTimeoutMs: timeoutMs },
  });
  const db = new Kysely<Tables>({ dialect: createDialect(pool) });
  try {
    const version = await readServerVersion(db);
    const schemaVersion = await readSchemaVersion(db);
    const { rows } = await db.executeQuery<{ may: boolean | null }>(
      CompiledQuery.raw(`select has_schema_privilege(current_schema(), 'create') as may`),
    );
    const mayCreateTables = rows[0]?.may ?? false;
    return { version, schemaVersion, neededSchemaVersion: MIGRATIONS.length, mayCreateTables };
  } finally {
    await db.destroy();
  }
}
