/**
 * The playground page.
 *
 * The address fills in the form: `?room=..&user=..&name=..&source=test|camera|none&autojoin=1`.
 *
 * Parts that tests find by `data-testid`:
 *
 * | Id | Part |
 * |---|---|
 * | `join-form`, `room-input`, `user-input`, `name-input`, `source-camera`, `source-test`, `source-none`, `app-id-input`, `token-input`, `join-button`, `join-error` | the join form |
 * | `connection-state` | its `data-state` is `outside`, `joining`, `inside`, `reconnecting` or `ended` |
 * | `second-tab` | the link that opens a tab as another user |
 * | `stage`, `tile-<userId>` | the tiles; `data-stream-id`, `data-play` (`none`, `requesting`, `playing`, `stopped`), `data-own` |
 * | `quality-<streamId>` | a tile's badge |
 * | `publish-button`, `stop-button`, `mic-button`, `camera-button`, `sound-button`, `devices-button`, `leave-button` | the controls |
 * | `devices-dialog`, `devices-allow`, `camera-select`, `microphone-select`, `devices-error`, `devices-done` | the selection of devices; the selects are also in the join form |
 * | `outage`, `retry-button`, `outage-leave-button` | shown while the connection is lost |
 * | `banner` | how the visit ended; `data-ending` is the kind, `banner-reason` is the moderator's reason, `rejoin-button` |
 * | `stream-removed`, `publish-failed`, `publish-again-button`, `publish-test-button` | the notice about the own stream |
 * | `moderation`, `reason-input`, `kick-<userId>`, `close-room`, `delete-<streamId>` | the moderation panel: these send at once, `close-room` asks first |
 * | `confirm-dialog`, `confirm-accept`, `confirm-cancel` | the confirmation before the room is closed |
 * | `curl-toggle-<key>`, `curl-<key>`, `curl-copy-<key>` | the command line; a key is `kick-<userId>`, `close-room`, `delete-<streamId>` |
 * | `answer` | an answer; newest first; `data-code` is its Code |
 * | `chat`, `chat-input`, `chat-send`, `chat-line` | the chat |
 * | `log`, `log-line` (`data-name`), `log-pause`, `log-clear`, `log-copy`, `log-quality` | the log of callbacks |
 * | `view-stage`, `view-moderation`, `view-chat`, `view-log` | the switch between the parts on a phone |
 *
 * @module
 */

import { useEffect, useState } from 'preact/hooks';
import { JoinView } from './components/join-view.tsx';
import { Logo } from './components/logo.tsx';
import { RoomView } from './components/room-view.tsx';
import { loadConfig, type PageConfig } from './config.ts';
import { describeError } from './errors.ts';
import { watchLostFocus } from './lost-focus.ts';
import { makePage } from './page.ts';
import { formatPageQuery, parsePageQuery } from './page-query.ts';
import type { JoinOptions } from './room-model.ts';
import { stopStrayClicks } from './stray-clicks.ts';
import { useStore } from './use-store.ts';

const query = parsePageQuery(location.search);

/** The page: the join form or the room. */
export function App() {
  const [page] = useState(makePage);
  const [config, setConfig] = useState<PageConfig>();
  const [failure, setFailure] = useState('');
  const [options, setOptions] = useState<JoinOptions>();
  const { phase, roomId } = useStore(page.room);

  const load = () => {
    setFailure('');
    loadConfig((url, init) => fetch(url, init)).then(setConfig, (error: unknown) =>
      setFailure(describeError(error).text),
    );
  };

  useEffect(() => {
    load();
    const ends = [
      stopStrayClicks(document),
      watchLostFocus(document.body, () => document.querySelector<HTMLElement>('[data-focus-start]')),
      page.devices.watch(),
    ];
    // The others should see a closed tab leave at once, not after its heartbeat timeout.
    const leave = () => page.room.leave();
    addEventListener('pagehide', leave);
    return () => {
      removeEventListener('pagehide', leave);
      for (const end of ends) end();
    };
  }, [page]);
  useEffect(() => {
    document.title = phase.kind === 'outside' ? 'Gavel playground' : `${roomId} · Gavel playground`;
  }, [phase.kind, roomId]);

  const join = (wanted: JoinOptions) => {
    setOptions(wanted);
    const { roomId: room, userId: user, userName: name, source } = wanted;
    history.replaceState(null, '', formatPageQuery({ room, user, name, source }));
    void page.room.join(wanted);
  };

  if (failure) return <Notice title="The server is not responding" text={failure} onRetry={load} />;
  if (!config) return <Notice title="Gavel" text="Loading …" />;
  if (phase.kind === 'outside') {
    return (
      <JoinView config={config} devices={page.devices} query={query} last={options} error={phase.error} onJoin={join} />
    );
  }
  return <RoomView page={page} config={config} onRejoin={() => options && join(options)} />;
}

/** A page with a single message. */
function Notice({ title, text, onRetry }: { title: string; text: string; onRetry?: () => void }) {
  return (
    <main class="notice">
      <Logo />
      <h1>{title}</h1>
      <p role="status">{text}</p>
      {onRetry && (
        <button type="button" class="button primary" data-testid="reload-button" onClick={onRetry}>
          Try again
        </button>
      )}
    </main>
  );
}
