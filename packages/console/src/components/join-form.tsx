/**
 * The join form.
 *
 * @module
 */

import { useEffect, useState } from 'preact/hooks';
import { canUseCamera, type SourceKind } from '../sources.ts';
import { inventUser } from '../user-look.ts';
import { DeviceFields } from './device-fields.tsx';
import { Field } from './field.tsx';
import type { JoinViewProps } from './join-view.tsx';
import { SourcePicker } from './source-picker.tsx';

const invented = inventUser();

/** The join form. */
export function JoinForm({ config, devices, query, last, error, onJoin }: JoinViewProps) {
  const [roomId, setRoomId] = useState(last?.roomId ?? query.room ?? 'lobby');
  const [userId, setUserId] = useState(last?.userId ?? query.user ?? invented.userId);
  const [userName, setUserName] = useState(last?.userName ?? query.name ?? query.user ?? invented.userName);
  const [source, setSource] = useState<SourceKind>(
    last?.source ?? query.source ?? (canUseCamera() ? 'camera' : 'test'),
  );
  const [appId, setAppId] = useState(String(last?.appId ?? config.appId ?? ''));
  const [token, setToken] = useState(last?.token ?? '');

  const needsCredentials = config.mode !== 'dev' || config.appId === null || !config.allowNoToken;
  const join = () =>
    onJoin({
      appId: Number(appId),
      roomId: roomId.trim(),
      userId: userId.trim(),
      userName: userName.trim(),
      token: token.trim(),
      source,
    });

  // Only the first render of the page joins automatically.
  useEffect(() => {
    if (query.autojoin && !last && !needsCredentials) join();
  }, []);

  return (
    <form
      class="card join-card"
      aria-label="Join a room"
      data-testid="join-form"
      onSubmit={(event) => {
        event.preventDefault();
        join();
      }}
    >
      <SourcePicker value={source} user={{ userId, userName: userName || userId }} onChange={setSource} />
      {source === 'camera' && canUseCamera() && (
        <DeviceFields devices={devices} onChoose={(kind, id) => devices.choose(kind, id)} />
      )}
      <div class={needsCredentials ? 'join-fields' : 'join-fields plain'}>
        <Field label="Room" value={roomId} onInput={setRoomId} testId="room-input" required maxLength={128} />
        {needsCredentials && (
          <Field
            label="App id"
            value={appId}
            onInput={setAppId}
            testId="app-id-input"
            required
            inputMode="numeric"
            pattern="[0-9]+"
            title="A whole number"
          />
        )}
        <Field label="User id" value={userId} onInput={setUserId} testId="user-input" required maxLength={64} />
        <Field label="User name" value={userName} onInput={setUserName} testId="name-input" maxLength={256} />
        {needsCredentials && (
          <Field
            label="Token"
            value={token}
            onInput={setToken}
            testId="token-input"
            required={!config.allowNoToken}
            hint="Your backend creates it for this user and App."
          />
        )}
      </div>
      {error && (
        <p class="form-error" role="alert" data-testid="join-error">
          {error.text} {error.code !== undefined && <code>{error.code}</code>}
        </p>
      )}
      <button type="submit" class="button primary wide" data-testid="join-button">
        Join the room
      </button>
    </form>
  );
}
