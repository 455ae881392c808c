/**
 * Presets: named sets of permissions and view settings for participants (reference 5.5).
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import type { AppId } from '@gavel/protocol';
import { Type } from 'typebox';
import type { PresetRecord } from '../../store/store.ts';
import type { PathIds } from '../auth.ts';
import { type Answer, ApiError, isoTime, requireFound } from '../envelope.ts';
import { PAGING, pageOf, pagingOf } from '../paging.ts';
import { CREATE_PRESET, mergeDefinition, type PresetChange, UPDATE_PRESET } from '../preset-schema.ts';
import { defineRoute, type ResourceDeps, type Route, requireApp, requireId } from '../route.ts';

const LIST = Type.Object({ ...PAGING, search: Type.Optional(Type.String({ maxLength: 256 })) });

const PRESETS = '/:app_id/presets';
const PRESET = `${PRESETS}/:preset_id`;

/** The routes of presets. */
export function presetRoutes({ store, clock }: ResourceDeps): Route[] {
  const update = async (
    appId: AppId,
    ids: PathIds,
    change: (preset: PresetRecord) => Pick<PresetRecord, 'name' | 'definition'>,
  ): Promise<Answer> => {
    const id = requireId(ids, 'preset_id');
    let wanted = '';
    const changed = await store.presets.update(appId, id, (preset) => {
      const next = { ...change(preset), updatedAtMs: clock.now() };
      wanted = next.name;
      return next;
    });
    if (changed === 'taken') throw nameTaken(wanted);
    return { data: showPreset(requireFound(changed, 'preset', id)) };
  };

  return [
    defineRoute({
      method: 'GET',
      path: PRESETS,
      query: LIST,
      async handle({ caller, query }) {
        const page = pageOf(query);
        const { items, totalCount } = await store.presets.list(requireApp(caller).appId, query.search, page);
        return { data: items.map(showRow), paging: pagingOf(page, items.length, totalCount) };
      },
    }),
    defineRoute({
      method: 'POST',
      path: PRESETS,
      body: CREATE_PRESET,
      async handle({ caller, body }) {
        const { name, ...definition } = body;
        const nowMs = clock.now();
        const { appId } = requireApp(caller);
        const preset = { id: randomUUID(), appId, name, definition, createdAtMs: nowMs, updatedAtMs: nowMs };
        if (!(await store.presets.add(preset))) throw nameTaken(name);
        return { data: showPreset(preset) };
      },
    }),
    defineRoute({
      method: 'GET',
      path: PRESET,
      async handle({ caller, ids }) {
        const id = requireId(ids, 'preset_id');
        return { data: showPreset(requireFound(await store.presets.find(requireApp(caller).appId, id), 'preset', id)) };
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: PRESET,
      body: UPDATE_PRESET,
      async handle({ caller, ids, body }) {
        const { name, ...change } = body as PresetChange;
        return update(requireApp(caller).appId, ids, (preset) => ({
          name: name ?? preset.name,
          definition: mergeDefinition(preset.definition, change),
        }));
      },
    }),
    defineRoute({
      method: 'PUT',
      path: PRESET,
      body: CREATE_PRESET,
      async handle({ caller, ids, body }) {
        const { name, ...definition } = body;
        return update(requireApp(caller).appId, ids, () => ({ name, definition }));
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: PRESET,
      async handle({ caller, ids }) {
        const id = requireId(ids, 'preset_id');
        const deleted = await store.presets.delete(requireApp(caller).appId, id);
        if (deleted === 'in use') throw new ApiError(409, `Participants use the preset with id ${id}`);
        return { data: showPreset(requireFound(deleted, 'preset', id)) };
      },
    }),
  ];
}

const nameTaken = (name: string): ApiError => new ApiError(409, `A preset with name ${name} already exists`);

const showPreset = (preset: PresetRecord) => ({ ...showRow(preset), ...preset.definition });

function showRow(preset: PresetRecord) {
  return {
    id: preset.id,
    name: preset.name,
    created_at: isoTime(preset.createdAtMs),
    updated_at: isoTime(preset.updatedAtMs),
  };
}
