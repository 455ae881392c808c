/**
 * The files of chat messages, in SQL.
 *
 * @module
 */

import type { RoomId, UserId } from '@gavel/protocol';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { FileRecord, FileRepository, FileUsage } from '../files.ts';
import type { ChatFilesTable, Tables } from './tables.ts';

/** The files of a database. */
export class SqlFiles implements FileRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async add(file: FileRecord): Promise<void> {
    await this.#db
      .insertInto('chat_files')
      .values({
        file_id: file.fileId,
        app_id: file.appId,
        environment: file.environment,
        room_id: file.roomId,
        user_id: file.userId,
        name: file.name,
        media_type: file.mediaType,
        size: file.size,
        created_at_ms: file.createdAtMs,
        session_id: null,
        message_id: null,
        is_orphan: 0,
      })
      .execute();
  }

  async find(fileId: string): Promise<FileRecord | undefined> {
    const row = await this.#db
      .selectFrom('chat_files')
      .selectAll()
      .where('file_id', '=', fileId)
      .where('is_orphan', '=', 0)
      .executeTakeFirst();
    return row && recordOf(row);
  }

  async delete(fileIds: readonly string[]): Promise<readonly FileRecord[]> {
    if (fileIds.length === 0) return [];
    const rows = await this.#db.deleteFrom('chat_files').where('file_id', 'in', fileIds).returningAll().execute();
    return rows.map(recordOf);
  }

  async orphanUnbound(): Promise<void> {
    await this.#db.updateTable('chat_files').set({ is_orphan: 1 }).where('session_id', 'is', null).execute();
  }

  async orphanUnboundOf(fileIds: readonly string[]): Promise<void> {
    if (fileIds.length === 0) return;
    await this.#db
      .updateTable('chat_files')
      .set({ is_orphan: 1 })
      .where('file_id', 'in', fileIds)
      .where('session_id', 'is', null)
      .execute();
  }

  async orphans(limit: number): Promise<readonly FileRecord[]> {
    const rows = await this.#db
      .selectFrom('chat_files')
      .selectAll()
      // Spelled out, as the index of orphans has it.
      .where('is_orphan', '=', sql.lit(1))
      .limit(limit)
      .execute();
    return rows.map(recordOf);
  }

  async known(fileIds: readonly string[]): Promise<ReadonlySet<string>> {
    if (fileIds.length === 0) return new Set();
    const rows = await this.#db.selectFrom('chat_files').select('file_id').where('file_id', 'in', fileIds).execute();
    return new Set(rows.map(({ file_id }) => file_id));
  }

  async usage(): Promise<readonly FileUsage[]> {
    const rows = await this.#db
      .selectFrom('chat_files')
      .select(['app_id', 'environment', 'room_id', ({ fn }) => fn.sum<number>('size').as('bytes')])
      .groupBy(['app_id', 'environment', 'room_id'])
      .execute();
    return rows.map(({ app_id, environment, room_id, bytes }) => ({
      appId: app_id,
      environment,
      roomId: room_id as RoomId,
      bytes: Number(bytes),
    }));
  }
}

/** Binds files to a stored message, which has lost all others that it had. */
export async function bindFiles(
  tx: Kysely<Tables>,
  message: { readonly sessionId: string; readonly id: string },
  fileIds: readonly string[],
): Promise<void> {
  const { sessionId, id } = message;
  const bound = tx
    .updateTable('chat_files')
    .set({ is_orphan: 1 })
    .where('session_id', '=', sessionId)
    .where('message_id', '=', id);
  // PostgreSQL refuses an empty list.
  if (fileIds.length === 0) return void (await bound.execute());
  await bound.where('file_id', 'not in', fileIds).execute();
  await tx
    .updateTable('chat_files')
    .set({ session_id: sessionId, message_id: id })
    .where('file_id', 'in', fileIds)
    .execute();
}

function recordOf(row: Selectable<ChatFilesTable>): FileRecord {
  return {
    fileId: row.file_id,
    appId: row.app_id,
    environment: row.environment,
    roomId: row.room_id as RoomId,
    userId: row.user_id as UserId,
    name: row.name,
    mediaType: row.media_type,
    size: row.size,
    createdAtMs: row.created_at_ms,
  };
}
