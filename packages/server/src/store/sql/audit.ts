/**
 * The audit trail in SQL.
 *
 * @module
 */

import type { RoomId } from '@gavel/protocol';
import { type Kysely, type Selectable, type SelectQueryBuilder, type SqlBool, sql } from 'kysely';
import type { AuditFilter, AuditPage, AuditRepository, AuditRow, StoredAuditRow } from '../audit.ts';
import type { AuditTable, Tables } from './tables.ts';

/** What the details of a preview contain. */
const DRY_RUN_MARK = '"dryRun":true';

/** The audit trail of a database. */
export class SqlAudit implements AuditRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async list(filter: AuditFilter, limit: number, before?: number): Promise<AuditPage> {
    const matching = before === undefined ? this.#matching(filter) : this.#matching(filter).where('seq', '<', before);
    // One more row shows whether there is a next page.
    const found = await matching
      .selectAll()
      .orderBy('seq', 'desc')
      .limit(limit + 1)
      .execute();
    const rows = found.slice(0, limit).map(rowOf);
    const last = rows.at(-1);
    return { rows, ...(found.length > limit && last && { next: last.seq }) };
  }

  async listForward(filter: AuditFilter, limit: number, after: number): Promise<readonly StoredAuditRow[]> {
    const rows = await this.#matching(filter)
      .selectAll()
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(limit)
      .execute();
    return rows.map(rowOf);
  }

  async purge(beforeMs: number, limit: number): Promise<number> {
    const oldest = this.#db
      .selectFrom('audit')
      .select('seq')
      .where('at_ms', '<', beforeMs)
      .orderBy('at_ms')
      .limit(limit);
    const { numDeletedRows } = await this.#db.deleteFrom('audit').where('seq', 'in', oldest).executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  }

  #matching(filter: AuditFilter): SelectQueryBuilder<Tables, 'audit', object> {
    const { appId, environment, roomId, actor, door, action, outcome, target, dryRun, fromMs, untilMs } = filter;
    let matching: SelectQueryBuilder<Tables, 'audit', object> = this.#db.selectFrom('audit');
    if (appId !== undefined) matching = matching.where('app_id', '=', appId);
    if (environment !== undefined) matching = matching.where('environment', '=', environment);
    if (roomId !== undefined) matching = matching.where('room_id', '=', roomId);
    if (actor !== undefined) matching = matching.where('actor', '=', actor);
    if (door !== undefined) matching = matching.where('door', '=', door);
    if (action !== undefined) matching = matching.where('action', '=', action);
    if (outcome !== undefined) matching = matching.where('outcome', '=', outcome);
    if (fromMs !== undefined) matching = matching.where('at_ms', '>=', fromMs);
    if (untilMs !== undefined) matching = matching.where('at_ms', '<=', untilMs);
    // A text that contains the mark has its quotes escaped.
    if (dryRun === true) matching = matching.where(sql<SqlBool>`replace(details, ${DRY_RUN_MARK}, '') <> details`);
    if (dryRun === false) matching = matching.where(sql<SqlBool>`replace(details, ${DRY_RUN_MARK}, '') = details`);
    if (target === undefined) return matching;
    // The target in its quotes is part of the JSON array. LIKE would ignore the case of letters.
    return matching.where(sql<SqlBool>`replace(targets, ${JSON.stringify(target)}, '') <> targets`);
  }
}

/** Returns the columns of a new row. */
export function auditColumnsOf(row: AuditRow, term: number): Omit<Selectable<AuditTable>, 'seq'> {
  return {
    id: row.id,
    term,
    at_ms: row.atMs,
    app_id: row.appId,
    environment: row.environment,
    room_id: row.roomId ?? null,
    door: row.door,
    actor: row.actor,
    role: row.role,
    request_id: row.requestId,
    action: row.action,
    reason: row.reason,
    targets: JSON.stringify(row.targets),
    details: JSON.stringify(row.details),
    outcome: row.outcome,
    error_code: row.errorCode ?? null,
  };
}

function rowOf(row: Selectable<AuditTable>): StoredAuditRow {
  return {
    seq: row.seq,
    term: row.term,
    id: row.id,
    atMs: row.at_ms,
    appId: row.app_id,
    environment: row.environment,
    ...(row.room_id !== null && { roomId: row.room_id as RoomId }),
    door: row.door,
    actor: row.actor,
    role: row.role,
    requestId: row.request_id,
    action: row.action,
    reason: row.reason,
    targets: JSON.parse(row.targets) as string[],
    details: JSON.parse(row.details) as Record<string, unknown>,
    outcome: row.outcome,
    ...(row.error_code !== null && { errorCode: row.error_code }),
  };
}
