/**
 * Used nonces in SQL.
 *
 * @module
 */

import type { Kysely } from 'kysely';
import type { NonceRepository, UsedNonce } from '../nonces.ts';
import type { Tables } from './tables.ts';

/** Maximum number of expired nonces deleted by one `add`: more than one, so that the table shrinks, and few, so that it is fast. */
const MAX_SWEPT_PER_ADD = 20;

/** The used nonces of a database. */
export class SqlNonces implements NonceRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async add({ appId, digest, validUntilS }: UsedNonce, nowS: number): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      await tx
        .insertInto('nonces')
        .values({ app_id: appId, digest, valid_until_s: validUntilS })
        .onConflict((conflict) => conflict.columns(['app_id', 'digest']).doUpdateSet({ valid_until_s: validUntilS }))
        .execute();
      const expired = tx
        .selectFrom('nonces')
        .select('seq')
        .where('valid_until_s', '<', nowS)
        .orderBy('valid_until_s')
        .limit(MAX_SWEPT_PER_ADD);
      await tx.deleteFrom('nonces').where('seq', 'in', expired).execute();
    });
  }

  async load(nowS: number): Promise<readonly UsedNonce[]> {
    await this.#db.deleteFrom('nonces').where('valid_until_s', '<', nowS).execute();
    const rows = await this.#db.selectFrom('nonces').selectAll().execute();
    return rows.map((row) => ({ appId: row.app_id, digest: row.digest, validUntilS: row.valid_until_s }));
  }
}
