/**
 * The journal in SQL.
 *
 * @module
 */

import { GavelError } from '@gavel/protocol/errors';
import { type RoomKey, roomKeyText } from '@gavel/protocol/ids';
import type { ExpressionBuilder, Kysely } from 'kysely';
import type { AuditRow } from '../audit.ts';
import type { CommandReply, EndedLife, JournalEntry, JournalPosition, JournalRepository } from '../journal.ts';
import { mergeLiveRoomChanges } from '../live-rooms.ts';
import type { OutboxRecord } from '../outbox.ts';
import { auditColumnsOf } from './audit.ts';
import { putEndedTickets } from './ended-tickets.ts';
import { keepLiveRoom } from './live-rooms.ts';
import { insertCallbacks } from './outbox.ts';
import { inParts } from './parts.ts';
import { putRules } from './rules.ts';
import { keepChange } from './session-changes.ts';
import type { Tables } from './tables.ts';

/** The name of the newest term among the server's facts. */
const TERM = 'journal_term';
/** The name of the position among the server's facts. */
const POSITION = 'journal_position';
/** What the name of a node's last batch begins with, among the server's facts. */
const BATCH = 'journal_batch';

/** The journal of a database. */
export class SqlJournal implements JournalRepository {
  readonly #db: Kysely<Tables>;
  readonly #node: string;

  constructor(db: Kysely<Tables>, node: string) {
    this.#db = db;
    this.#node = node;
  }

  async apply(entries: readonly JournalEntry[], position?: JournalPosition, batchId?: string): Promise<void> {
    if (entries.length === 0 && !position) return;
    await this.#db.transaction().execute(async (tx) => {
      if (batchId !== undefined && !(await beginBatch(tx, `${BATCH} ${this.#node}`, batchId))) return;
      if (entries.length > 0) await requireTerm(tx, entries);
      await requireOwners(tx, entries);
      for (const { owned } of entries) if (owned?.ended) await putEnd(tx, owned.key, owned.ended);
      for (const { sessions = [] } of entries) for (const change of sessions) await keepChange(tx, change, this.#node);
      const liveRooms = entries.flatMap((entry) => entry.liveRooms ?? []);
      for (const change of mergeLiveRoomChanges(liveRooms)) await keepLiveRoom(tx, change, this.#node);
      await insertCallbacks(
        tx,
        entries.flatMap(({ callbacks = [] }) => callbacks),
        this.#node,
      );
      await insertAudit(
        tx,
        entries.flatMap(({ term, owned, audit = [] }) => audit.map((row) => ({ term: owned?.term ?? term, row }))),
      );
      await insertReplies(
        tx,
        entries.flatMap(({ replies = [] }) => replies),
      );
      await putEndedTickets(
        tx,
        entries.flatMap(({ endedTickets = [] }) => endedTickets),
      );
      await putRules(
        tx,
        entries.flatMap(({ rules = [] }) => rules),
      );
      if (position) await putFact(tx, POSITION, `${position.segment}:${position.offset}`);
    });
  }

  async position(): Promise<JournalPosition> {
    const [segment = 0, offset = 0] = (await findFact(this.#db, POSITION))?.split(':').map(Number) ?? [];
    return { segment, offset };
  }

  async lastCallbackSeq(of?: Pick<OutboxRecord, 'appId' | 'lane'>): Promise<number> {
    let matching = this.#db.selectFrom('outbox').select('seq');
    if (of) {
      matching = matching.where('failed_at_ms', 'is', null).where('app_id', '=', of.appId).where('lane', '=', of.lane);
    }
    const row = await matching.orderBy('seq', 'desc').limit(1).executeTakeFirst();
    return row?.seq ?? 0;
  }

  async findReply(commandId: string, sinceMs: number): Promise<CommandReply | undefined> {
    const row = await this.#db
      .selectFrom('command_replies')
      .selectAll()
      .where('command_id', '=', commandId)
      .where('done_at_ms', '>=', sinceMs)
      .executeTakeFirst();
    return row && { commandId, fingerprint: row.fingerprint, reply: row.reply, doneAtMs: row.done_at_ms };
  }

  async findEnd(key: RoomKey): Promise<EndedLife | undefined> {
    const row = await this.#db.selectFrom('room_owner').select('ended_life').where(isRoom(key)).executeTakeFirst();
    return row?.ended_life ? (JSON.parse(row.ended_life) as EndedLife) : undefined;
  }

  async purgeReplies(beforeMs: number, limit: number): Promise<number> {
    const oldest = this.#db
      .selectFrom('command_replies')
      .select('command_id')
      .where('done_at_ms', '<', beforeMs)
      .orderBy('done_at_ms')
      .limit(limit);
    const { numDeletedRows } = await this.#db
      .deleteFrom('command_replies')
      .where('command_id', 'in', oldest)
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  }
}

/**
 * Stores a batch as the last one of a node; returns false if it is that already. The row is locked until the transaction ends: a
 * repeat waits until it is known whether the attempt before was committed.
 */
async function beginBatch(tx: Kysely<Tables>, name: string, batchId: string): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('server_facts')
    .values({ name, value: batchId })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet({ value: batchId }).where('server_facts.value', '!=', batchId),
    )
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** Refuses entries of an ended term (BUS-6), and stores a newer one. */
async function requireTerm(tx: Kysely<Tables>, entries: readonly JournalEntry[]): Promise<void> {
  const stored = Number((await findFact(tx, TERM)) ?? 0);
  const terms = entries.map(({ term }) => term);
  if (terms.some((term) => term < stored)) {
    throw new GavelError('server.stale-term', `The rows are of term ${Math.min(...terms)}; the term is ${stored}.`);
  }
  const newest = Math.max(...terms);
  if (newest !== stored) await putFact(tx, TERM, String(newest));
}

/**
 * Refuses entries of a room whose owner has another term (CLUS-2). The lock delays the next claim of the room until this
 * transaction ends, so that no entry of an ended term is stored after it.
 */
async function requireOwners(tx: Kysely<Tables>, entries: readonly JournalEntry[]): Promise<void> {
  const owned = new Map(entries.flatMap(({ owned: room }) => (room ? [[roomKeyText(room.key), room] as const] : [])));
  const sorted = [...owned].sort(([one], [other]) => (one < other ? -1 : 1));
  for (const [room, { key, term }] of sorted) {
    const row = await tx
      .selectFrom('room_owner')
      .select('term')
      .where(isRoom(key))
      .where('node', 'is not', null)
      .forShare()
      .executeTakeFirst();
    if (row?.term === term) continue;
    const now = row ? `its owner has term ${row.term}` : 'it has no owner';
    throw new GavelError('server.stale-term', `The rows of room ${room} are of term ${term}; ${now}.`);
  }
}

async function putEnd(tx: Kysely<Tables>, key: RoomKey, life: EndedLife): Promise<void> {
  await tx
    .updateTable('room_owner')
    .set({ ended_life: JSON.stringify(life) })
    .where(isRoom(key))
    .execute();
}

const isRoom =
  ({ appId, environment, roomId }: RoomKey) =>
  (eb: ExpressionBuilder<Tables, 'room_owner'>) =>
    eb.and({ app_id: appId, environment, room_id: roomId });

async function findFact(db: Kysely<Tables>, name: string): Promise<string | undefined> {
  const row = await db.selectFrom('server_facts').select('value').where('name', '=', name).executeTakeFirst();
  return row?.value;
}

async function putFact(tx: Kysely<Tables>, name: string, value: string): Promise<void> {
  await tx
    .insertInto('server_facts')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

async function insertAudit(
  tx: Kysely<Tables>,
  rows: readonly { readonly term: number; readonly row: AuditRow }[],
): Promise<void> {
  for (const part of inParts(rows)) {
    await tx
      .insertInto('audit')
      .values(part.map(({ term, row }) => auditColumnsOf(row, term)))
      .execute();
  }
}

async function insertReplies(tx: Kysely<Tables>, replies: readonly CommandReply[]): Promise<void> {
  for (const { commandId, fingerprint, reply, doneAtMs } of replies) {
    const facts = { fingerprint, reply, done_at_ms: doneAtMs };
    await tx
      .insertInto('command_replies')
      .values({ command_id: commandId, ...facts })
      // A reply that is older than 24 hours may not be deleted yet.
      .onConflict((conflict) => conflict.column('command_id').doUpdateSet(facts))
      .execute();
  }
}
