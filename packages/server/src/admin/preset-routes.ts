/**
 * Presets in the admin API.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import { PRESET_LIST, PRESET_LIST_QUERY, type PresetList, type PresetListQuery } from '@gavel/protocol/admin';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { PresetRepository } from '../store/store.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { describeResponses } from './responses.ts';

/** The dependencies of the routes. */
export interface PresetRouteDeps {
  readonly presets: Pick<PresetRepository, 'list'>;
}

const DEFAULT_LIMIT = 50;
const PRESET_PLACE = Type.Object({ offset: Type.Integer({ minimum: 1 }) });

/** Adds `/presets`. */
export function addPresetRoutes(scope: FastifyInstance, { presets }: PresetRouteDeps): void {
  scope.get(
    '/presets',
    {
      config: { right: 'read' },
      schema: {
        summary: 'Lists the presets of an App, newest first',
        querystring: PRESET_LIST_QUERY,
        response: describeResponses('A page.', PRESET_LIST),
      },
    },
    async (request): Promise<PresetList> => {
      const { appId, search, limit = DEFAULT_LIMIT, cursor } = request.query as PresetListQuery;
      const { offset } = readCursor(PRESET_PLACE, cursor) ?? { offset: 0 };
      const { items, totalCount } = await presets.list(appId as AppId, search, { offset, limit });
      const end = offset + items.length;
      return {
        presets: items.map(({ appId: _appId, ...preset }) => preset),
        totalCount,
        next: writeCursor(items.length > 0 && end < totalCount ? { offset: end } : undefined),
      };
    },
  );
}
