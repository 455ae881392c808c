/**
 * Tokens of the admin API in SQL.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import type { Kysely, Selectable } from 'kysely';
import type { AdminTokenRecord, AdminTokenRepository } from '../admin-tokens.ts';
import type { AdminTokensTable, Tables } from './tables.ts';

/** The tokens of the admin API of a database. */
export class SqlAdminTokens implements AdminTokenRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async add(token: AdminTokenRecord): Promise<boolean> {
    const { numInsertedOrUpdatedRows = 0n } = await this.#db
      .insertInto('admin_tokens')
      .values({
        token_hash: token.tokenHash,
        name: token.name,
        role: token.role,
        app_ids: token.appIds ? JSON.stringify(token.appIds) : null,
        created_by: token.createdBy,
        created_at_ms: token.createdAtMs,
        expires_at_ms: token.expiresAtMs ?? null,
      })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === 1n;
  }

  async findByHash(tokenHash: string): Promise<AdminTokenRecord | undefined> {
    const row = await this.#db
      .selectFrom('admin_tokens')
      .selectAll()
      .where('token_hash', '=', tokenHash)
      .executeTakeFirst();
    return row && recordOf(row);
  }

  async all(): Promise<readonly AdminTokenRecord[]> {
    const rows = await this.#db.selectFrom('admin_tokens').selectAll().orderBy('seq').execute();
    return rows.map(recordOf);
  }

  async delete(tokenHash: string): Promise<boolean> {
    const result = await this.#db.deleteFrom('admin_tokens').where('token_hash', '=', tokenHash).executeTakeFirst();
    return result.numDeletedRows > 0n;
  }
}

function recordOf(row: Selectable<AdminTokensTable>): AdminTokenRecord {
  return {
    tokenHash: row.token_hash,
    name: row.name,
    role: row.role,
    ...(row.app_ids !== null && { appIds: JSON.parse(row.app_ids) as AppId[] }),
    createdBy: row.created_by,
    createdAtMs: row.created_at_ms,
    ...(row.expires_at_ms !== null && { expiresAtMs: row.expires_at_ms }),
  };
}
