/**
 * Checks of the database and of NATS.
 *
 * @module
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Config } from '@gavel/server/config';
import { type Finding, findingsOf, reasonOf } from './check.ts';

/** Time for the connection to PostgreSQL, and for each of its answers, in milliseconds. */
const ANSWER_TIMEOUT_MS = 5000;

/** Checks the database, without a change: the SQLite file if there is one, or PostgreSQL where `store.url` names it. */
export function checkDatabase({ dataDir, store: { url } }: Pick<Config, 'dataDir' | 'store'>): Promise<Finding> {
  return url === undefined ? checkSqlite(join(dataDir, 'gavel.db')) : checkPostgres(url);
}

async function checkSqlite(path: string): Promise<Finding> {
  const { ok, fail } = findingsOf('database');
  if (!existsSync(path)) return ok(`${path} does not exist yet`);
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    const [row] = database.prepare('PRAGMA quick_check(1)').all();
    database.close();
    const found = String(Object.values(row ?? {})[0]);
    return found === 'ok' ? ok(`${path} is intact`) : fail(`${path} is damaged: ${found}`);
  } catch (error) {
    return fail(`${path} cannot be read: ${reasonOf(error)}`);
  }
}

/** Checks that the server could start with the database: it answers, and its tables fit or can be created. */
async function checkPostgres(url: string): Promise<Finding> {
  const { ok, fail } = findingsOf('database');
  const { probePostgres } = await import('@gavel/server/probes');
  try {
    const { version, schemaVersion, neededSchemaVersion, mayCreateTables } = await probePostgres(
      url,
      ANSWER_TIMEOUT_MS,
    );
    const name = `PostgreSQL ${version}`;
    if (schemaVersion > neededSchemaVersion) return fail(`${name} has the tables of a newer version of Gavel`);
    if (schemaVersion === neededSchemaVersion) return ok(`${name} answers, and has the tables of this version`);
    if (!mayCreateTables) return fail(`${name} answers, but the user of store.url may not create the missing tables`);
    return ok(`${name} answers; the next start creates ${schemaVersion === 0 ? 'its' : 'the missing'} tables`);
  } catch (error) {
    return fail(`store.url: ${reasonOf(error)}${describeCause(error)}`);
  }
}

/** Returns the text of the driver's own error, which says more to whoever may read the configuration. */
function describeCause(error: unknown): string {
  const { cause } = error as Error;
  return cause === undefined ? '' : ` (${reasonOf(cause)})`;
}

/** Checks that the NATS servers of a node admit it. Without `cluster` there is nothing to check. */
export async function checkNats({ cluster }: Pick<Config, 'cluster'>): Promise<Finding[]> {
  if (!cluster) return [];
  const { ok, fail } = findingsOf('NATS');
  const { probeNats } = await import('@gavel/server/probes');
  try {
    const { version, roundTripMs } = await probeNats(cluster.nats);
    return [ok(`NATS ${version} at ${cluster.nats.url} answers in ${roundTripMs} ms`)];
  } catch (error) {
    return [fail(reasonOf(error))];
  }
}
