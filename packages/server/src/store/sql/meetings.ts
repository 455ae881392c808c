/**
 * Meetings in SQL.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import type { Kysely, Selectable } from 'kysely';
import type { JsonObject, MeetingFilter, MeetingRecord, MeetingRepository, Page, Paged } from '../store.ts';
import { readPaged } from './paged.ts';
import { contains } from './search.ts';
import type { MeetingsTable, Tables } from './tables.ts';

/** The meetings of a database. */
export class SqlMeetings implements MeetingRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async add(meeting: MeetingRecord): Promise<void> {
    await this.#db
      .insertInto('meetings')
      .values({
        id: meeting.id,
        app_id: meeting.appId,
        title: meeting.title,
        status: meeting.status,
        settings: JSON.stringify(meeting.settings),
        created_at_ms: meeting.createdAtMs,
        updated_at_ms: meeting.updatedAtMs,
      })
      .execute();
  }

  async find(appId: AppId, id: string): Promise<MeetingRecord | undefined> {
    const row = await selectMeeting(this.#db, appId, id).executeTakeFirst();
    return row && recordOf(row);
  }

  async list(appId: AppId, filter: MeetingFilter, page: Page): Promise<Paged<MeetingRecord>> {
    const matching = await this.#matching(appId, filter);
    return readPaged(
      page,
      async ({ offset, limit, fromEnd }) => {
        const order = fromEnd ? 'asc' : 'desc';
        const seqs = matching
          .select('seq')
          .orderBy('created_at_ms', order)
          .orderBy('seq', order)
          .limit(limit)
          .offset(offset);
        const rows = await this.#db
          .selectFrom('meetings')
          .selectAll()
          .where('seq', 'in', seqs)
          .orderBy('created_at_ms', order)
          .orderBy('seq', order)
          .execute();
        return rows.map(recordOf);
      },
      async () => {
        const { count } = await matching.select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
        return Number(count);
      },
    );
  }

  async update(
    appId: AppId,
    id: string,
    change: Parameters<MeetingRepository['update']>[2],
  ): Promise<MeetingRecord | undefined> {
    return this.#db.transaction().execute(async (tx) => {
      const row = await selectMeeting(tx, appId, id).forUpdate().executeTakeFirst();
      if (!row) return undefined;
      const meeting = recordOf(row);
      const { title, status, settings, updatedAtMs } = await change(meeting);
      await tx
        .updateTable('meetings')
        .set({ title, status, settings: JSON.stringify(settings), updated_at_ms: updatedAtMs })
        .where('id', '=', id)
        .execute();
      return { ...meeting, title, status, settings, updatedAtMs };
    });
  }

  async #matching(appId: AppId, { status, search, fromMs, untilMs }: MeetingFilter) {
    let matching = this.#db.selectFrom('meetings').where('app_id', '=', appId);
    if (status !== undefined) matching = matching.where('status', '=', status);
    if (fromMs !== undefined) matching = matching.where('created_at_ms', '>=', fromMs);
    if (untilMs !== undefined) matching = matching.where('created_at_ms', '<=', untilMs);
    if (search === undefined) return matching;
    // Queried separately, so that the index of titles need not contain the ids.
    const named = await this.#db.selectFrom('meetings').select('seq').where('id', '=', search).executeTakeFirst();
    return matching.where((eb) => {
      const inTitle = contains(eb.ref('title'), search);
      return named ? eb.or([inTitle, eb('seq', '=', named.seq)]) : inTitle;
    });
  }
}

function selectMeeting(db: Kysely<Tables>, appId: AppId, id: string) {
  return db.selectFrom('meetings').selectAll().where('app_id', '=', appId).where('id', '=', id);
}

function recordOf(row: Selectable<MeetingsTable>): MeetingRecord {
  return {
    id: row.id,
    appId: row.app_id,
    title: row.title,
    status: row.status,
    settings: JSON.parse(row.settings) as JsonObject,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}
