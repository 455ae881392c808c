/**
 * Apps with their keys, and the people who may use the admin API.
 *
 * @module
 */

import { useState } from 'preact/hooks';
import type { AppSummary } from '../api/apps.ts';
import { DataTable } from '../components/data-table.tsx';
import { describeEmpty, LoadError, Panel, Time, ViewHead } from '../components/view-parts.tsx';
import { mayManage, useConsole } from '../context.ts';
import { useApps } from '../use-apps.ts';
import { AccessPanel } from './access-panel.tsx';
import { KeysDialog, NewAppDialog } from './app-dialogs.tsx';

type Row = AppSummary & { readonly key: string };

/** The Apps. An owner also creates them, replaces their secrets, and sees the tokens of the admin API. */
export function AppsView() {
  const { who } = useConsole();
  const { apps, list } = useApps();
  const [shown, setShown] = useState<AppSummary>();
  const [isCreating, setIsCreating] = useState(false);
  const isOwner = mayManage(who);
  return (
    <>
      <ViewHead title="Apps" sub="The tenants of this server" />
      <LoadError error={list.error} onRetry={list.reload} />
      <Panel
        title="Apps"
        count={list.data?.apps.length}
        actions={
          isOwner && (
            <button type="button" class="button small" data-testid="new-app" onClick={() => setIsCreating(true)}>
              New App
            </button>
          )
        }
      >
        <DataTable<Row>
          caption="Apps"
          testId="apps"
          rows={apps.map((app) => ({ ...app, key: String(app.appId) }))}
          empty={describeEmpty(list, 'There is no App.')}
          columns={[
            {
              title: 'App',
              cell: ({ name, appId }) => (
                <div class="stacked">
                  <strong>{name}</strong>
                  <span class="secondary mono">{appId}</span>
                </div>
              ),
            },
            { title: 'RealtimeKit id', isWide: true, cell: ({ rtkAppId }) => <span class="mono">{rtkAppId}</span> },
            { title: 'Account', isWide: true, cell: ({ accountId }) => <span class="mono">{accountId}</span> },
            { title: 'Created', isWide: true, layout: 'fit', cell: ({ createdAtMs }) => <Time atMs={createdAtMs} /> },
          ]}
          {...(isOwner && {
            actions: (app: Row) => (
              <button
                type="button"
                class="button small"
                aria-label={`Keys of ${app.name}`}
                data-testid={`keys-${app.appId}`}
                onClick={() => setShown(app)}
              >
                Keys
              </button>
            ),
          })}
        />
      </Panel>
      {isOwner && <AccessPanel apps={apps} />}
      {isCreating && (
        <NewAppDialog
          accountId={apps[0]?.accountId ?? ''}
          onClose={() => setIsCreating(false)}
          onCreated={list.reload}
        />
      )}
      {shown && <KeysDialog app={shown} onClose={() => setShown(undefined)} />}
    </>
  );
}
