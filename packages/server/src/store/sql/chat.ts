/**
 * The chat messages of sessions in SQL.
 *
 * @module
 */

import type { WireContent } from '@gavel/protocol';
import { filesOf } from '@gavel/protocol/content-files';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { ChatChange, ChatRecord, ChatRepository } from '../chat.ts';
import { bindFiles } from './files.ts';
import type { SessionChatTable, Tables } from './tables.ts';

/** The chat of a database. */
export class SqlChat implements ChatRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async keep(changes: readonly ChatChange[]): Promise<void> {
    if (changes.length === 0) return;
    await this.#db.transaction().execute(async (tx) => {
      for (const change of changes) {
        if (change.type === 'put') await put(tx, change.message);
        else {
          await tx
            .deleteFrom('session_chat')
            .where('session_id', '=', change.sessionId)
            .where('id', '=', change.id)
            .execute();
        }
      }
    });
  }

  async read(sessionId: string, afterId: string, limit: number): Promise<readonly ChatRecord[]> {
    const rows = await this.#db
      .selectFrom('session_chat')
      .selectAll()
      .where('session_id', '=', sessionId)
      .where('id', '>', afterId)
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map(recordOf);
  }

  async has(sessionId: string): Promise<boolean> {
    return (await this.read(sessionId, '', 1)).length > 0;
  }

  async purge(endedBeforeMs: number, limit: number): Promise<number> {
    return this.#db.transaction().execute(async (tx) => {
      const sessions = await tx
        .selectFrom('sessions')
        .select('id')
        // A literal, so that the partial index of these sessions is used.
        .where('chat', '=', sql.lit('temporary'))
        .where('ended_at_ms', '<', endedBeforeMs)
        .orderBy('ended_at_ms')
        .limit(limit)
        .execute();
      let left = limit;
      for (const { id } of sessions) {
        left -= await deleteChat(tx, id, left);
        if (left <= 0) break;
        await tx.updateTable('sessions').set({ chat: null }).where('id', '=', id).execute();
      }
      return limit - left;
    });
  }
}

/** Deletes at most `limit` messages of a session; returns their number. */
export async function deleteChat(tx: Kysely<Tables>, sessionId: string, limit: number): Promise<number> {
  const some = tx.selectFrom('session_chat').select('id').where('session_id', '=', sessionId).limit(limit);
  const { numDeletedRows } = await tx
    .deleteFrom('session_chat')
    .where('session_id', '=', sessionId)
    .where('id', 'in', some)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

async function put(tx: Kysely<Tables>, message: ChatRecord): Promise<void> {
  const facts = {
    user_id: message.userId,
    name: message.name,
    text: message.text,
    content: message.content ? JSON.stringify(message.content) : null,
    is_pinned: Number(message.isPinned),
    is_edited: Number(message.isEdited),
    sent_at_ms: message.sentAtMs,
  };
  await tx
    .insertInto('session_chat')
    .values({ session_id: message.sessionId, id: message.id, ...facts })
    .onConflict((conflict) => conflict.columns(['session_id', 'id']).doUpdateSet(facts))
    .execute();
  const fileIds = filesOf(message.content).map(({ fileId }) => fileId);
  // Only an edit takes files away.
  if (fileIds.length > 0 || message.isEdited) await bindFiles(tx, message, fileIds);
}

function recordOf(row: Selectable<SessionChatTable>): ChatRecord {
  return {
    sessionId: row.session_id,
    id: row.id,
    userId: row.user_id,
    name: row.name,
    text: row.text,
    ...(row.content !== null && { content: JSON.parse(row.content) as WireContent }),
    isPinned: row.is_pinned === 1,
    isEdited: row.is_edited === 1,
    sentAtMs: row.sent_at_ms,
  };
}
