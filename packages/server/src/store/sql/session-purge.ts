/**
 * Deletes old sessions, a limited number of rows at a time.
 *
 * @module
 */

import type { Kysely } from 'kysely';
import { deleteChat } from './chat.ts';
import type { Tables } from './tables.ts';

/** Deletes rows in the caller's transaction: of each session its dependent rows first. Returns their number. */
export async function purgeSessions(tx: Kysely<Tables>, endedBeforeMs: number, limit: number): Promise<number> {
  const sessions = await tx
    .selectFrom('sessions')
    .select('id')
    .where('ended_at_ms', '<', endedBeforeMs)
    .orderBy('ended_at_ms')
    .limit(limit)
    .execute();
  let left = limit;
  for (const { id } of sessions) {
    left -= await deleteChat(tx, id, left);
    if (left > 0) left -= await deletePeers(tx, id, left);
    if (left <= 0) break;
    await tx.deleteFrom('sessions').where('id', '=', id).execute();
    left -= 1;
  }
  return limit - left;
}

async function deletePeers(tx: Kysely<Tables>, sessionId: string, limit: number): Promise<number> {
  const some = tx.selectFrom('session_peers').select('seq').where('session_id', '=', sessionId).limit(limit);
  const { numDeletedRows } = await tx.deleteFrom('session_peers').where('seq', 'in', some).executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
