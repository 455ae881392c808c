/**
 * The live events that one node of the cluster keeps, at every node: a client that comes back to another node continues there.
 *
 * @module
 */

import type { LiveEvent } from '@gavel/protocol/admin';
import type { Clock } from '../base/clock.ts';
import type { Bus } from '../bus/bus.ts';
import type { Peers } from '../cluster/peers.ts';
import { defineTopic } from '../cluster/topic.ts';
import { type EventPage, LiveEvents } from './live-events.ts';

const SUBJECT = 'admin events';
const READ = defineTopic<{ readonly after?: string }, EventPage>('admin.read-events');

/** Interval at which streams get what has happened, in milliseconds. */
export const READ_INTERVAL_MS = 250;

/** A client that follows the events. */
export interface EventStream {
  /** Called with the events since the last call, and the id of the last one. */
  handle(events: readonly LiveEvent[], lastId: string): void;
  /** Called when the node that keeps the events is gone, or they are lost: the client must come back. */
  end(): void;
}

/** The dependencies of the events. */
export interface SharedLiveEventsDeps {
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly clock: Pick<Clock, 'every'>;
  readonly peers: Pick<Peers, 'serve' | 'askFor'>;
}

/** Every node keeps events, and reads those of the node that is responsible for them. */
export class SharedLiveEvents {
  readonly #deps: SharedLiveEventsDeps;
  /** The streams, with the id of the last event that each has. */
  readonly #streams = new Map<EventStream, string>();
  #isReading = false;
  #stop: (() => void) | undefined;

  constructor(deps: SharedLiveEventsDeps) {
    this.#deps = deps;
    const own = new LiveEvents(deps.bus);
    deps.peers.serve(READ, ({ after }) => own.read(after));
  }

  /** Returns the events after one; without its id, those from now on: none. @throws GavelError `server.node-unavailable` */
  read(after?: string): Promise<EventPage> {
    return this.#deps.peers.askFor(SUBJECT, READ, after === undefined ? {} : { after });
  }

  /** Hands the events after one to a stream, from the next interval on. Returns a function that ends it. */
  subscribe(stream: EventStream, after: string): () => void {
    this.#streams.set(stream, after);
    this.#stop ??= this.#deps.clock.every(READ_INTERVAL_MS, () => void this.#readAll());
    return () => {
      this.#streams.delete(stream);
      if (this.#streams.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    };
  }

  async #readAll(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    // Streams that have been open for a while have the same last event.
    const byId = Map.groupBy(this.#streams.keys(), (stream) => this.#streams.get(stream) ?? '');
    await Promise.all([...byId].map(([after, streams]) => this.#readFor(streams, after)));
    this.#isReading = false;
  }

  async #readFor(streams: readonly EventStream[], after: string): Promise<void> {
    const page = await this.read(after).catch(() => undefined);
    for (const stream of streams) {
      // It has been closed meanwhile.
      if (!this.#streams.has(stream)) continue;
      if (!page?.isComplete) {
        stream.end();
      } else if (page.lastId !== after) {
        this.#streams.set(stream, page.lastId);
        stream.handle(page.events, page.lastId);
      }
    }
  }
}
