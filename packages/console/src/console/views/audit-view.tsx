/**
 * The audit trail, with filters and export.
 *
 * @module
 */

import { listAudit } from '../api/actions.ts';
import { ADMIN_API, formatQuery } from '../api/admin-client.ts';
import { concernsLists } from '../api/events.ts';
import { AuditTable } from '../components/audit-table.tsx';
import { FilterBar } from '../components/filters.tsx';
import { Pager } from '../components/pager.tsx';
import { describeEmpty, LoadError, Panel, ViewHead } from '../components/view-parts.tsx';
import { useConsole } from '../context.ts';
import type { Filters } from '../routes.ts';
import { appChoices, useApps } from '../use-apps.ts';
import { useResource } from '../use-resource.ts';

const PAGE_SIZE = 50;
const OUTCOMES = [
  { value: 'done', label: 'Done' },
  { value: 'refused', label: 'Refused' },
  { value: 'failed', label: 'Failed' },
] as const;

const PREVIEWS = [
  { value: 'false', label: 'Hidden' },
  { value: 'true', label: 'Only previews' },
] as const;

/** The audit trail: who did what to whom, why, and whether it was done. */
export function AuditView({ filters }: { filters: Filters }) {
  const { client } = useConsole();
  const { apps } = useApps();
  const { from = '', until = '', ...plain } = filters;
  const selection = { ...plain, fromMs: parseLocalTime(from), untilMs: parseLocalTime(until) };
  const query = { ...selection, limit: PAGE_SIZE };
  const list = useResource(`audit ${JSON.stringify(query)}`, () => listAudit(client, query), concernsLists);
  const { cursor: _cursor, ...exported } = selection as typeof selection & { readonly cursor?: string };
  return (
    <>
      <ViewHead title="Audit" sub="Who did what to whom, why, and whether it was done">
        {(['jsonl', 'csv'] as const).map((format) => (
          <a
            key={format}
            class="button small"
            href={`${ADMIN_API}/audit/export${formatQuery({ ...exported, format })}`}
            download={`gavel-audit.${format}`}
            data-testid={`export-${format}`}
          >
            Export {format === 'csv' ? 'CSV' : 'JSON lines'}
          </a>
        ))}
      </ViewHead>
      <FilterBar
        view="audit"
        values={filters}
        filters={[
          { name: 'target', label: 'Target, such as user/anna', type: 'text' },
          { name: 'actor', label: 'By', type: 'text' },
          { name: 'action', label: 'Action', type: 'text' },
          { name: 'roomId', label: 'Room id', type: 'text' },
          { name: 'appId', label: 'App', type: 'choice', choices: appChoices(apps), all: 'All Apps' },
          { name: 'outcome', label: 'Outcome', type: 'choice', choices: OUTCOMES, all: 'All' },
          { name: 'dryRun', label: 'Previews', type: 'choice', choices: PREVIEWS, all: 'Shown' },
          { name: 'from', label: 'From', type: 'datetime-local' },
          { name: 'until', label: 'Until', type: 'datetime-local' },
        ]}
      />
      <LoadError error={list.error} onRetry={list.reload} />
      <Panel title="Actions">
        <AuditTable rows={list.data?.rows ?? []} empty={describeEmpty(list, 'No action matches.')} />
        <Pager view="audit" filters={filters} shown={list.data?.rows.length ?? 0} next={list.data?.next ?? null} />
      </Panel>
    </>
  );
}

/** Returns the time of a field for date and time; undefined if it is empty or incomplete. */
function parseLocalTime(text: string): number | undefined {
  const atMs = new Date(text).getTime();
  return Number.isNaN(atMs) ? undefined : atMs;
}
