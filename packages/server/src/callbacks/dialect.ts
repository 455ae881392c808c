/**
 * What each vendor's door says of its callbacks: what is sent where, how it is signed, when it is tried again.
 *
 * @module
 */

import type { App } from '../apps/app.ts';
import type { EventBatch } from '../rooms/rooms.ts';
import type { OutboxRecord } from '../store/outbox.ts';

/** One callback that events give rise to. */
export interface CallbackDraft {
  /** Its name in the dialect. */
  readonly event: string;
  readonly url: string;
  /** Exactly what is sent. */
  readonly body: string;
}

/** Headers of an attempt, by their names in lower case. */
export type CallbackHeaders = Readonly<Record<string, string>>;

/** The callbacks of one dialect. */
export interface CallbackDialect {
  /** Stands in the store; never changes. */
  readonly name: string;
  /** How long to wait after each failed attempt; after one more failure the callback is given up. In milliseconds. */
  readonly retryDelaysMs: readonly number[];
  /** Whether the App has any address in this dialect. */
  serves(app: App): boolean;
  /** What the events give rise to, in order. */
  write(app: App, batch: EventBatch): readonly CallbackDraft[];
  /** The headers of an attempt made now, beside those that every callback has. */
  headersOf(app: App, record: OutboxRecord, nowMs: number): CallbackHeaders | Promise<CallbackHeaders>;
}
