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

  async add(preset: PresetRecord): Promise<void> {
    await this.#db.insertInto('presets').values(rowOfPreset(preset)).execute();
  }

  async find(appId: AppId, id: string): Promise<PresetRecord | undefined> {
    return this.#findBy(appId, 'id', id);
  }

  async findByName(appId: AppId, name: string): Promise<PresetRecord | undefined> {
    return this.#findBy(appId, 'name', name);
  }

  async list(appId: AppId, search: string | undefined, page: Page): Promise<Paged<PresetRecord>> {
    let matching = this.#db.selectFrom('presets').where('app_id', '=', appId);
    if (search !== undefined) matching = matching.where((eb) => contains(eb.ref('name'), search));
    const rows = await matching.selectAll().orderBy('seq', 'desc').limit(page.limit).offset(page.offset).execute();
    const { count } = await matching.select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
    return { items: rows.map(recordOf), totalCount: Number(count) };
  }

  async #findBy(appId: AppId, column: 'id' | 'name', value: string): Promise<PresetRecord | undefined> {
    const row = await this.#db
      .selectFrom('presets')
      .selectAll()
      .where('app_id', '=', appId)
      .where(column, '=', value)
      .executeTakeFirst();
    return row && recordOf(row);
  }
}

/** Gives a preset as a row. */
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
