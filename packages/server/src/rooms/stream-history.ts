/**
 * Remembers streams that have ended, as many as fit.
 *
 * @module
 */

import type { StreamId } from '@gavel/protocol';
import type { RoomEvent } from './events.ts';
import { type World, worldText } from './rule-keeper.ts';

/** What is known of a stream id. */
export type StreamState =
  | { readonly state: 'live'; readonly createdAtMs: number }
  | { readonly state: 'closed'; readonly createdAtMs: number; readonly closedAtMs: number }
  /** Never seen, or so long ago that it is forgotten. */
  | { readonly state: 'unknown' };

type Closed = Extract<StreamState, { state: 'closed' }>;

/** Most ended streams that are remembered in one world. */
export const MAX_ENDED_STREAMS = 10_000;

/** The streams that ended last, by world and id. */
export class StreamHistory {
  readonly #worlds = new Map<string, Map<StreamId, Closed>>();
  readonly #max: number;

  constructor(max: number = MAX_ENDED_STREAMS) {
    this.#max = max;
  }

  /** The last end of a stream id. */
  find(world: World, streamId: StreamId): Closed | undefined {
    return this.#worlds.get(worldText(world))?.get(streamId);
  }

  /** Takes notice of what ends. */
  follow(world: World, events: readonly RoomEvent[]): void {
    for (const event of events) {
      if (event.type !== 'streamRemoved') continue;
      const { streamId, createdAtMs } = event.stream;
      const text = worldText(world);
      const ended = this.#worlds.get(text) ?? new Map<StreamId, Closed>();
      this.#worlds.set(text, ended);
      // In the order of their ends: the first is the oldest.
      ended.delete(streamId);
      ended.set(streamId, { state: 'closed', createdAtMs, closedAtMs: event.atMs });
      const [oldest] = ended.keys();
      if (ended.size > this.#max && oldest !== undefined) ended.delete(oldest);
    }
  }
}
