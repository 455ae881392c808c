/**
 * The history of sessions in SQL.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import { type Kysely, type Selectable, type SelectQueryBuilder, sql } from 'kysely';
import type {
  OpenSession,
  SessionChange,
  SessionDay,
  SessionFilter,
  SessionPeerFilter,
  SessionPeerRecord,
  SessionRecord,
  SessionRepository,
} from '../sessions.ts';
import type { Page, Paged } from '../store.ts';
import { type Part, readPaged } from './paged.ts';
import { contains } from './search.ts';
import { keepChange } from './session-changes.ts';
import { purgeSessions } from './session-purge.ts';
import type { SessionPeersTable, SessionsTable, Tables } from './tables.ts';

/** The milliseconds of all connections up to a time, ended and current ones. */
const memberMsAt = (nowMs: number) => sql<number>`ended_ms + live_count * (${nowMs} - started_at_ms) - live_from_ms`;

/** The query of the sessions that a filter selects, without selected columns. */
type Matching = SelectQueryBuilder<Tables, 'sessions', object>;

/** The sessions of a database. */
export class SqlSessions implements SessionRepository {
  readonly #db: Kysely<Tables>;
  readonly #node: string;

  constructor(db: Kysely<Tables>, node: string) {
    this.#db = db;
    this.#node = node;
  }

  async keep(changes: readonly SessionChange[]): Promise<void> {
    if (changes.length === 0) return;
    await this.#db.transaction().execute(async (tx) => {
      for (const change of changes) await keepChange(tx, change, this.#node);
    });
  }

  async checkpoint(nowMs: number): Promise<void> {
    await this.#db
      .updateTable('sessions')
      .set({ seen_at_ms: nowMs })
      .where('ended_at_ms', 'is', null)
      .where('owner', '=', this.#node)
      .execute();
  }

  async open(liveNodes: readonly string[] = []): Promise<readonly OpenSession[]> {
    let matching = this.#db.selectFrom('sessions').selectAll().where('ended_at_ms', 'is', null);
    if (liveNodes.length > 0) matching = matching.where('owner', 'not in', liveNodes);
    return this.#withPeers(await matching.orderBy('started_at_ms').execute());
  }

  async adopt(appId: AppId, meetingId: string): Promise<OpenSession | undefined> {
    const rows = await this.#db
      .updateTable('sessions')
      .set({ owner: this.#node })
      .where('app_id', '=', appId)
      .where('meeting_id', '=', meetingId)
      .where('ended_at_ms', 'is', null)
      .returningAll()
      .execute();
    return (await this.#withPeers(rows))[0];
  }

  async #withPeers(rows: readonly Selectable<SessionsTable>[]): Promise<readonly OpenSession[]> {
    const open: OpenSession[] = [];
    for (const row of rows) {
      const peers = await this.#db
        .selectFrom('session_peers')
        .selectAll()
        .where('session_id', '=', row.id)
        .where('left_at_ms', 'is', null)
        .orderBy('seq')
        .execute();
      open.push({ session: sessionOf(row, row.seen_at_ms), peers: peers.map(peerOf), seenAtMs: row.seen_at_ms });
    }
    return open;
  }

  async find(appId: AppId, id: string, nowMs: number): Promise<SessionRecord | undefined> {
    const row = await this.#db
      .selectFrom('sessions')
      .selectAll()
      .where('app_id', '=', appId)
      .where('id', '=', id)
      .executeTakeFirst();
    return row && sessionOf(row, nowMs);
  }

  async findLive(appId: AppId, meetingId: string, nowMs: number): Promise<SessionRecord | undefined> {
    const row = await this.#db
      .selectFrom('sessions')
      .selectAll()
      .where('app_id', '=', appId)
      .where('meeting_id', '=', meetingId)
      .where('ended_at_ms', 'is', null)
      .executeTakeFirst();
    return row && sessionOf(row, nowMs);
  }

  async list(appId: AppId, filter: SessionFilter, page: Page, nowMs: number): Promise<Paged<SessionRecord>> {
    const matching = await this.#matching(appId, filter);
    return readPaged(
      page,
      async (part) => {
        const order = (filter.ascending ?? false) === part.fromEnd ? 'desc' : 'asc';
        const rows =
          filter.sortBy === 'memberMs'
            ? await this.#readByLength(matching, part, order, nowMs)
            : await this.#readByTime(matching, part, order);
        return rows.map((row) => sessionOf(row, nowMs));
      },
      async () => {
        const { count } = await matching.select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
        return Number(count);
      },
    );
  }

  async peers(
    sessionId: string,
    { search, sortBy, ascending }: SessionPeerFilter,
    page: Page,
    nowMs: number,
  ): Promise<Paged<SessionPeerRecord>> {
    let matching = this.#db.selectFrom('session_peers').where('session_id', '=', sessionId);
    if (search !== undefined) {
      matching = matching.where((eb) =>
        eb.or([
          contains(eb.ref('name'), search),
          eb('id', '=', search),
          eb('user_id', '=', search),
          eb('custom_id', '=', search),
        ]),
      );
    }
    const order = (ascending ?? sortBy === undefined) ? 'asc' : 'desc';
    const duration = sql<number>`coalesce(left_at_ms, ${nowMs}) - joined_at_ms`;
    const sorted = sortBy === 'duration' ? matching.orderBy(duration, order) : matching;
    const rows = await sorted.selectAll().orderBy('seq', order).limit(page.limit).offset(page.offset).execute();
    const { count } = await matching.select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
    return { items: rows.map(peerOf), totalCount: Number(count) };
  }

  async findPeer(sessionId: string, id: string): Promise<SessionPeerRecord | undefined> {
    const row = await this.#db
      .selectFrom('session_peers')
      .selectAll()
      .where('session_id', '=', sessionId)
      .where((eb) => eb.or([eb('id', '=', id), eb('user_id', '=', id)]))
      .orderBy('seq', 'desc')
      .executeTakeFirst();
    return row && peerOf(row);
  }

  async findPeerOfApp(appId: AppId, peerId: string): Promise<SessionPeerRecord | undefined> {
    const row = await this.#db
      .selectFrom('session_peers')
      .innerJoin('sessions', 'sessions.id', 'session_peers.session_id')
      .selectAll('session_peers')
      .where('sessions.app_id', '=', appId)
      .where('session_peers.id', '=', peerId)
      .executeTakeFirst();
    return row && peerOf(row);
  }

  async days(appId: AppId, fromMs: number, untilMs: number, nowMs: number): Promise<readonly SessionDay[]> {
    const day = sql<number>`started_at_ms / 86400000`;
    const matching = await this.#matching(appId, { fromMs, untilMs });
    const rows = await matching
      .select((eb) => [
        day.as('day'),
        eb.fn.countAll<number>().as('count'),
        sql<number>`sum(${memberMsAt(nowMs)})`.as('member_ms'),
      ])
      .groupBy(day)
      .orderBy(day)
      .execute();
    return rows.map((row) => ({
      day: new Date(row.day * 86_400_000).toISOString().slice(0, 10),
      sessionCount: Number(row.count),
      memberMs: Number(row.member_ms),
    }));
  }

  async purge(endedBeforeMs: number, limit: number): Promise<number> {
    return this.#db.transaction().execute((tx) => purgeSessions(tx, endedBeforeMs, limit));
  }

  #readByTime(matching: Matching, { offset, limit }: Part, order: 'asc' | 'desc') {
    const seqs = matching
      .select('seq')
      .orderBy('started_at_ms', order)
      .orderBy('seq', order)
      .limit(limit)
      .offset(offset);
    return this.#db
      .selectFrom('sessions')
      .selectAll()
      .where('seq', 'in', seqs)
      .orderBy('started_at_ms', order)
      .orderBy('seq', order)
      .execute();
  }

  /** Those that have ended are in an index by their length; the few that are live are sorted in between. */
  #readByLength(matching: Matching, { offset, limit }: Part, order: 'asc' | 'desc', nowMs: number) {
    const columns = ['seq', 'started_at_ms'] as const;
    const sorted = matching
      .where('ended_at_ms', 'is not', null)
      .select([...columns, 'ended_ms as member_ms'])
      .unionAll(matching.where('ended_at_ms', 'is', null).select([...columns, memberMsAt(nowMs).as('member_ms')]))
      .orderBy('member_ms', order)
      .orderBy('started_at_ms', order)
      .orderBy('seq', order)
      .limit(limit)
      .offset(offset);
    return this.#db
      .selectFrom(sorted.as('page'))
      .innerJoin('sessions', 'sessions.seq', 'page.seq')
      .selectAll('sessions')
      .orderBy('page.member_ms', order)
      .orderBy('page.started_at_ms', order)
      .orderBy('page.seq', order)
      .execute();
  }

  async #matching(appId: AppId, filter: SessionFilter): Promise<Matching> {
    const { meetingId, isLive, search, minUsers, maxUsers, fromMs, untilMs } = filter;
    let matching: Matching = this.#db.selectFrom('sessions').where('app_id', '=', appId);
    if (meetingId !== undefined) matching = matching.where('meeting_id', '=', meetingId);
    if (isLive !== undefined) matching = matching.where('ended_at_ms', isLive ? 'is' : 'is not', null);
    if (minUsers !== undefined) matching = matching.where('user_count', '>=', minUsers);
    if (maxUsers !== undefined) matching = matching.where('user_count', '<=', maxUsers);
    if (fromMs !== undefined) matching = matching.where('started_at_ms', '>=', fromMs);
    if (untilMs !== undefined) matching = matching.where('started_at_ms', '<=', untilMs);
    if (search === undefined) return matching;
    const named = this.#db
      .selectFrom('sessions')
      .select('seq')
      .where('id', '=', search)
      .unionAll(
        this.#db.selectFrom('sessions').select('seq').where('app_id', '=', appId).where('meeting_id', '=', search),
      );
    // Asked once, so that the index of titles need not hold the ids as well.
    const isId = (await named.limit(1).executeTakeFirst()) !== undefined;
    return matching.where((eb) => {
      const inTitle = contains(eb.ref('title'), search);
      return isId ? eb.or([inTitle, eb('seq', 'in', named)]) : inTitle;
    });
  }
}

function sessionOf(row: Selectable<SessionsTable>, nowMs: number): SessionRecord {
  return {
    id: row.id,
    appId: row.app_id,
    meetingId: row.meeting_id,
    title: row.title,
    startedAtMs: row.started_at_ms,
    ...(row.ended_at_ms !== null && { endedAtMs: row.ended_at_ms }),
    ...(row.end_reason !== null && { endReason: row.end_reason }),
    ...(row.chat !== null && { chat: row.chat }),
    liveCount: row.live_count,
    peakCount: row.peak_count,
    userCount: row.user_count,
    memberMs: row.ended_ms + row.live_count * (nowMs - row.started_at_ms) - row.live_from_ms,
    updatedAtMs: row.updated_at_ms,
  };
}

function peerOf(row: Selectable<SessionPeersTable>): SessionPeerRecord {
  return {
    id: row.id,
    sessionId: row.session_id,
    userId: row.user_id,
    customId: row.custom_id,
    name: row.name,
    presetName: row.preset_name,
    viewType: row.view_type,
    joinedAtMs: row.joined_at_ms,
    ...(row.left_at_ms !== null && { leftAtMs: row.left_at_ms }),
  };
}
