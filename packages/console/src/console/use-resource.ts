/**
 * Resources in components.
 *
 * @module
 */

import { useEffect, useMemo } from 'preact/hooks';
import { useStore } from '../use-store.ts';
import { useConsole } from './context.ts';
import type { FeedEvent } from './live-feed.ts';
import { Resource, type ResourceState } from './resource.ts';

/** A resource that a view shows. */
export interface ShownResource<Data> extends ResourceState<Data> {
  /** Loads again now, such as after a change. */
  readonly reload: () => void;
}

/**
 * Loads data while the component is shown, and again when an event concerns it.
 *
 * @param key identifies what is loaded; a new key loads new data
 * @param concerns whether an event of the server may change the data; by default none does
 */
export function useResource<Data>(
  key: string,
  load: () => Promise<Data>,
  concerns: (event: FeedEvent) => boolean = () => false,
): ShownResource<Data> {
  const { live } = useConsole();
  // The key stands for everything that `load` and `concerns` depend on.
  const resource = useMemo(() => new Resource(load), [key]);
  useEffect(() => {
    void resource.reload();
    const end = live.listen((event) => {
      if (event.type === 'reset' || concerns(event)) resource.refresh();
    });
    return () => {
      end();
      resource.close();
    };
  }, [resource]);
  const state = useStore(resource);
  return { ...state, reload: () => void resource.reload() };
}
