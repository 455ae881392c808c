/**
 * The frame around every view: the navigation, who is signed in, and whether the page is live.
 *
 * @module
 */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Logo } from '../../components/logo.tsx';
import { useStore } from '../../use-store.ts';
import { useConsole } from '../context.ts';
import { linkTo, type Route, SECTIONS, type Section } from '../routes.ts';
import { NavIcon } from './nav-icons.tsx';

/** The names of the parts of the console. */
export const SECTION_NAMES: Readonly<Record<Section, string>> = {
  overview: 'Overview',
  rooms: 'Rooms',
  people: 'People',
  bans: 'Bans',
  audit: 'Audit',
  callbacks: 'Callbacks',
  apps: 'Apps',
};

/** The frame around a view. */
export function Shell(props: { route: Route; onSignOut: () => void; children: ComponentChildren }) {
  const { route, onSignOut, children } = props;
  const { who } = useConsole();
  const current = route.view === 'room' ? 'rooms' : route.view;
  const nav = useRef<HTMLElement>(null);
  // On a phone the parts are in one line, which is longer than the screen.
  useEffect(() => {
    nav.current?.querySelector(`[href="${linkTo(current)}"]`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current]);
  return (
    <div class="shell">
      <button type="button" class="skip-link" onClick={() => document.getElementById('content')?.focus()}>
        Skip to content
      </button>
      <header class="side">
        <a class="side-logo" href={linkTo('overview')} aria-label="Gavel console, overview">
          <Logo />
        </a>
        <nav ref={nav} aria-label="Console">
          <ul>
            {SECTIONS.map((section) => (
              <li key={section}>
                <a
                  href={linkTo(section)}
                  aria-current={section === current ? 'page' : undefined}
                  data-testid={`nav-${section}`}
                >
                  <NavIcon section={section} />
                  {SECTION_NAMES[section]}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="side-foot">
          <LiveState />
          <div class="side-user">
            <p>
              <strong data-testid="who">{who.name}</strong>
              <span>{describeAccess(who)}</span>
            </p>
            <button type="button" class="button small" data-testid="sign-out" onClick={onSignOut}>
              Sign out
            </button>
          </div>
        </div>
      </header>
      <main class="content" id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

/** Whether the views follow the server. */
function LiveState() {
  const { isLive } = useStore(useConsole().live);
  return (
    <p class="live-state" role="status" data-live={isLive} data-testid="live-state">
      {isLive ? 'Live' : 'Not live: reconnecting'}
    </p>
  );
}

function describeAccess({ role, appIds }: { role: string; appIds?: readonly number[] }): string {
  if (!appIds) return role;
  return `${role} of ${appIds.length === 1 ? `App ${appIds[0]}` : `${appIds.length} Apps`}`;
}
