import { POSTGRES } from '@gavel/testkit/postgres';
import type { Kysely } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { Tables } from '../sql/tables.ts';
import { openDatabase as openSqlite } from '../sqlite/database.ts';
import { borrowDatabase, returnDatabase, startPostgresBefore } from './testing.ts';

/** Tables of a cluster, which a single process does not need. */
const ONLY_POSTGRES = ['node', 'room_owner'];

/** Returns the names of the columns, by table. */
async function columnsOf(db: Kysely<Tables>): Promise<Record<string, readonly string[]>> {
  const tables = (await db.introspection.getTables()).filter(({ name }) => !/^(kysely|sqlite)/.test(name));
  return Object.fromEntries(tables.map(({ name, columns }) => [name, columns.map((column) => column.name).sort()]));
}

describe.skipIf(POSTGRES === '')('the schema', () => {
  startPostgresBefore();

  it('in PostgreSQL has the tables and columns of SQLite', async () => {
    const [sqlite, database] = [await openSqlite(':memory:'), await borrowDatabase()];
    const { ...inPostgres } = await columnsOf(database.db);
    for (const name of ONLY_POSTGRES) delete inPostgres[name];
    expect(inPostgres).toEqual(await columnsOf(sqlite));
    await sqlite.destroy();
    await returnDatabase(database);
  });
});
