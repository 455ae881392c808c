/**
 * Leases and owners in PostgreSQL, by its clock.
 *
 * @module
 */

import type { Environment, RoomId, RoomKey } from '@gavel/protocol';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { OwnedRoom } from '../../store/journal.ts';
import { openDatabase, type PostgresOptions } from '../../store/postgres/database.ts';
import type { Tables } from '../../store/sql/tables.ts';
import type { Owner } from '../ownership.ts';
import {
  HEALTHY_LEASES,
  type Incarnation,
  LEASE_MS,
  type LeasedNode,
  type LeaseTable,
  type LiveNode,
  type NodeFacts,
} from './lease-table.ts';

/** The time now: not that of the transaction's beginning, as `now()` is. */
const NOW = sql`clock_timestamp()`;
const intervalOf = (ms: number) => sql.raw(`interval '${ms} milliseconds'`);

const isRoom = ({ appId, environment, roomId }: RoomKey): RawBuilder<unknown> =>
  sql`room_id = ${roomId} and app_id = ${appId} and environment = ${environment}`;

/** How long a statement about leases may take, in milliseconds: a renewal that takes longer comes too late. */
const STATEMENT_TIMEOUT_MS = 1_000;

/** A table of leases with connections of its own, so that renewals do not wait for other calls. */
export interface OpenedLeaseTable {
  readonly table: LeaseTable;
  close(): Promise<void>;
}

/**
 * Opens the leases in the database of the store.
 *
 * @throws as `openPostgresStore`
 */
export async function openLeaseTable(
  options: Pick<PostgresOptions, 'url' | 'onConnectionLost'>,
): Promise<OpenedLeaseTable> {
  const limits = { statementTimeoutMs: STATEMENT_TIMEOUT_MS, connectTimeoutMs: STATEMENT_TIMEOUT_MS };
  const db = await openDatabase({ ...options, ...limits, maxConnections: 4 });
  return { table: new PostgresLeaseTable(db), close: () => db.destroy() };
}

/** The leases and owners of a database. */
export class PostgresLeaseTable implements LeaseTable {
  readonly #db: Kysely<Tables>;
  readonly #lease: RawBuilder<unknown>;
  readonly #healthy: RawBuilder<unknown>;

  /** @param leaseMs how long a lease lasts; another time than the default is for tests */
  constructor(db: Kysely<Tables>, leaseMs = LEASE_MS) {
    this.#db = db;
    this.#lease = intervalOf(leaseMs);
    this.#healthy = intervalOf(HEALTHY_LEASES * leaseMs);
  }

  async register({ id, addresses, load }: NodeFacts): Promise<number | undefined> {
    const { rows } = await sql<{ incarnation: number }>`
      insert into node as known (id, incarnation, expires_at, healthy_since, addresses, load)
      values (${id}, 1, ${NOW} + ${this.#lease}, ${NOW}, ${JSON.stringify(addresses)}, ${load})
      on conflict (id) do update set
        incarnation = known.incarnation + 1, expires_at = excluded.expires_at, healthy_since = excluded.healthy_since,
        addresses = excluded.addresses, load = excluded.load
      where known.expires_at <= ${NOW}
      returning incarnation`.execute(this.#db);
    return rows[0]?.incarnation;
  }

  async renew({ id, incarnation, addresses, load }: LiveNode): Promise<readonly LeasedNode[] | undefined> {
    const { numAffectedRows } = await sql`
      update node set
        healthy_since = case when expires_at <= ${NOW} then ${NOW} else healthy_since end,
        expires_at = ${NOW} + ${this.#lease}, addresses = ${JSON.stringify(addresses)}, load = ${load}
      where id = ${id} and incarnation = ${incarnation}`.execute(this.#db);
    if (numAffectedRows !== 1n) return undefined;
    const { rows } = await sql<Incarnation & { addresses: string; load: number; remainingMs: number }>`
      select id, incarnation, addresses, load,
        (extract(epoch from expires_at - ${NOW}) * 1000)::float8 as "remainingMs" from node where expires_at > ${NOW} order by id`.execute(
      this.#db,
    );
    return rows.map((row) => ({ ...row, addresses: JSON.parse(row.addresses) as string[] }));
  }

  async end({ id, incarnation }: Incarnation): Promise<void> {
    await sql`update node set expires_at = ${NOW} where id = ${id} and incarnation = ${incarnation} and expires_at > ${NOW}`.execute(
      this.#db,
    );
  }

  async roomsOf({ id, incarnation }: Incarnation): Promise<readonly OwnedRoom[]> {
    const rows = await this.#db
      .selectFrom('room_owner')
      .select(['app_id', 'environment', 'room_id', 'term'])
      .where('node', '=', id)
      .where('incarnation', '=', incarnation)
      .execute();
    return rows.map(({ app_id, environment, room_id, term }) => ({
      key: { appId: app_id, environment: environment as Environment, roomId: room_id as RoomId },
      term,
    }));
  }

  async ownerOf(key: RoomKey): Promise<Owner | undefined> {
    const { rows } = await sql<Owner>`
      select node, term from room_owner join node on node.id = room_owner.node and node.incarnation = room_owner.incarnation
      where ${isRoom(key)} and expires_at > ${NOW}`.execute(this.#db);
    return rows[0];
  }

  /**
   * The lock on the owner's row of `node` decides between a claim and a renewal of a lease that is over: the one that comes
   * second sees what the first one did. A claim of a room without an owner's row locks nothing.
   */
  async claim(key: RoomKey, { id, incarnation }: Incarnation): Promise<Owner | undefined> {
    const { rows } = await sql<{ term: number }>`
      insert into room_owner as room (app_id, environment, room_id, node, incarnation, term)
      select ${key.appId}, ${key.environment}, ${key.roomId}, id, incarnation, 1 from node
      where id = ${id} and incarnation = ${incarnation} and expires_at > ${NOW}
      on conflict (room_id, app_id, environment) do update set
        node = excluded.node, incarnation = excluded.incarnation, term = room.term + 1, released_at = null
      where coalesce((
          select owner.expires_at <= ${NOW} from (
            select expires_at from node where id = room.node and incarnation = room.incarnation for share
          ) as owner
        ), true)
        and (
          room.node is null or room.node = ${id}
          or exists (select 1 from node where id = ${id} and healthy_since <= ${NOW} - ${this.#healthy})
        )
      returning term`.execute(this.#db);
    const claimed = rows[0];
    return claimed ? { node: id, term: claimed.term } : this.ownerOf(key);
  }

  async release({ key, term }: OwnedRoom, { id, incarnation }: Incarnation): Promise<void> {
    await sql`
      update room_owner set node = null, incarnation = null, released_at = ${NOW}
      where ${isRoom(key)} and node = ${id} and incarnation = ${incarnation} and term = ${term}`.execute(this.#db);
  }

  async purge(limit: number): Promise<number> {
    const before = sql`${NOW} - interval '1 hour'`;
    const statements = [
      sql`delete from room_owner where ctid in (
        select ctid from room_owner where released_at < ${before} limit ${limit} for update skip locked)`,
      sql`update room_owner set node = null, incarnation = null, released_at = ${NOW} where ctid in (
        select room.ctid from room_owner as room join node on node.id = room.node
        where node.expires_at < ${before} or node.incarnation <> room.incarnation
        limit ${limit} for update of room skip locked)`,
      sql`delete from node where expires_at < ${before} and not exists (select 1 from room_owner where node = node.id)`,
    ];
    let changed = 0;
    for (const statement of statements) {
      if (changed < limit) changed += Number((await statement.execute(this.#db)).numAffectedRows);
    }
    return changed;
  }
}
