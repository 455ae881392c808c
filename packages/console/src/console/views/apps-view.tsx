/**
 * Apps with their keys, and the people who may use the admin API.
 *
 * @module
 */

import { useState } from 'preact/hooks';
import { Dialog } from '../../components/dialog.tsx';
import type { AppSummary } from '../api/apps.ts';
import { DataTable } from '../components/data-table.tsx';
import { Secret } from '../components/secret.tsx';
import { describeEmpty, LoadError, Panel, Time, ViewHead } from '../components/view-parts.tsx';
import { mayManage, useConsole } from '../context.ts';
import { useApps } from '../use-apps.ts';
import { useResource } from '../use-resource.ts';
import { AccessPanel } from './access-panel.tsx';

type Row = AppSummary & { readonly key: string };

/** The Apps. An owner also sees their keys and the tokens of the admin API. */
export function AppsView() {
  const { who } = useConsole();
  const { apps, list } = useApps();
  const [shown, setShown] = useState<AppSummary>();
  const isOwner = mayManage(who);
  return (
    <>
      <ViewHead title="Apps" sub="The tenants of this server" />
      <LoadError error={list.error} onRetry={list.reload} />
      <Panel title="Apps" count={list.data?.apps.length}>
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
      {shown && <KeysDialog app={shown} onClose={() => setShown(undefined)} />}
    </>
  );
}

interface Keys {
  readonly serverSecret: string;
  readonly callbackSecret: string;
}

/** The keys of an App, which are loaded when the dialog is opened and forgotten when it is closed. */
function KeysDialog({ app, onClose }: { app: AppSummary; onClose: () => void }) {
  const { client } = useConsole();
  const path = `/apps/${app.appId}/keys`;
  const { data, error, reload } = useResource(path, () => client.get<Keys>(path));
  return (
    <Dialog title={`Keys of ${app.name}`} testId="keys-dialog" onClose={onClose}>
      <LoadError error={error} onRetry={reload} />
      {data && (
        <Secret label="Server secret: signs API calls and login tokens" value={data.serverSecret} name="server" />
      )}
      {data && <Secret label="Callback secret: signs callbacks" value={data.callbackSecret} name="callback" />}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
