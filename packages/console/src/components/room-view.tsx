/**
 * The room: stage, moderation, chat and log; side by side on a desktop, one at a time on a phone.
 *
 * @module
 */

import { useEffect, useState } from 'preact/hooks';
import type { PageConfig } from '../config.ts';
import type { Page } from '../page.ts';
import { useStore } from '../use-store.ts';
import { Chat } from './chat.tsx';
import { LogPanel } from './log-panel.tsx';
import { ModerationPanel } from './moderation-panel.tsx';
import { Outage } from './outage.tsx';
import { Stage } from './stage.tsx';
import { TopBar } from './top-bar.tsx';

const VIEWS = [
  { view: 'stage', label: 'Room' },
  { view: 'moderation', label: 'Moderate' },
  { view: 'chat', label: 'Chat' },
  { view: 'log', label: 'Log' },
] as const;

type View = (typeof VIEWS)[number]['view'];

/** The room. */
export function RoomView({ page, config, onRejoin }: { page: Page; config: PageConfig; onRejoin: () => void }) {
  const { room, log, moderation, devices } = page;
  const state = useStore(room);
  const [view, setView] = useState<View>('stage');
  const [seenChatId, setSeenChatId] = useState(0);
  const isEnded = state.phase.kind === 'ended';
  const lastChat = state.chat.at(-1);

  useEffect(() => {
    if (isEnded) setView('stage');
  }, [isEnded]);
  useEffect(() => {
    if (view === 'chat') setSeenChatId(lastChat?.id ?? 0);
  }, [view, lastChat]);

  const hasUnread = lastChat !== undefined && !lastChat.own && lastChat.id > seenChatId && view !== 'chat';
  return (
    <div class="room" data-view={view}>
      <div class="head">
        <TopBar state={state} config={config} />
        {state.phase.kind === 'reconnecting' && (
          <Outage sinceMs={state.phase.sinceMs} onRetry={() => room.retryNow()} onLeave={() => room.leave()} />
        )}
      </div>
      <nav class="views" aria-label="Parts of the page">
        {VIEWS.map(({ view: each, label }) => (
          <button
            key={each}
            type="button"
            aria-pressed={view === each}
            data-testid={`view-${each}`}
            onClick={() => setView(each)}
          >
            {label}
            {each === 'chat' && hasUnread && <span class="dot" role="img" aria-label="new messages" />}
          </button>
        ))}
      </nav>
      <Stage room={room} devices={devices} state={state} onRejoin={onRejoin} />
      <aside class="rail">
        <ModerationPanel moderation={moderation} state={state} isDev={config.mode === 'dev'} />
        <Chat room={room} state={state} />
      </aside>
      <LogPanel log={log} />
    </div>
  );
}
