/**
 * Presets in SQL.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import type { Insertable, Kysely, Selectable } from 'kysely';
import type { JsonObject, Page, Paged, PresetRecord, PresetRepository } from '../store.ts';
import { contains } from './search.ts';
import type { PresetsTable, Tables } from './tables.ts';

/** The presets of a database. */
export class SqlPresets implements PresetRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async add(preset: PresetRecord): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('presets')
      .values(rowOfPreset(preset))
      .onConflict((conflict) => conflict.columns(['app_id', 'name']).doNothing())
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === 1n;
  }

  async find(appId: AppId, id: string): Promise<PresetRecord | undefined> {
    return findPreset(this.#db, appId, 'id', id);
  }

  async findByName(appId: AppId, name: string): Promise<PresetRecord | undefined> {
    return findPreset(this.#db, appId, 'name', name);
  }

  async list(appId: AppId, search: string | undefined, page: Page): Promise<Paged<PresetRecord>> {
    let matching = this.#db.selectFrom('presets').where('app_id', '=', appId);
    if (search !== undefined) matching = matching.where((eb) => contains(eb.ref('name'), search));
    const rows = await matching.selectAll().orderBy('seq', 'desc').limit(page.limit).offset(page.offset).execute();
    const { count } = await matching.select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
    return { items: rows.map(recordOf), totalCount: Number(count) };
  }

  async update(
    appId: AppId,
    id: string,
    change: Parameters<PresetRepository['update']>[2],
  ): Promise<PresetRecord | 'taken' | undefined> {
    return this.#db.transaction().execute(async (tx) => {
      const preset = await lockPreset(tx, appId, id);
      if (!preset) return undefined;
      const changed = { ...preset, ...(await change(preset)) };
      const holder = await findPreset(tx, appId, 'name', changed.name);
      if (holder && holder.id !== id) return 'taken';
      const { name, definition, updated_at_ms } = rowOfPreset(changed);
      await tx.updateTable('presets').set({ name, definition, updated_at_ms }).where('id', '=', id).execute();
      return changed;
    });
  }

  async delete(appId: AppId, id: string): Promise<PresetRecord | 'in use' | undefined> {
    return this.#db.transaction().execute(async (tx) => {
      const preset = await lockPreset(tx, appId, id);
      if (!preset) return undefined;
      const user = await tx.selectFrom('participants').select('id').where('preset_id', '=', id).executeTakeFirst();
      if (user) return 'in use';
      await tx.deleteFrom('presets').where('id', '=', id).execute();
      return preset;
    });
  }
}

function selectPresets(db: Kysely<Tables>, appId: AppId, column: 'id' | 'name', value: string) {
  return db.selectFrom('presets').selectAll().where('app_id', '=', appId).where(column, '=', value);
}

async function findPreset(
  db: Kysely<Tables>,
  appId: AppId,
  column: 'id' | 'name',
  value: string,
): Promise<PresetRecord | undefined> {
  const row = await selectPresets(db, appId, column, value).executeTakeFirst();
  return row && recordOf(row);
}

/** Returns a preset that no other transaction changes until this one ends. */
async function lockPreset(tx: Kysely<Tables>, appId: AppId, id: string): Promise<PresetRecord | undefined> {
  const row = await selectPresets(tx, appId, 'id', id).forUpdate().executeTakeFirst();
  return row && recordOf(row);
}

/** Returns a preset as a row. */
export function rowOfPreset(preset: PresetRecord): Insertable<PresetsTable> {
  return {
    id: preset.id,
    app_id: preset.appId,
    name: preset.name,
    definition: JSON.stringify(preset.definition),
    created_at_ms: preset.createdAtMs,
    updated_at_ms: preset.updatedAtMs,
  };
}

function recordOf(row: Selectable<PresetsTable>): PresetRecord {
  return {
    id: row.id,
    appId: row.app_id,
    name: row.name,
    definition: JSON.parse(row.definition) as JsonObject,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}
