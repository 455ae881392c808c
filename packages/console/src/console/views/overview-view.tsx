/**
 * The overview: what there is now, the last hour, the nodes, and the latest actions.
 *
 * @module
 */

import type { Overview } from '@gavel/protocol/admin';
import { useMemo } from 'preact/hooks';
import { listAudit } from '../api/actions.ts';
import { concernsLists } from '../api/events.ts';
import { AuditTable } from '../components/audit-table.tsx';
import { Chart } from '../components/chart.tsx';
import { Age, describeEmpty, LoadError, Panel, ViewHead } from '../components/view-parts.tsx';
import { useConsole } from '../context.ts';
import { formatCount } from '../format.ts';
import { linkTo } from '../routes.ts';
import { useInterval } from '../use-interval.ts';
import { useResource } from '../use-resource.ts';
import { NodesPanel } from './nodes-panel.tsx';

/** How often the figures are loaded, in milliseconds, beside the events of rooms. */
const REFRESH_MS = 15_000;
const LATEST_ACTIONS = 8;

/** The first view after sign-in. */
export function OverviewView() {
  const { client } = useConsole();
  const overview = useResource('overview', () => client.get<Overview>('/overview'), concernsLists);
  useInterval(overview.reload, REFRESH_MS);
  const { data } = overview;
  return (
    <>
      <ViewHead title="Overview" sub={data && <ServerFacts overview={data} />} />
      <LoadError error={overview.error} onRetry={overview.reload} />
      {data && <Figures overview={data} />}
      {data && <Charts overview={data} />}
      <NodesPanel />
      <LatestActions />
    </>
  );
}

function ServerFacts({ overview: { version, startedAtMs } }: { overview: Overview }) {
  return (
    <>
      Gavel {version}, running for <Age sinceMs={startedAtMs} />
    </>
  );
}

function Figures({ overview: { rooms, people, streams, callbacks } }: { overview: Overview }) {
  return (
    <dl class="figures" data-testid="figures">
      <Figure name="Rooms" value={rooms} />
      <Figure name="People" value={people} />
      <Figure name="Streams" value={streams} />
      {callbacks && <Figure name="Callbacks pending" value={callbacks.pending} />}
      {callbacks && <Figure name="Callbacks failed" value={callbacks.failed} isBad={callbacks.failed > 0} />}
    </dl>
  );
}

function Figure({ name, value, isBad = false }: { name: string; value: number; isBad?: boolean }) {
  return (
    <div class="figure" data-tone={isBad ? 'danger' : undefined}>
      <dt>{name}</dt>
      <dd data-testid={`figure-${name.toLowerCase().replaceAll(' ', '-')}`}>{formatCount(value)}</dd>
    </div>
  );
}

function Charts({ overview }: { overview: Overview }) {
  const { samples, rooms, people, streams, nowMs: endMs } = overview;
  const series = useMemo(() => {
    const all = [...samples, { atMs: endMs, rooms, people, streams }];
    return (['rooms', 'people', 'streams'] as const).map((name) => ({
      name,
      points: all.map((sample) => ({ atMs: sample.atMs, value: sample[name] })),
    }));
  }, [overview]);
  return (
    <div class="charts">
      {series.map(({ name, points }) => (
        <Chart key={name} title={TITLES[name]} points={points} endMs={endMs} />
      ))}
    </div>
  );
}

const TITLES = { rooms: 'Rooms', people: 'People', streams: 'Streams' } as const;

/** The latest actions of everybody. */
function LatestActions() {
  const { client } = useConsole();
  const list = useResource(
    'latest actions',
    () => listAudit(client, { dryRun: false, limit: LATEST_ACTIONS }),
    concernsLists,
  );
  return (
    <Panel title="Latest actions" actions={<a href={linkTo('audit')}>All actions</a>}>
      <LoadError error={list.error} onRetry={list.reload} />
      <AuditTable isBrief rows={list.data?.rows ?? []} empty={describeEmpty(list, 'Nothing was done yet.')} />
    </Panel>
  );
}
