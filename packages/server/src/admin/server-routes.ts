/**
 * Presets and nodes in the admin API.
 *
 * @module
 */

import type { MediaEngine } from '@gavel/media';
import type { AppId } from '@gavel/protocol';
import {
  NODE_LIST,
  type NodeList,
  PRESET_LIST,
  PRESET_LIST_QUERY,
  type PresetList,
  type PresetListQuery,
} from '@gavel/protocol/admin';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { NodeStatus } from '../cluster/node-status.ts';
import type { Peers } from '../cluster/peers.ts';
import { defineTopic } from '../cluster/topic.ts';
import type { Clock } from '../rooms/clock.ts';
import type { PresetRepository } from '../store/store.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { describeResponses } from './responses.ts';

/** The dependencies of the routes. */
export interface ServerRouteDeps {
  readonly presets: Pick<PresetRepository, 'list'>;
  readonly engine: Pick<MediaEngine, 'health'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly version: string;
  /** The nodes: each one describes itself. */
  readonly peers: Pick<Peers, 'self' | 'serve' | 'askAll'>;
  /** Reads the state of this node. Absent outside a cluster. */
  readonly readNodeStatus?: (() => Promise<NodeStatus>) | undefined;
}

type NodeDescription = NodeList['nodes'][number];

const DESCRIBE_NODE = defineTopic<null, NodeDescription>('admin.describe-node');

const DEFAULT_LIMIT = 50;
const PRESET_PLACE = Type.Object({ offset: Type.Integer({ minimum: 1 }) });

/** Adds `/presets` and `/nodes`. */
export function addServerRoutes(scope: FastifyInstance, deps: ServerRouteDeps): void {
  const { presets, engine, clock, version, peers, readNodeStatus } = deps;
  const startedAtMs = clock.now();

  peers.serve(DESCRIBE_NODE, async () => {
    const memoryBytes = process.memoryUsage.rss();
    const workers = engine.health().map((worker) => ({ ...worker }));
    const cluster = readNodeStatus && (await readNodeStatus());
    return { node: peers.self, version, startedAtMs, memoryBytes, workers, ...(cluster && { cluster }) };
  });

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

  scope.get(
    '/nodes',
    {
      config: { right: 'read' },
      schema: {
        summary: 'Lists the live nodes of the server with their media workers, and in a cluster their leases',
        response: describeResponses('The nodes.', NODE_LIST),
      },
    },
    async (): Promise<NodeList> => {
      const nodes = await peers.askAll(DESCRIBE_NODE, null);
      return { nodes: nodes.toSorted((one, other) => (one.node < other.node ? -1 : 1)) };
    },
  );
}
