/**
 * The dialogs of Apps: a new App, and the keys of an App. Each secret is shown once (SEC-3).
 *
 * @module
 */

import type { AppKeys, AppSecrets, CreatedApp, NewApp, NewSecret } from '@gavel/protocol/admin';
import { useState } from 'preact/hooks';
import { Dialog } from '../../components/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { describeError } from '../api/admin-client.ts';
import type { AppSummary } from '../api/apps.ts';
import { Secret } from '../components/secret.tsx';
import { Select } from '../components/select.tsx';
import { LoadError, Time } from '../components/view-parts.tsx';
import { useConsole } from '../context.ts';
import { useResource } from '../use-resource.ts';

type SecretKind = NonNullable<NewSecret['kind']>;

const KINDS: readonly { readonly value: SecretKind; readonly label: string }[] = [
  { value: 'server', label: 'Server secret: signs API calls and login tokens' },
  { value: 'callback', label: 'Callback secret: signs callbacks' },
];
const OVERLAPS = [
  { value: '86400', label: 'For a day' },
  { value: '604800', label: 'For a week' },
  { value: '3600', label: 'For an hour' },
  { value: '0', label: 'Not at all' },
] as const;

/** Creates an App, and shows its secrets. */
export function NewAppDialog(props: { accountId: string; onClose: () => void; onCreated: () => void }) {
  const { onClose, onCreated } = props;
  const { client } = useConsole();
  const [name, setName] = useState('');
  const [accountId, setAccountId] = useState(props.accountId);
  const [created, setCreated] = useState<CreatedApp>();
  const [error, setError] = useState('');
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const body: NewApp = { name: name.trim(), accountId: accountId.trim() };
    try {
      setCreated(await client.post<CreatedApp>('/apps', { body }));
      onCreated();
    } catch (failure) {
      setError(describeError(failure));
    }
  };
  if (created) {
    return (
      <Dialog title={`The App ${created.name}`} testId="app-dialog" closesOutside={false} onClose={onClose}>
        <p>
          Its App id is <span class="mono">{created.appId}</span>, and <span class="mono">{created.rtkAppId}</span> at
          the RealtimeKit API.
        </p>
        <ShownSecrets secrets={created} />
        <Done onClose={onClose} />
      </Dialog>
    );
  }
  return (
    <Dialog title="New App" testId="app-dialog" closesOutside={false} onClose={onClose}>
      <form class="act-form" onSubmit={(event) => void submit(event)}>
        <Field label="Name" value={name} onInput={setName} testId="app-name" required maxLength={100} />
        <Field
          label="Account"
          value={accountId}
          onInput={setAccountId}
          testId="app-account"
          required
          maxLength={32}
          hint="API tokens are valid for the Apps of an account."
        />
        <p class="form-error" role="alert">
          {error}
        </p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary" data-testid="app-create">
            Create
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** The ids of the secrets of an App; an owner replaces them here, and sees those that nobody was shown. */
export function KeysDialog({ app, onClose }: { app: AppSummary; onClose: () => void }) {
  const { client } = useConsole();
  const path = `/apps/${app.appId}/keys`;
  const { data, error, reload } = useResource(path, () => client.get<AppKeys>(path));
  const [secrets, setSecrets] = useState<AppSecrets>();
  const [refusal, setRefusal] = useState('');
  const ask = async (below: string, body?: NewSecret) => {
    try {
      setSecrets(await client.post<AppSecrets>(`${path}${below}`, { body }));
    } catch (failure) {
      setRefusal(describeError(failure));
      reload();
    }
  };
  return (
    <Dialog
      title={`Keys of ${app.name}`}
      testId="keys-dialog"
      {...(secrets && { closesOutside: false })}
      onClose={onClose}
    >
      <LoadError error={error} onRetry={reload} />
      {secrets ? <ShownSecrets secrets={secrets} /> : data && <KeyList keys={data} />}
      {!secrets && data?.isConfigured && (
        <p>The secrets of this App are in the configuration of the server. They are replaced there.</p>
      )}
      {!secrets && data && !data.isConfigured && <RotateForm onRotate={(body) => ask('', body)} />}
      <p class="form-error" role="alert">
        {refusal}
      </p>
      <div class="dialog-actions">
        {!secrets && data && !data.isConfigured && !data.areShown && (
          <button type="button" class="button" data-testid="show-secrets" onClick={() => void ask('/show')}>
            Show the secrets once
          </button>
        )}
        <button type="button" class="button" data-testid="keys-close" onClick={onClose}>
          {secrets ? 'Done' : 'Close'}
        </button>
      </div>
    </Dialog>
  );
}

function KeyList({ keys: { keyId, callbackKeyId, earlier } }: { keys: AppKeys }) {
  return (
    <table class="data">
      <caption class="visually-hidden">Secrets by their key ids</caption>
      <thead>
        <tr>
          <th scope="col">Secret</th>
          <th scope="col">Key id</th>
          <th scope="col">Valid until</th>
        </tr>
      </thead>
      <tbody data-testid="key-list">
        <KeyRow name="Server" keyId={keyId} />
        <KeyRow name="Callback" keyId={callbackKeyId} />
        {earlier.map((each) => (
          <KeyRow
            key={each.keyId}
            name={each.kind === 'server' ? 'Earlier server' : 'Earlier callback'}
            keyId={each.keyId}
            untilMs={each.validUntilMs}
          />
        ))}
      </tbody>
    </table>
  );
}

function KeyRow({ name, keyId, untilMs }: { name: string; keyId: string; untilMs?: number }) {
  return (
    <tr>
      <td>{name}</td>
      <td class="mono">{keyId}</td>
      <td>{untilMs === undefined ? 'it is replaced' : <Time atMs={untilMs} />}</td>
    </tr>
  );
}

function RotateForm({ onRotate }: { onRotate: (body: NewSecret) => Promise<void> }) {
  const [kind, setKind] = useState<SecretKind>('server');
  const [overlap, setOverlap] = useState<(typeof OVERLAPS)[number]['value']>('86400');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void onRotate({ kind, overlapSeconds: Number(overlap) });
  };
  return (
    <form class="act-form" onSubmit={submit}>
      <h3>New secret</h3>
      <Select label="Replace" value={kind} options={KINDS} testId="rotate-kind" onChange={setKind} />
      <Select
        label="The secret before stays valid"
        value={overlap}
        options={OVERLAPS}
        testId="rotate-overlap"
        onChange={setOverlap}
      />
      <button type="submit" class="button danger" data-testid="rotate">
        Make a new secret
      </button>
    </form>
  );
}

function ShownSecrets({ secrets: { serverSecret, callbackSecret } }: { secrets: AppSecrets }) {
  return (
    <>
      <p>Copy what is here now. It cannot be shown again.</p>
      {serverSecret && (
        <Secret label="Server secret: signs API calls and login tokens" value={serverSecret} name="server" />
      )}
      {callbackSecret && <Secret label="Callback secret: signs callbacks" value={callbackSecret} name="callback" />}
    </>
  );
}

function Done({ onClose }: { onClose: () => void }) {
  return (
    <div class="dialog-actions">
      <button type="button" class="button primary" onClick={onClose}>
        Done
      </button>
    </div>
  );
}
