/**
 * Callbacks that failed or are pending, and sending failed ones again.
 *
 * @module
 */

import type { CallbackItem, CallbackList } from '@gavel/protocol/admin';
import { describeError } from '../api/admin-client.ts';
import { DataTable } from '../components/data-table.tsx';
import { FilterBar } from '../components/filters.tsx';
import { Pager } from '../components/pager.tsx';
import { Age, Badge, describeEmpty, LoadError, Panel, Time, ViewHead } from '../components/view-parts.tsx';
import { mayManage, useConsole } from '../context.ts';
import { formatAmount } from '../format.ts';
import type { Filters } from '../routes.ts';
import { appChoices, useApps } from '../use-apps.ts';
import { useResource } from '../use-resource.ts';

type CallbackRow = CallbackItem & { readonly key: string };

const PAGE_SIZE = 50;
const STATES = [
  { value: 'failed', label: 'Failed' },
  { value: 'pending', label: 'Pending' },
] as const;

/** The list of callbacks. */
export function CallbacksView({ filters }: { filters: Filters }) {
  const { client, notices, who } = useConsole();
  const { apps } = useApps();
  const { status = 'failed', appId = '', cursor = '' } = filters;
  const query = { status: status || 'failed', appId, after: cursor, limit: PAGE_SIZE };
  const list = useResource(`callbacks ${JSON.stringify(query)}`, () => client.get<CallbackList>('/callbacks', query));
  const act = (work: () => Promise<string>) =>
    work()
      .then((text) => notices.show(text))
      .catch((error: unknown) => notices.show(describeError(error), { isError: true }))
      .finally(list.reload);
  const replay = (id: string) =>
    act(async () => {
      await client.post(`/callbacks/${encodeURIComponent(id)}/replay`);
      return 'The callback is sent again.';
    });
  const replayAll = () =>
    act(async () => {
      const body = { appId: Number(appId) };
      const { replayed } = await client.post<{ replayed: number }>('/callbacks/replay', { body });
      return `${formatAmount(replayed, 'callback is', 'callbacks are')} sent again.`;
    });
  const rows = (list.data?.callbacks ?? []).map((callback) => ({ ...callback, key: callback.id }));
  const maySend = mayManage(who);
  return (
    <>
      <ViewHead
        title="Callbacks"
        sub="What backends have not received yet, or will not receive unless it is sent again"
      >
        {maySend && status === 'failed' && appId !== '' && rows.length > 0 && (
          <button type="button" class="button small" data-testid="replay-all" onClick={() => void replayAll()}>
            Send all of this App again
          </button>
        )}
      </ViewHead>
      <FilterBar
        view="callbacks"
        values={{ ...filters, status }}
        filters={[
          { name: 'status', label: 'State', type: 'choice', choices: STATES },
          { name: 'appId', label: 'App', type: 'choice', choices: appChoices(apps), all: 'All Apps' },
        ]}
      />
      <LoadError error={list.error} onRetry={list.reload} />
      <Panel title={status === 'pending' ? 'Pending' : 'Failed'}>
        <DataTable<CallbackRow>
          caption="Callbacks, oldest first"
          testId="callbacks"
          rows={rows}
          empty={describeEmpty(list, `No callback ${status === 'pending' ? 'is pending' : 'has failed'}.`)}
          columns={[
            {
              title: 'Event',
              cell: ({ event, lane }) => (
                <div class="stacked">
                  <strong>{event}</strong>
                  <span class="secondary">{lane}</span>
                </div>
              ),
            },
            { title: 'Address', isWide: true, cell: ({ url }) => <span class="mono">{url}</span> },
            {
              title: 'Last answer',
              cell: (row) => (
                <div class="stacked">
                  <span>{describeAttempts(row)}</span>
                  {row.lastError && <span class="secondary">{row.lastError}</span>}
                </div>
              ),
            },
            { title: 'Created', isWide: true, layout: 'fit', cell: ({ createdAtMs }) => <Time atMs={createdAtMs} /> },
            { title: 'Age', isWide: true, layout: 'fit', cell: ({ createdAtMs }) => <Age sinceMs={createdAtMs} /> },
          ]}
          {...(maySend && {
            actions: ({ id, status: state }: CallbackRow) =>
              state === 'failed' && (
                <button type="button" class="button small" data-testid="replay" onClick={() => void replay(id)}>
                  Send again
                </button>
              ),
          })}
        />
        <Pager
          view="callbacks"
          filters={filters}
          shown={rows.length}
          next={list.data?.next == null ? null : String(list.data.next)}
        />
      </Panel>
    </>
  );
}

function describeAttempts({ attempts, lastStatus }: CallbackItem) {
  if (attempts === 0) return <Badge>not tried yet</Badge>;
  return (
    <>
      <Badge tone="danger">{lastStatus === undefined ? 'no answer' : `HTTP ${lastStatus}`}</Badge>{' '}
      <span class="secondary">{formatAmount(attempts, 'attempt')}</span>
    </>
  );
}
