/**
 * Registrations of webhooks in SQL.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import type { Insertable, Kysely, Selectable } from 'kysely';
import type { WebhookRecord, WebhookRepository } from '../webhooks.ts';
import type { Tables, WebhooksTable } from './tables.ts';

/** The registrations of a database. */
export class SqlWebhooks implements WebhookRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async add(webhook: WebhookRecord): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('webhooks')
      .values(rowOf(webhook))
      .onConflict((conflict) => conflict.columns(['app_id', 'url']).doNothing())
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === 1n;
  }

  async all(): Promise<readonly WebhookRecord[]> {
    return (await this.#db.selectFrom('webhooks').selectAll().orderBy('seq').execute()).map(recordOf);
  }

  async update(
    appId: AppId,
    id: string,
    change: Parameters<WebhookRepository['update']>[2],
  ): Promise<WebhookRecord | 'taken' | undefined> {
    return this.#db.transaction().execute(async (tx) => {
      const webhook = await lockWebhook(tx, appId, id);
      if (!webhook) return undefined;
      const changed = { ...webhook, ...(await change(webhook)) };
      const holder = await findBy(tx, appId, 'url', changed.url);
      if (holder && holder.id !== id) return 'taken';
      await tx.updateTable('webhooks').set(rowOf(changed)).where('id', '=', id).execute();
      return changed;
    });
  }

  async delete(appId: AppId, id: string): Promise<WebhookRecord | undefined> {
    return this.#db.transaction().execute(async (tx) => {
      const webhook = await lockWebhook(tx, appId, id);
      if (webhook) await tx.deleteFrom('webhooks').where('id', '=', id).execute();
      return webhook;
    });
  }
}

function selectWebhooks(db: Kysely<Tables>, appId: AppId, column: 'id' | 'url', value: string) {
  return db.selectFrom('webhooks').selectAll().where('app_id', '=', appId).where(column, '=', value);
}

async function findBy(
  db: Kysely<Tables>,
  appId: AppId,
  column: 'id' | 'url',
  value: string,
): Promise<WebhookRecord | undefined> {
  const row = await selectWebhooks(db, appId, column, value).executeTakeFirst();
  return row && recordOf(row);
}

/** Returns a webhook that no other transaction changes until this one ends. */
async function lockWebhook(tx: Kysely<Tables>, appId: AppId, id: string): Promise<WebhookRecord | undefined> {
  const row = await selectWebhooks(tx, appId, 'id', id).forUpdate().executeTakeFirst();
  return row && recordOf(row);
}

function rowOf(webhook: WebhookRecord): Insertable<WebhooksTable> {
  return {
    id: webhook.id,
    app_id: webhook.appId,
    name: webhook.name,
    url: webhook.url,
    events: JSON.stringify(webhook.events),
    enabled: webhook.enabled ? 1 : 0,
    created_at_ms: webhook.createdAtMs,
    updated_at_ms: webhook.updatedAtMs,
  };
}

function recordOf(row: Selectable<WebhooksTable>): WebhookRecord {
  return {
    id: row.id,
    appId: row.app_id,
    name: row.name,
    url: row.url,
    events: JSON.parse(row.events) as string[],
    enabled: row.enabled === 1,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}
