/**
 * Presets: listed in short rows, and read whole (reference 5.5).
 *
 * @module
 */

import { Type } from 'typebox';
import type { PresetRecord } from '../../store/store.ts';
import { isoTime, notFound } from '../envelope.ts';
import { PAGING, pageOf, pagingOf } from '../paging.ts';
import { defineRoute, type ResourceDeps, type Route, requireApp, requireId } from '../route.ts';

const LIST = Type.Object({ ...PAGING, search: Type.Optional(Type.String({ maxLength: 256 })) });

/** The routes of presets. */
export function presetRoutes({ store }: ResourceDeps): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/:app_id/presets',
      query: LIST,
      async handle({ caller, query }) {
        const page = pageOf(query);
        const { items, totalCount } = await store.presets.list(requireApp(caller).appId, query.search, page);
        return { data: items.map(showRow), paging: pagingOf(page, items.length, totalCount) };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/:app_id/presets/:preset_id',
      async handle({ caller, ids }) {
        const id = requireId(ids, 'preset_id');
        const preset = await store.presets.find(requireApp(caller).appId, id);
        if (!preset) throw notFound('preset', id);
        return { data: { ...showRow(preset), ...preset.definition } };
      },
    }),
  ];
}

function showRow(preset: PresetRecord) {
  return {
    id: preset.id,
    name: preset.name,
    created_at: isoTime(preset.createdAtMs),
    updated_at: isoTime(preset.updatedAtMs),
  };
}
