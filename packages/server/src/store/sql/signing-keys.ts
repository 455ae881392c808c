/**
 * Key pairs in SQL.
 *
 * @module
 */

import type { Kysely } from 'kysely';
import type { SigningKeyRecord, SigningKeyRepository } from '../store.ts';
import type { Tables } from './tables.ts';

/** The key pairs of a database. */
export class SqlSigningKeys implements SigningKeyRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async find(purpose: string): Promise<SigningKeyRecord | undefined> {
    const row = await this.#db.selectFrom('signing_keys').selectAll().where('purpose', '=', purpose).executeTakeFirst();
    return (
      row && {
        purpose: row.purpose,
        keyId: row.key_id,
        privateKey: row.private_key,
        publicKey: row.public_key,
        createdAtMs: row.created_at_ms,
      }
    );
  }

  async addUnlessPresent(key: SigningKeyRecord): Promise<SigningKeyRecord> {
    await this.#db
      .insertInto('signing_keys')
      .values({
        purpose: key.purpose,
        key_id: key.keyId,
        private_key: key.privateKey,
        public_key: key.publicKey,
        created_at_ms: key.createdAtMs,
      })
      .onConflict((conflict) => conflict.column('purpose').doNothing())
      .execute();
    return (await this.find(key.purpose)) ?? key;
  }
}
