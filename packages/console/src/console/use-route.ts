/**
 * The route in components.
 *
 * @module
 */

import { useEffect, useState } from 'preact/hooks';
import { formatRoute, parseRoute, type Route } from './routes.ts';

/** Returns the view that the address names, and renders the component again when that changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const update = () => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', update);
    return () => removeEventListener('hashchange', update);
  }, []);
  return route;
}

/** Goes to a view; with `isReplacing`, the current one is not kept in the browser's history, such as while a filter is typed. */
export function goTo(route: Route, isReplacing = false): void {
  const url = formatRoute(route);
  if (!isReplacing) location.hash = url;
  else {
    history.replaceState(null, '', url);
    dispatchEvent(new HashChangeEvent('hashchange'));
  }
}
