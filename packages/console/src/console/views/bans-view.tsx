/**
 * Bans: who may not enter, until when and why, and lifting one.
 *
 * @module
 */

import type { BanItem, BanList } from '@gavel/protocol/admin';
import { useState } from 'preact/hooks';
import { liftBan, listBans } from '../api/actions.ts';
import { concernsLists } from '../api/events.ts';
import { ActDialog } from '../components/act-dialog.tsx';
import { DataTable } from '../components/data-table.tsx';
import { FilterBar } from '../components/filters.tsx';
import { Pager } from '../components/pager.tsx';
import { Badge, describeEmpty, LoadError, Panel, Time, useNow, ViewHead } from '../components/view-parts.tsx';
import { mayModerate, useConsole } from '../context.ts';
import { formatDuration } from '../format.ts';
import type { Filters } from '../routes.ts';
import { appChoices, nameOfApp, useApps } from '../use-apps.ts';
import { useResource } from '../use-resource.ts';
import { NewBanDialog } from './new-ban-dialog.tsx';

const PAGE_SIZE = 50;
const NO_BANS: BanList = { bans: [], next: null };
const ENVIRONMENTS = [
  { value: 'production', label: 'Production' },
  { value: 'test', label: 'Test' },
] as const;
const STATES = [
  { value: 'in-force', label: 'In force' },
  { value: 'all', label: 'All of the last 90 days' },
] as const;

type Row = BanItem & { readonly key: string };

/** The list of bans. */
export function BansView({ filters }: { filters: Filters }) {
  const { client, notices, who } = useConsole();
  const { apps } = useApps();
  const [isCreating, setIsCreating] = useState(false);
  const [lifted, setLifted] = useState<BanItem>();
  const { state = 'in-force', environment = 'production', cursor } = filters;
  const appId = Number(filters.appId ?? apps[0]?.appId ?? 0);
  const scope = { appId, environment: environment === 'test' ? 'test' : 'production' } as const;
  const query = { state, cursor, limit: PAGE_SIZE };
  const list = useResource(
    `bans ${JSON.stringify([scope, query])}`,
    async () => (appId === 0 ? NO_BANS : listBans(client, scope, query)),
    concernsLists,
  );
  const rows = (list.data?.bans ?? []).map((ban) => ({ ...ban, key: ban.id }));
  return (
    <>
      <ViewHead title="Bans" sub="Who may not enter, until when, and why">
        {mayModerate(who) && appId !== 0 && (
          <button type="button" class="button small" data-testid="new-ban" onClick={() => setIsCreating(true)}>
            New ban
          </button>
        )}
      </ViewHead>
      <FilterBar
        view="bans"
        values={{ ...filters, state, environment, appId: String(appId) }}
        filters={[
          { name: 'appId', label: 'App', type: 'choice', choices: appChoices(apps) },
          { name: 'environment', label: 'Environment', type: 'choice', choices: ENVIRONMENTS },
          { name: 'state', label: 'State', type: 'choice', choices: STATES },
        ]}
      />
      <LoadError error={list.error} onRetry={list.reload} />
      <Panel title="Bans">
        <DataTable<Row>
          caption="Bans"
          testId="bans"
          rows={rows}
          empty={describeEmpty(list, 'Nobody is banned.')}
          columns={[
            {
              title: 'Who',
              cell: (ban) => (
                <div class="stacked">
                  <strong>{describeSubject(ban)}</strong>
                  <span class="secondary">
                    from {ban.roomId ?? 'all rooms'}, {nameOfApp(apps, ban.appId)}
                  </span>
                  <span class="secondary phone-only">
                    <BanEnd ban={ban} />
                  </span>
                </div>
              ),
            },
            { title: 'Until', isWide: true, cell: (ban) => <BanEnd ban={ban} /> },
            {
              title: 'Why',
              isWide: true,
              cell: ({ reason, author }) => (
                <div class="stacked">
                  <span>{reason || <span class="secondary">no reason given</span>}</span>
                  <span class="secondary">by {author}</span>
                </div>
              ),
            },
            { title: 'Since', layout: 'fit', isWide: true, cell: ({ createdAtMs }) => <Time atMs={createdAtMs} /> },
          ]}
          {...(mayModerate(who) && {
            actions: (ban: Row) =>
              ban.isInForce && (
                <button
                  type="button"
                  class="button small"
                  aria-label={`Lift the ban of ${describeSubject(ban)}`}
                  data-testid="lift-ban"
                  onClick={() => setLifted(ban)}
                >
                  Lift
                </button>
              ),
          })}
        />
        <Pager view="bans" filters={filters} shown={rows.length} next={list.data?.next ?? null} />
      </Panel>
      {isCreating && <NewBanDialog scope={scope} onClose={() => setIsCreating(false)} onDone={list.reload} />}
      {lifted && (
        <ActDialog
          title={`Lift the ban of ${describeSubject(lifted)}`}
          confirmLabel="Lift the ban"
          isDanger={false}
          previewKey={lifted.id}
          act={async (reason, key) => {
            await liftBan(client, lifted, reason, key);
            notices.show(`The ban of ${describeSubject(lifted)} is lifted.`);
            list.reload();
          }}
          onClose={() => setLifted(undefined)}
        />
      )}
    </>
  );
}

/** When a ban ends. */
function BanEnd({ ban: { lifted, untilMs, isInForce } }: { ban: BanItem }) {
  const nowMs = useNow();
  if (lifted) return <Badge>lifted by {lifted.by}</Badge>;
  if (untilMs === undefined) return <Badge tone="danger">without end</Badge>;
  return (
    <div class="stacked">
      <Time atMs={untilMs} />
      <span class="secondary">{isInForce ? `${formatDuration(untilMs - nowMs)} left` : 'over'}</span>
    </div>
  );
}

function describeSubject({ userId, addresses }: BanItem): string {
  if (userId !== undefined && addresses !== undefined) return `${userId} at ${addresses}`;
  return userId ?? addresses ?? 'everybody';
}
