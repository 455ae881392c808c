/**
 * The view that a route names.
 *
 * @module
 */

import { useLayoutEffect, useRef } from 'preact/hooks';
import { formatRoute, type Route } from '../routes.ts';
import { AppsView } from './apps-view.tsx';
import { AuditView } from './audit-view.tsx';
import { BansView } from './bans-view.tsx';
import { CallbacksView } from './callbacks-view.tsx';
import { OverviewView } from './overview-view.tsx';
import { PeopleView } from './people-view.tsx';
import { RoomView } from './room-view.tsx';
import { RoomsView } from './rooms-view.tsx';

/** The view that a route names. A new view starts at the top, and a screen reader reads its title. */
export function View({ route }: { route: Route }) {
  const name = route.view === 'room' ? formatRoute(route) : route.view;
  const previous = useRef(name);
  useLayoutEffect(() => {
    if (previous.current === name) return;
    previous.current = name;
    scrollTo(0, 0);
    document.querySelector<HTMLElement>('[data-focus-start]')?.focus({ preventScroll: true });
  }, [name]);
  switch (route.view) {
    case 'overview':
      return <OverviewView />;
    case 'rooms':
      return <RoomsView filters={route.filters} />;
    case 'room':
      return <RoomView key={name} room={route.room} />;
    case 'people':
      return <PeopleView filters={route.filters} />;
    case 'bans':
      return <BansView filters={route.filters} />;
    case 'audit':
      return <AuditView filters={route.filters} />;
    case 'callbacks':
      return <CallbacksView filters={route.filters} />;
    case 'apps':
      return <AppsView />;
  }
}
