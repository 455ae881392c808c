/**
 * The console: the sign-in form, or the views of a user who is signed in.
 *
 * @module
 */

import type { AdminSession } from '@gavel/protocol/admin';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Logo } from '../components/logo.tsx';
import { watchLostFocus } from '../lost-focus.ts';
import { stopStrayClicks } from '../stray-clicks.ts';
import { useStore } from '../use-store.ts';
import { eventsOf } from './api/events.ts';
import { NoticeList } from './components/notice-list.tsx';
import { Shell } from './components/shell.tsx';
import { ConsoleScope } from './context.ts';
import { LiveFeed } from './live-feed.ts';
import { Notices } from './notices.ts';
import { ConsoleSession } from './session.ts';
import { useRoute } from './use-route.ts';
import { SignInView } from './views/sign-in-view.tsx';
import { View } from './views/view.tsx';

/** The console. */
export function App() {
  const [session] = useState(() => new ConsoleSession((url, init) => fetch(url, init)));
  const state = useStore(session).session;
  useEffect(() => {
    void session.open();
    const ends = [
      stopStrayClicks(document),
      watchLostFocus(document.body, () => document.querySelector<HTMLElement>('[data-focus-start]')),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [session]);

  if (state.phase === 'signed-in') return <SignedIn key={state.who.csrfToken} session={session} who={state.who} />;
  if (state.phase === 'loading') return <StartPage message="" />;
  if (state.phase === 'unreachable') return <StartPage message={state.message} onRetry={() => void session.open()} />;
  return (
    <SignInView
      isBusy={state.phase === 'signing-in'}
      message={state.phase === 'signed-out' ? state.message : ''}
      onSignIn={(token) => void session.signIn(token)}
    />
  );
}

/** Shown until the server has answered who is signed in; without a message, it is loading. */
function StartPage({ message, onRetry }: { message: string; onRetry?: () => void }) {
  return (
    <main class="notice">
      <Logo />
      <h1 class={message ? undefined : 'visually-hidden'}>{message ? 'The console cannot be loaded' : 'Loading'}</h1>
      <p role="status">{message}</p>
      {onRetry && (
        <button type="button" class="button primary" onClick={onRetry}>
          Try again
        </button>
      )}
    </main>
  );
}

/** The views of a user who is signed in. */
function SignedIn({ session, who }: { session: ConsoleSession; who: AdminSession }) {
  const route = useRoute();
  const context = useMemo(() => {
    const live = new LiveFeed((url) => new EventSource(url));
    return { client: session.client, who, live, notices: new Notices() };
  }, [session, who]);
  const events = eventsOf(route);
  useEffect(() => context.live.follow(events), [context, events]);
  useEffect(() => () => context.live.stop(), [context]);
  const signOut = () =>
    session.signOut().catch((error: unknown) => context.notices.show(`Not signed out: ${error}`, { isError: true }));
  return (
    <ConsoleScope.Provider value={context}>
      <Shell route={route} onSignOut={() => void signOut()}>
        <View route={route} />
      </Shell>
      <NoticeList notices={context.notices} />
    </ConsoleScope.Provider>
  );
}
