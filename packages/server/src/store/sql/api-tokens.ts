/**
 * API tokens in SQL.
 *
 * @module
 */

import type { Kysely, Selectable } from 'kysely';
import type { ApiTokenRecord, ApiTokenRepository } from '../store.ts';
import type { ApiTokensTable, Tables } from './tables.ts';

/** The fact whose row is locked while a token is added. */
const NAMES_LOCK = 'api_token_names';

/** The API tokens of a database. */
export class SqlApiTokens implements ApiTokenRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async add(token: ApiTokenRecord): Promise<boolean> {
    const named = this.#db
      .selectFrom('api_tokens')
      .select('seq')
      .where('account_id', '=', token.accountId)
      .where('name', '=', token.name);
    const row = this.#db
      .selectNoFrom((eb) => [
        eb.val(token.tokenHash).as('token_hash'),
        eb.val(token.name).as('name'),
        eb.val(token.accountId).as('account_id'),
        eb.val(token.rtkAppIds ? JSON.stringify(token.rtkAppIds) : null).as('rtk_app_ids'),
        eb.val(token.createdAtMs).as('created_at_ms'),
      ])
      .where(({ exists, not }) => not(exists(named)));
    return this.#db.transaction().execute(async (tx) => {
      // A lock instead of a unique index: the first schema version did not require unique names.
      await lockNames(tx);
      const { numInsertedOrUpdatedRows } = await tx
        .insertInto('api_tokens')
        .columns(['token_hash', 'name', 'account_id', 'rtk_app_ids', 'created_at_ms'])
        .expression(row)
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    });
  }

  async findByHash(tokenHash: string): Promise<ApiTokenRecord | undefined> {
    const row = await this.#db
      .selectFrom('api_tokens')
      .selectAll()
      .where('token_hash', '=', tokenHash)
      .executeTakeFirst();
    return row && recordOf(row);
  }

  async ofAccount(accountId: string): Promise<readonly ApiTokenRecord[]> {
    const rows = await this.#db
      .selectFrom('api_tokens')
      .selectAll()
      .where('account_id', '=', accountId)
      .orderBy('seq')
      .execute();
    return rows.map(recordOf);
  }

  async delete(tokenHash: string): Promise<boolean> {
    const result = await this.#db.deleteFrom('api_tokens').where('token_hash', '=', tokenHash).executeTakeFirst();
    return result.numDeletedRows > 0n;
  }
}

/** Has other nodes wait with the names of their tokens until the transaction ends. */
async function lockNames(tx: Kysely<Tables>): Promise<void> {
  await tx
    .insertInto('server_facts')
    .values({ name: NAMES_LOCK, value: '' })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: '' }))
    .execute();
}

function recordOf(row: Selectable<ApiTokensTable>): ApiTokenRecord {
  return {
    tokenHash: row.token_hash,
    name: row.name,
    accountId: row.account_id,
    ...(row.rtk_app_ids !== null && { rtkAppIds: JSON.parse(row.rtk_app_ids) as string[] }),
    createdAtMs: row.created_at_ms,
  };
}
