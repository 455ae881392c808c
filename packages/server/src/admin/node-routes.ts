/**
 * The nodes of the server in the admin API: a list, and the drain of one of them.
 *
 * @module
 */

import type { MediaEngine } from '@gavel/media';
import {
  DRAIN_BODY,
  DRAINING_NODE,
  type DrainBody,
  type DrainingNode,
  NODE_LIST,
  type NodeList,
} from '@gavel/protocol/admin';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Clock } from '../base/clock.ts';
import type { NodeStatus } from '../cluster/node-status.ts';
import type { Peers } from '../cluster/peers.ts';
import { defineTopic } from '../cluster/topic.ts';
import { AdminError } from './errors.ts';
import type { ManagedCalls } from './managed-calls.ts';
import { describeResponses } from './responses.ts';

/** The dependencies of the routes. */
export interface NodeRouteDeps {
  readonly engine: Pick<MediaEngine, 'health'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly version: string;
  /** The nodes: each one describes itself. */
  readonly peers: Pick<Peers, 'self' | 'nodes' | 'serve' | 'ask' | 'askAll'>;
  /** Reads the state of this node. Absent outside a cluster. */
  readonly readNodeStatus?: (() => Promise<NodeStatus>) | undefined;
  /** Begins the drain of this process, after which it ends. Absent if nobody ends it. */
  readonly requestDrain?: ((deadlineMs: number) => void) | undefined;
  readonly managed: ManagedCalls;
}

type NodeDescription = NodeList['nodes'][number];

const DESCRIBE_NODE = defineTopic<null, NodeDescription>('admin.describe-node');
const DRAIN_NODE = defineTopic<{ readonly deadlineMs: number }, { readonly isDraining: boolean }>('admin.drain-node');

const DEFAULT_DEADLINE_MS = 30_000;

/** Adds `/nodes`. */
export function addNodeRoutes(scope: FastifyInstance, deps: NodeRouteDeps): void {
  const { engine, clock, version, peers, readNodeStatus, requestDrain, managed } = deps;
  const startedAtMs = clock.now();

  peers.serve(DESCRIBE_NODE, async () => {
    const memoryBytes = process.memoryUsage.rss();
    const workers = engine.health().map((worker) => ({ ...worker }));
    const cluster = readNodeStatus && (await readNodeStatus());
    return { node: peers.self, version, startedAtMs, memoryBytes, workers, ...(cluster && { cluster }) };
  });
  peers.serve(DRAIN_NODE, ({ deadlineMs }) => {
    if (!readNodeStatus || !requestDrain) return { isDraining: false };
    requestDrain(deadlineMs);
    return { isDraining: true };
  });

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

  scope.post(
    '/nodes/:node/drain',
    {
      config: { right: 'manage', action: 'drainNode' },
      schema: {
        summary: 'Drains a node of a cluster: it hands its rooms over, takes no new ones, and ends',
        params: Type.Object({ node: Type.String() }),
        body: DRAIN_BODY,
        response: describeResponses('The drain has begun.', DRAINING_NODE),
      },
    },
    async (request): Promise<DrainingNode> => {
      const { node } = request.params as DrainingNode;
      const { deadlineMs = DEFAULT_DEADLINE_MS } = request.body as DrainBody;
      const describe = () => ({ target: `node/${node}`, details: { deadlineMs } });
      return managed.run(request, describe, async () => {
        if (!peers.nodes().includes(node)) throw new AdminError('not-found', `There is no live node ${node}.`);
        const { isDraining } = await peers.ask(node, DRAIN_NODE, { deadlineMs });
        if (!isDraining) throw new AdminError('conflict', 'Only a node of a cluster can be drained.');
        return { node };
      });
    },
  );
}
