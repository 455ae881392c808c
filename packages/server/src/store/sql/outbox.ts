/**
 * The outbox in SQL.
 *
 * @module
 */

import type { AppId, RoomKey } from '@gavel/protocol';
import type { ExpressionBuilder, ExpressionWrapper, Insertable, Kysely, Selectable, SqlBool, Updateable } from 'kysely';
import type { LiveRoom } from '../live-rooms.ts';
import type {
  AttemptFailure,
  Endpoint,
  OutboxFilter,
  OutboxPlaces,
  OutboxRecord,
  OutboxRepository,
} from '../outbox.ts';
import { findLiveRoom, readLiveRooms } from './live-rooms.ts';
import { LOCAL_NODE } from './owner.ts';
import { inParts } from './parts.ts';
import type { OutboxTable, Tables } from './tables.ts';

const MAX_ERROR_LENGTH = 500;

type ExpressionFactory = (eb: ExpressionBuilder<Tables, 'outbox'>) => ExpressionWrapper<Tables, 'outbox', SqlBool>;

/** The callbacks of a database. */
export class SqlOutbox implements OutboxRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  liveRooms(liveNodes: readonly string[] = []): Promise<readonly LiveRoom[]> {
    return readLiveRooms(this.#db, liveNodes);
  }

  liveRoom(key: RoomKey): Promise<LiveRoom | undefined> {
    return findLiveRoom(this.#db, key);
  }

  async endpoints(appId?: AppId): Promise<readonly Endpoint[]> {
    let matching = this.#db.selectFrom('outbox').select(['app_id', 'url']).distinct().where('failed_at_ms', 'is', null);
    if (appId !== undefined) matching = matching.where('app_id', '=', appId);
    const rows = await matching.execute();
    return rows.map((row) => ({ appId: row.app_id, url: row.url }));
  }

  async pending(
    { appId, url }: Endpoint,
    after: number | OutboxPlaces,
    limit: number,
    lane?: string,
  ): Promise<readonly OutboxRecord[]> {
    let matching = this.#db
      .selectFrom('outbox')
      .selectAll()
      .where('app_id', '=', appId)
      .where('url', '=', url)
      .where('failed_at_ms', 'is', null)
      .where(isAfter(after));
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

  async list({ status, appIds, afterSeq = 0 }: OutboxFilter, limit: number): Promise<readonly OutboxRecord[]> {
    if (appIds?.length === 0) return [];
    let matching = this.#db
      .selectFrom('outbox')
      .selectAll()
      .where('failed_at_ms', status === 'failed' ? 'is not' : 'is', null)
      .where('seq', '>', afterSeq);
    if (appIds) matching = matching.where('app_id', 'in', appIds);
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
    if (ids.length === 0) return;
    await this.#db.transaction().execute((tx) => remove(tx, ids));
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

/** Stores callbacks in the caller's transaction, as those of the node `owner` if they name none. A callback replaces the one with the same id. */
export async function insertCallbacks(
  tx: Kysely<Tables>,
  records: readonly OutboxRecord[],
  owner: string,
): Promise<void> {
  // One statement must not change a row twice.
  const lastOfId = new Map(records.map((record) => [record.id, record]));
  for (const part of inParts([...lastOfId.values()])) {
    await tx
      .insertInto('outbox')
      .values(part.map((record) => ({ ...rowOf(record), owner: record.owner ?? owner })))
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet((eb) => ({
          seq: eb.ref('excluded.seq'),
          owner: eb.ref('excluded.owner'),
          attempts: eb.ref('excluded.attempts'),
          next_attempt_at_ms: eb.ref('excluded.next_attempt_at_ms'),
          failed_at_ms: null,
          last_status: null,
          last_error: null,
        })),
      )
      .execute();
  }
}

/** Selects what is after places. Outside a cluster, the order of `seq` is that in which callbacks become visible. */
function isAfter(after: number | OutboxPlaces): ExpressionFactory {
  if (typeof after === 'number') return (eb) => eb('seq', '>', after);
  const owners = Object.keys(after);
  if (owners.every((owner) => owner === LOCAL_NODE)) return (eb) => eb('seq', '>', after[LOCAL_NODE] ?? 0);
  return (eb) =>
    eb.or([
      eb('owner', 'not in', owners),
      ...owners.map((owner) => eb.and([eb('owner', '=', owner), eb('seq', '>', after[owner] ?? 0)])),
    ]);
}

async function remove(db: Kysely<Tables>, ids: readonly string[]): Promise<void> {
  for (const part of inParts(ids)) await db.deleteFrom('outbox').where('id', 'in', part).execute();
}

function rowOf(record: OutboxRecord): Insertable<OutboxTable> {
  return {
    seq: record.seq,
    id: record.id,
    app_id: record.appId,
    dialect: record.dialect,
    event: record.event,
    url: record.url,
    lane: record.lane,
    body: record.body,
    created_at_ms: record.createdAtMs,
    attempts: record.attempts,
    next_attempt_at_ms: record.nextAttemptAtMs,
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
    ...(row.owner !== LOCAL_NODE && { owner: row.owner }),
  };
}
