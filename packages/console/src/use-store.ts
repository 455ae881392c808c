/**
 * Stores in components.
 *
 * @module
 */

import { useEffect, useState } from 'preact/hooks';
import type { Store } from './store.ts';

/** Returns a store's state, and re-renders the component when it changes. */
export function useStore<State extends object>(store: Store<State>): State {
  const [state, setState] = useState(store.state);
  useEffect(() => {
    setState(store.state);
    return store.subscribe(() => setState(store.state));
  }, [store]);
  return state;
}
