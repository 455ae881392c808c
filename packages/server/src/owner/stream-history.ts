/**
 * A bounded history of ended streams.
 *
 * @module
 */

import type { StreamId } from '@gavel/protocol';
import { type AppScope, scopeText } from '../base/app-scope.ts';
import type { RoomEvent } from '../rooms/events.ts';

/** The state of a stream id. */
export type StreamState =
  | { readonly state: 'live'; readonly createdAtMs: number }
  | { readonly state: 'closed'; readonly createdAtMs: number; readonly closedAtMs: number }
  /** Never used, or no longer in the history. */
  | { readonly state: 'unknown' };

type Closed = Extract<StreamState, { state: 'closed' }>;

/** Maximum number of ended streams stored per scope. */
export const MAX_ENDED_STREAMS = 10_000;

/** The most recently ended streams, by scope and id. */
export class StreamHistory {
  readonly #scopes = new Map<string, Map<StreamId, Closed>>();
  readonly #max: number;

  constructor(max: number = MAX_ENDED_STREAMS) {
    this.#max = max;
  }

  /** Returns the last ended stream of a stream id. */
  find(scope: AppScope, streamId: StreamId): Closed | undefined {
    return this.#scopes.get(scopeText(scope))?.get(streamId);
  }

  /** Records the ended streams among the events. */
  follow(scope: AppScope, events: readonly RoomEvent[]): void {
    for (const event of events) {
      if (event.type !== 'streamRemoved') continue;
      const { streamId, createdAtMs } = event.stream;
      const text = scopeText(scope);
      const ended = this.#scopes.get(text) ?? new Map<StreamId, Closed>();
      this.#scopes.set(text, ended);
      // The map is in the order of the ends: the first entry is the oldest.
      ended.delete(streamId);
      ended.set(streamId, { state: 'closed', createdAtMs, closedAtMs: event.atMs });
      const [oldest] = ended.keys();
      if (ended.size > this.#max && oldest !== undefined) ended.delete(oldest);
    }
  }
}
