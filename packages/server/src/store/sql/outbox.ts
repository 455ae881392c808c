/**
 * The outbox in SQL.
 *
 * @module
 */

import type { Kysely, Selectable, Updateable } from 'kysely';
import type { LiveRoom } from '../live-rooms.ts';
import type {
  AttemptFailure,
  Endpoint,
  JournalRows,
  NewOutboxRecord,
  OutboxFilter,
  OutboxRecord,
  OutboxRepository,
} from '../outbox.ts';
import { keepLiveRoom, readLiveRooms } from './live-rooms.ts';
import { keepChange } from './session-changes.ts';
import type { OutboxTable, Tables } from './tables.ts';

/** Maximum number of rows or ids in one statement: engines limit its parameters. */
const MAX_ROWS = 200;
const MAX_ERROR_LENGTH = 500;

/** A row whose number the database assigns. */
type NewRow = Omit<Selectable<OutboxTable>, 'seq'>;

/** The callbacks of a database. */
export class SqlOutbox implements OutboxRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async add(
    records: readonly NewOutboxRecord[],
    { sessions = [], liveRooms = [] }: JournalRows = {},
  ): Promise<readonly OutboxRecord[]> {
    const rows = records.map((record) => rowOf(record, record.createdAtMs));
    // A single statement is atomic without a transaction.
    if (sessions.length === 0 && liveRooms.length === 0 && rows.length <= MAX_ROWS) return insert(this.#db, rows);
    return this.#db.transaction().execute(async (tx) => {
      for (const change of sessions) await keepChange(tx, change);
      for (const change of liveRooms) await keepLiveRoom(tx, change);
      return insert(tx, rows);
    });
  }

  liveRooms(): Promise<readonly LiveRoom[]> {
    return readLiveRooms(this.#db);
  }

  async endpoints(): Promise<readonly Endpoint[]> {
    const rows = await this.#db
      .selectFrom('outbox')
      .select(['app_id', 'url'])
      .distinct()
      .where('failed_at_ms', 'is', null)
      .execute();
    return rows.map((row) => ({ appId: row.app_id, url: row.url }));
  }

  async pending(
    { appId, url }: Endpoint,
    afterSeq: number,
    limit: number,
    lane?: string,
  ): Promise<readonly OutboxRecord[]> {
    let matching = this.#db
      .selectFrom('outbox')
      .selectAll()
      .where('app_id', '=', appId)
      .where('url', '=', url)
      .where('failed_at_ms', 'is', null)
      .where('seq', '>', afterSeq);
    if (lane !== undefined) matching = matching.where('lane', '=', lane);
    return (await matching.orderBy('seq').limit(limit).execute()).map(recordOf);
  }

  async count(status: OutboxFilter['status']): Promise<number> {
    const { count } = await this.#db
      .selectFrom('outbox')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('failed_at_ms', status === 'failed' ? 'is not' : 'is', null)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  async list({ status, appId, afterSeq = 0 }: OutboxFilter, limit: number): Promise<readonly OutboxRecord[]> {
    let matching = this.#db
      .selectFrom('outbox')
      .selectAll()
      .where('failed_at_ms', status === 'failed' ? 'is not' : 'is', null)
      .where('seq', '>', afterSeq);
    if (appId !== undefined) matching = matching.where('app_id', '=', appId);
    return (await matching.orderBy('seq').limit(limit).execute()).map(recordOf);
  }

  async find(id: string): Promise<OutboxRecord | undefined> {
    const row = await this.#db.selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirst();
    return row && recordOf(row);
  }

  async reschedule(id: string, failure: AttemptFailure, nextAttemptAtMs: number): Promise<void> {
    await this.#set(id, { ...columnsOf(failure), next_attempt_at_ms: nextAttemptAtMs });
  }

  async fail(id: string, failure: AttemptFailure): Promise<void> {
    await this.#set(id, { ...columnsOf(failure), failed_at_ms: failure.atMs });
  }

  async delete(ids: readonly string[]): Promise<void> {
    if (ids.length <= MAX_ROWS) return remove(this.#db, ids);
    await this.#db.transaction().execute((tx) => remove(tx, ids));
  }

  async replay(
    which: { readonly id: string } | { readonly appId: OutboxRecord['appId'] },
    limit: number,
    nowMs: number,
  ): Promise<readonly OutboxRecord[]> {
    return this.#db.transaction().execute(async (tx) => {
      const failed = tx.selectFrom('outbox').selectAll().where('failed_at_ms', 'is not', null);
      const chosen = 'id' in which ? failed.where('id', '=', which.id) : failed.where('app_id', '=', which.appId);
      const records = (await chosen.orderBy('seq').limit(limit).execute()).map(recordOf);
      await remove(
        tx,
        records.map((record) => record.id),
      );
      return insert(
        tx,
        records.map((record) => rowOf(record, nowMs)),
      );
    });
  }

  async purgeFailed(beforeMs: number): Promise<number> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('outbox')
      .where('failed_at_ms', '<', beforeMs)
      .executeTakeFirst();
    return Number(numDeletedRows);
  }

  async #set(id: string, columns: Updateable<OutboxTable>): Promise<void> {
    await this.#db.updateTable('outbox').set(columns).where('id', '=', id).execute();
  }
}

/** Returns the stored callbacks, in the order of their numbers. Only the numbers are read back, not the bodies. */
async function insert(db: Kysely<Tables>, rows: readonly NewRow[]): Promise<OutboxRecord[]> {
  const seqs = new Map<string, number>();
  for (let from = 0; from < rows.length; from += MAX_ROWS) {
    const part = rows.slice(from, from + MAX_ROWS);
    const numbered = await db.insertInto('outbox').values(part).returning(['id', 'seq']).execute();
    for (const { id, seq } of numbered) seqs.set(id, seq);
  }
  return rows.map((row) => recordOf({ ...row, seq: seqs.get(row.id) ?? 0 })).sort((one, other) => one.seq - other.seq);
}

async function remove(db: Kysely<Tables>, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += MAX_ROWS) {
    await db
      .deleteFrom('outbox')
      .where('id', 'in', ids.slice(from, from + MAX_ROWS))
      .execute();
  }
}

function rowOf(record: NewOutboxRecord, nextAttemptAtMs: number): NewRow {
  return {
    id: record.id,
    app_id: record.appId,
    dialect: record.dialect,
    event: record.event,
    url: record.url,
    lane: record.lane,
    body: record.body,
    created_at_ms: record.createdAtMs,
    attempts: 0,
    next_attempt_at_ms: nextAttemptAtMs,
    failed_at_ms: null,
    last_status: null,
    last_error: null,
  };
}

function columnsOf({ attempts, lastStatus, lastError }: AttemptFailure): Updateable<OutboxTable> {
  return { attempts, last_status: lastStatus ?? null, last_error: lastError.slice(0, MAX_ERROR_LENGTH) };
}

function recordOf(row: Selectable<OutboxTable>): OutboxRecord {
  return {
    seq: row.seq,
    id: row.id,
    appId: row.app_id,
    dialect: row.dialect,
    event: row.event,
    url: row.url,
    lane: row.lane,
    body: row.body,
    createdAtMs: row.created_at_ms,
    attempts: row.attempts,
    nextAttemptAtMs: row.next_attempt_at_ms,
    ...(row.failed_at_ms !== null && { failedAtMs: row.failed_at_ms }),
    ...(row.last_status !== null && { lastStatus: row.last_status }),
    ...(row.last_error !== null && { lastError: row.last_error }),
  };
}
