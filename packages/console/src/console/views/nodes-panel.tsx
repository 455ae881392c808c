/**
 * The nodes of the server: version, running time, memory and media workers.
 *
 * @module
 */

import type { NodeList } from '@gavel/protocol/admin';
import { DataTable } from '../components/data-table.tsx';
import { Age, Badge, describeEmpty, LoadError, Panel } from '../components/view-parts.tsx';
import { useConsole } from '../context.ts';
import { formatAmount, formatBytes } from '../format.ts';
import { useInterval } from '../use-interval.ts';
import { useResource } from '../use-resource.ts';

/** How often the nodes are loaded, in milliseconds. */
const REFRESH_MS = 15_000;

type Node = NodeList['nodes'][number];

/** The nodes, a row each. */
export function NodesPanel() {
  const { client } = useConsole();
  const list = useResource('nodes', () => client.get<NodeList>('/nodes'));
  useInterval(list.reload, REFRESH_MS);
  const nodes = list.data?.nodes ?? [];
  return (
    <Panel title="Nodes" count={list.data && nodes.length}>
      <LoadError error={list.error} onRetry={list.reload} />
      <DataTable<Node & { readonly key: string }>
        caption="Nodes of the server"
        testId="nodes"
        rows={nodes.map((node) => ({ ...node, key: node.node }))}
        empty={describeEmpty(list, 'There is no node.')}
        columns={[
          { title: 'Node', cell: ({ node }) => <strong>{node}</strong> },
          { title: 'Version', isWide: true, layout: 'fit', cell: ({ version }) => version },
          { title: 'Running for', layout: 'fit', cell: ({ startedAtMs }) => <Age sinceMs={startedAtMs} /> },
          { title: 'Memory', layout: 'end', isWide: true, cell: ({ memoryBytes }) => formatBytes(memoryBytes) },
          { title: 'Media workers', layout: 'fit', cell: ({ workers }) => <Workers workers={workers} /> },
        ]}
      />
    </Panel>
  );
}

function Workers({ workers }: { workers: Node['workers'] }) {
  const broken = workers.filter(({ isReady }) => !isReady);
  if (broken.length === 0) return <Badge tone="good">{formatAmount(workers.length, 'worker')} ready</Badge>;
  return (
    <span title={broken.map(({ worker, problem }) => `${worker}: ${problem ?? 'starting'}`).join('; ')}>
      <Badge tone="danger">
        {broken.length} of {formatAmount(workers.length, 'worker')} not ready
      </Badge>
    </span>
  );
}
