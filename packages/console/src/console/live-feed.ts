/**
 * The events of the server, by server-sent events.
 *
 * @module
 */

import type { LiveEvent } from '@gavel/protocol/admin';
import { LIVE_EVENT_TYPES } from '@gavel/protocol/admin/live-event-types';
import { Store } from '../store.ts';
import { ADMIN_API } from './api/admin-client.ts';

/** What a listener gets: an event of the server, or `reset` if events may have been missed. */
export type FeedEvent = LiveEvent | { readonly type: 'reset' };

/** Handles an event. */
export type LiveListener = (event: FeedEvent) => void;

/** The part of `EventSource` that the feed uses. */
export interface EventSourceLike {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

/** How long after a refused connection the feed tries again, in milliseconds. A lost one is tried again by the browser. */
export const REOPEN_DELAY_MS = 5000;
const CLOSED = 2;

/** Whether events arrive. */
export interface LiveState {
  readonly isLive: boolean;
}

/** Follows the events of what the page shows. */
export class LiveFeed extends Store<LiveState> {
  readonly #open: (url: string) => EventSourceLike;
  readonly #listeners = new Set<LiveListener>();
  #query = '';
  #source: EventSourceLike | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(open: (url: string) => EventSourceLike) {
    super({ isLive: false });
    this.#open = open;
  }

  /** Follows the events that a query selects, such as `?detail=rooms`, in place of the earlier ones. */
  follow(query: string): void {
    if (this.#source && query === this.#query) return;
    this.stop();
    this.#query = query;
    this.#connect();
  }

  /** Ends the connection. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = undefined;
    this.set({ isLive: false });
  }

  /** Calls the listener with each event; with `reset` when a connection was opened, because views may have missed something. */
  listen(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #connect(): void {
    const source = this.#open(`${ADMIN_API}/events${this.#query}`);
    this.#source = source;
    source.addEventListener('open', () => {
      this.set({ isLive: true });
      this.#publish({ type: 'reset' });
    });
    source.addEventListener('error', () => {
      this.set({ isLive: false });
      if (source.readyState === CLOSED) this.#timer = setTimeout(() => this.#connect(), REOPEN_DELAY_MS);
    });
    for (const type of LIVE_EVENT_TYPES) {
      source.addEventListener(type, ({ data }) => this.#publish({ ...(JSON.parse(data) as LiveEvent), type }));
    }
  }

  #publish(event: FeedEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
