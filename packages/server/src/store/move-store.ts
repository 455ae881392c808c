/**
 * Moves the data of an SQLite file into an empty PostgreSQL database.
 *
 * @module
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Kysely, sql } from 'kysely';
import { JournalMover } from './journal-mover.ts';
import { openDatabase } from './postgres/database.ts';
import type { Tables } from './sql/tables.ts';
import { openSqliteStore } from './sqlite/open.ts';

/** The tables in an order in which each row finds those that it refers to, with the columns by which SQLite orders their rows. */
const TABLES = {
  apps: 'seq',
  api_tokens: 'seq',
  admin_tokens: 'seq',
  presets: 'seq',
  meetings: 'seq',
  participants: 'seq',
  signing_keys: 'purpose',
  webhooks: 'seq',
  nonces: 'seq',
  policy_rules: 'id',
  outbox: 'seq',
  sessions: 'seq',
  session_peers: 'seq',
  session_chat: 'session_id, id',
  chat_files: 'file_id',
  live_rooms: 'room_id, app_id, environment',
  live_entries: 'seq',
  ended_tickets: 'scope',
  audit: 'seq',
  command_replies: 'command_id',
} as const satisfies Partial<Record<keyof Tables, string>>;

type TableName = keyof typeof TABLES;
type Row = Record<string, unknown>;

/** Tables whose `seq` the database counts; the outbox counts its own. */
const isCounted = (name: TableName): boolean => TABLES[name] === 'seq' && name !== 'outbox';
/** Number of rows in one statement. PostgreSQL permits 65,535 parameters. */
const ROWS_AT_ONCE = 1_000;
/** How long one statement may take, in milliseconds: a table of millions of rows is counted with one. */
const STATEMENT_TIMEOUT_MS = 600_000;

/** Number of rows that were moved, by table. */
export type MovedCounts = Readonly<Record<TableName, number>>;

/**
 * Copies all rows of `gavel.db` in a data folder into a PostgreSQL database, in one transaction; the file stays as it is. No
 * server may run in the folder or on the database meanwhile. What the journal's files still have is moved first.
 *
 * @throws Error if the folder has no database, the target has rows, or the numbers of rows differ at the end; GavelError
 *   `server.store-unavailable` if the target cannot be reached. The target is empty then
 */
export async function moveStore(dataDir: string, url: string): Promise<MovedCounts> {
  const path = join(dataDir, 'gavel.db');
  if (!existsSync(path)) throw new Error(`${path} does not exist`);
  await completeFile(path, join(dataDir, 'journal'));
  const target = await openDatabase({ url, maxConnections: 1, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  const source = new DatabaseSync(path, { readOnly: true });
  try {
    return await target.transaction().execute((tx) => copyAll(source, tx));
  } finally {
    source.close();
    await target.destroy();
  }
}

/** Brings the file's schema up to date, and moves the entries of the journal's files into it. */
async function completeFile(path: string, journalFolder: string): Promise<void> {
  const store = await openSqliteStore(path);
  try {
    if (!existsSync(journalFolder)) return;
    await new JournalMover({ repository: store.journal, outbox: store.outbox, folder: journalFolder }).moveAll();
  } finally {
    await store.close();
  }
}

async function copyAll(source: DatabaseSync, tx: Kysely<Tables>): Promise<MovedCounts> {
  const names = Object.keys(TABLES) as TableName[];
  for (const name of names) await requireEmpty(tx, name);
  const counts = new Map<TableName, number>();
  for (const name of names) counts.set(name, await copyTable(source, tx, name));
  // Tickets that the old database has issued stay valid.
  const { value } = source.prepare("SELECT value FROM server_facts WHERE name = 'ticket_issuer'").get() as Row;
  await tx
    .updateTable('server_facts')
    .set({ value: String(value) })
    .where('name', '=', 'ticket_issuer')
    .execute();
  return Object.fromEntries(counts) as Record<TableName, number>;
}

async function requireEmpty(tx: Kysely<Tables>, name: TableName): Promise<void> {
  const row = await tx.selectFrom(name).select(sql<number>`1`.as('one')).limit(1).executeTakeFirst();
  if (row) throw new Error(`the database that store.url names is not empty: the table ${name} has rows`);
}

/** Copies a table, and compares the numbers of rows at the end. */
async function copyTable(source: DatabaseSync, tx: Kysely<Tables>, name: TableName): Promise<number> {
  let copied = 0;
  let part: Row[] = [];
  const insert = async (): Promise<void> => {
    if (part.length > 0)
      await tx
        .insertInto(name)
        .values(part as never)
        .execute();
    copied += part.length;
    part = [];
  };
  for (const row of source.prepare(`SELECT * FROM ${name} ORDER BY ${TABLES[name]}`).iterate()) {
    // A trigger counts the participants as they are copied.
    part.push(name === 'meetings' ? { ...row, participant_count: 0 } : { ...row });
    if (part.length === ROWS_AT_ONCE) await insert();
  }
  await insert();
  const { count } = await tx.selectFrom(name).select(sql<number>`count(*)`.as('count')).executeTakeFirstOrThrow();
  if (count !== copied) throw new Error(`the table ${name} has ${count} rows instead of ${copied}`);
  if (copied > 0 && isCounted(name)) {
    await sql`select setval(pg_get_serial_sequence(${name}, 'seq'), (select max(seq) from ${sql.table(name)}))`.execute(
      tx,
    );
  }
  return copied;
}
