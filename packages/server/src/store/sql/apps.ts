/**
 * Apps in SQL.
 *
 * @module
 */

import type { Kysely, Selectable } from 'kysely';
import type { AppRecord, AppRepository, EarlierSecret, PresetRecord } from '../store.ts';
import { rowOfPreset } from './presets.ts';
import type { AppsTable, Tables } from './tables.ts';

/** The Apps of a database. */
export class SqlApps implements AppRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async add(app: AppRecord, presets: readonly PresetRecord[]): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      await tx
        .insertInto('apps')
        .values({ app_id: app.appId, created_at_ms: app.createdAtMs, ...columnsOf(app) })
        .execute();
      if (presets.length > 0) await tx.insertInto('presets').values(presets.map(rowOfPreset)).execute();
    });
  }

  async update(app: AppRecord): Promise<void> {
    await this.#db.updateTable('apps').set(columnsOf(app)).where('app_id', '=', app.appId).execute();
  }

  async all(): Promise<readonly AppRecord[]> {
    const rows = await this.#db.selectFrom('apps').selectAll().orderBy('seq').execute();
    return rows.map(recordOf);
  }
}

function columnsOf(app: AppRecord) {
  return {
    rtk_app_id: app.rtkAppId,
    account_id: app.accountId,
    name: app.name,
    server_secret: app.secrets?.serverSecret ?? null,
    callback_secret: app.secrets?.callbackSecret ?? null,
    earlier_secrets: app.secrets?.earlierSecrets ? JSON.stringify(app.secrets.earlierSecrets) : null,
    secrets_shown_at_ms: app.secrets?.secretsShownAtMs ?? null,
  };
}

function recordOf(row: Selectable<AppsTable>): AppRecord {
  const { server_secret: serverSecret, callback_secret: callbackSecret } = row;
  return {
    appId: row.app_id,
    rtkAppId: row.rtk_app_id,
    accountId: row.account_id,
    name: row.name,
    createdAtMs: row.created_at_ms,
    ...(serverSecret !== null &&
      callbackSecret !== null && {
        secrets: {
          serverSecret,
          callbackSecret,
          ...(row.earlier_secrets !== null && { earlierSecrets: JSON.parse(row.earlier_secrets) as EarlierSecret[] }),
          ...(row.secrets_shown_at_ms !== null && { secretsShownAtMs: row.secrets_shown_at_ms }),
        },
      }),
  };
}
