/**
 * Forgets sessions of long ago, so many rows at a time.
 *
 * @module
 */

import type { Kysely } from 'kysely';
import { deleteChat } from './chat.ts';
import type { Tables } from './tables.ts';

/** Forgets rows in the transaction of its caller: of each session first what hangs on it. Returns how many. */
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
