/**
 * The people who may use the console and the admin API: their tokens, for an owner.
 *
 * @module
 */

import type { AdminToken, AdminTokenList, CreatedAdminToken, NewAdminToken } from '@gavel/protocol/admin';
import { useState } from 'preact/hooks';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { describeError } from '../api/admin-client.ts';
import type { AppSummary } from '../api/apps.ts';
import { DataTable } from '../components/data-table.tsx';
import { Secret } from '../components/secret.tsx';
import { Select } from '../components/select.tsx';
import { describeEmpty, LoadError, Panel, Time } from '../components/view-parts.tsx';
import { useConsole } from '../context.ts';
import { nameOfApp } from '../use-apps.ts';
import { useResource } from '../use-resource.ts';

type Row = AdminToken & { readonly key: string };
type Role = AdminToken['role'];

const ROLES: readonly { readonly value: Role; readonly label: string }[] = [
  { value: 'viewer', label: 'Viewer: sees everything but addresses' },
  { value: 'moderator', label: 'Moderator: also acts on rooms and people' },
  { value: 'owner', label: 'Owner: also manages Apps and keys' },
];

/** The tokens of persons: creates and revokes them. */
export function AccessPanel({ apps }: { apps: readonly AppSummary[] }) {
  const { client, notices } = useConsole();
  const list = useResource('admin-tokens', () => client.get<AdminTokenList>('/admin-tokens'));
  const [isCreating, setIsCreating] = useState(false);
  const [revoked, setRevoked] = useState<AdminToken>();
  const revoke = async ({ id, name }: AdminToken) => {
    setRevoked(undefined);
    try {
      await client.delete(`/admin-tokens/${id}`);
      notices.show(`The token of ${name} is revoked.`);
    } catch (error) {
      notices.show(describeError(error), { isError: true });
    }
    list.reload();
  };
  return (
    <Panel
      title="People with access"
      count={list.data?.adminTokens.length}
      actions={
        <button type="button" class="button small" data-testid="new-token" onClick={() => setIsCreating(true)}>
          New token
        </button>
      }
    >
      <LoadError error={list.error} onRetry={list.reload} />
      <DataTable<Row>
        caption="Tokens of the admin API"
        testId="tokens"
        rows={(list.data?.adminTokens ?? []).map((token) => ({ ...token, key: token.id }))}
        empty={describeEmpty(list, 'Only the admin key of the configuration has access.')}
        columns={[
          { title: 'Name', cell: ({ name }) => <strong>{name}</strong> },
          {
            title: 'Role',
            cell: ({ role, appIds }) => (
              <div class="stacked">
                <span>{role}</span>
                <span class="secondary">
                  {appIds ? appIds.map((id) => nameOfApp(apps, id)).join(', ') : 'all Apps'}
                </span>
              </div>
            ),
          },
          { title: 'Created by', isWide: true, cell: ({ createdBy }) => createdBy },
          {
            title: 'Valid until',
            isWide: true,
            layout: 'fit',
            cell: ({ expiresAtMs }) => (expiresAtMs === undefined ? 'it is revoked' : <Time atMs={expiresAtMs} />),
          },
        ]}
        actions={(token) => (
          <button
            type="button"
            class="button small danger"
            aria-label={`Revoke the token of ${token.name}`}
            onClick={() => setRevoked(token)}
          >
            Revoke
          </button>
        )}
      />
      {isCreating && <NewTokenDialog apps={apps} onClose={() => setIsCreating(false)} onCreated={list.reload} />}
      {revoked && (
        <ConfirmDialog
          title={`Revoke the token of ${revoked.name}?`}
          confirmLabel="Revoke"
          onConfirm={() => void revoke(revoked)}
          onCancel={() => setRevoked(undefined)}
        >
          <p>Whoever uses it is signed out at once, and must get a new one.</p>
        </ConfirmDialog>
      )}
    </Panel>
  );
}

function NewTokenDialog(props: { apps: readonly AppSummary[]; onClose: () => void; onCreated: () => void }) {
  const { apps, onClose, onCreated } = props;
  const { client } = useConsole();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('moderator');
  const [appIds, setAppIds] = useState<readonly number[]>(apps.map(({ appId }) => appId));
  const [created, setCreated] = useState<CreatedAdminToken>();
  const [error, setError] = useState('');

  const toggle = (appId: number) =>
    setAppIds(appIds.includes(appId) ? appIds.filter((id) => id !== appId) : [...appIds, appId]);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const body: NewAdminToken = { name: name.trim(), role, ...(role !== 'owner' && { appIds: [...appIds] }) };
    try {
      setCreated(await client.post<CreatedAdminToken>('/admin-tokens', { body }));
      onCreated();
    } catch (failure) {
      setError(describeError(failure));
    }
  };

  if (created) {
    return (
      <Dialog title={`Token of ${created.name}`} testId="token-dialog" closesOutside={false} onClose={onClose}>
        <p>Give it to {created.name} now. It is not stored, and cannot be shown again.</p>
        <Secret label="Access token" value={created.token} name="token" />
        <div class="dialog-actions">
          <button type="button" class="button primary" onClick={onClose}>
            Done
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="New token" testId="token-dialog" closesOutside={false} onClose={onClose}>
      <form class="act-form" onSubmit={(event) => void submit(event)}>
        <Field label="Name of the person" value={name} onInput={setName} testId="token-name" required maxLength={100} />
        <Select label="Role" value={role} options={ROLES} testId="token-role" onChange={setRole} />
        {role !== 'owner' && (
          <fieldset class="checks">
            <legend>Apps</legend>
            {apps.map((app) => (
              <label key={app.appId}>
                <input type="checkbox" checked={appIds.includes(app.appId)} onChange={() => toggle(app.appId)} />{' '}
                {app.name}
              </label>
            ))}
          </fieldset>
        )}
        <p class="form-error" role="alert">
          {error}
        </p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class="button primary"
            disabled={role !== 'owner' && appIds.length === 0}
            data-testid="token-create"
          >
            Create
          </button>
        </div>
      </form>
    </Dialog>
  );
}
