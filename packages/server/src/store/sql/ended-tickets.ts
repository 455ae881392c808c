/**
 * Ended tickets in SQL.
 *
 * @module
 */

import type { Epoch } from '@gavel/protocol';
import type { Insertable, Kysely, Selectable } from 'kysely';
import type { EndedTicket, EndedTicketRepository, TicketEndCause } from '../../rooms/ended-tickets.ts';
import { inParts } from './parts.ts';
import type { EndedTicketsTable, Tables } from './tables.ts';

/** The ended tickets of a database. */
export class SqlEndedTickets implements EndedTicketRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async issuer(): Promise<string> {
    const row = await this.#db
      .selectFrom('server_facts')
      .select('value')
      .where('name', '=', 'ticket_issuer')
      .executeTakeFirstOrThrow();
    return row.value;
  }

  async find(scopes: readonly string[]): Promise<readonly EndedTicket[]> {
    if (scopes.length === 0) return [];
    const rows = await this.#db.selectFrom('ended_tickets').selectAll().where('scope', 'in', scopes).execute();
    return rows.map(ticketOf);
  }

  async deleteBefore(timeMs: number, limit: number): Promise<number> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('ended_tickets')
      .where('scope', 'in', (eb) =>
        eb
          .selectFrom('ended_tickets')
          .select('scope')
          .where('ended_at_ms', '<', timeMs)
          .orderBy('ended_at_ms')
          .limit(limit),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  }
}

/** Stores rows in the caller's transaction. A row replaces the one of the same scope. */
export async function putEndedTickets(tx: Kysely<Tables>, rows: readonly EndedTicket[]): Promise<void> {
  const lastOfScope = new Map(rows.map((row) => [row.scope, row]));
  // In one order everywhere, so that two transactions do not wait for each other's rows.
  const sorted = [...lastOfScope.values()].sort((one, other) => (one.scope < other.scope ? -1 : 1));
  for (const part of inParts(sorted)) await insert(tx, part);
}

async function insert(db: Kysely<Tables>, rows: readonly EndedTicket[]): Promise<void> {
  await db
    .insertInto('ended_tickets')
    .values(rows.map(rowOf))
    .onConflict((conflict) =>
      conflict.column('scope').doUpdateSet((eb) => ({
        epoch: eb.ref('excluded.epoch'),
        seq: eb.ref('excluded.seq'),
        cause: eb.ref('excluded.cause'),
        reason: eb.ref('excluded.reason'),
        ended_at_ms: eb.ref('excluded.ended_at_ms'),
      })),
    )
    .execute();
}

function rowOf({ scope, position, cause, reason, endedAtMs }: EndedTicket): Insertable<EndedTicketsTable> {
  const { epoch, seq } = position ?? { epoch: null, seq: null };
  return { scope, epoch, seq, cause, reason, ended_at_ms: endedAtMs };
}

function ticketOf(row: Selectable<EndedTicketsTable>): EndedTicket {
  const { scope, epoch, seq, cause, reason, ended_at_ms: endedAtMs } = row;
  return {
    scope,
    ...(epoch !== null && seq !== null && { position: { epoch: epoch as Epoch, seq } }),
    cause: cause as TicketEndCause,
    reason,
    endedAtMs,
  };
}
