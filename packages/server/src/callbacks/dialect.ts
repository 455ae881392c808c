/**
 * A callback dialect: what is sent to which URL, how it is signed and when it is retried. Each API has its own.
 *
 * @module
 */

import type { App } from '../apps/app.ts';
import type { EventBatch } from '../owner/rooms.ts';
import type { OutboxRecord } from '../store/outbox.ts';

/** One callback made from events. */
export interface CallbackDraft {
  /** Its name in the dialect. */
  readonly event: string;
  readonly url: string;
  /** The request body, exactly as it is sent. */
  readonly body: string;
}

/** Request headers of an attempt, by lower-case name. */
export type CallbackHeaders = Readonly<Record<string, string>>;

/** The callbacks of one dialect. */
export interface CallbackDialect {
  /** Stored with each callback; never changes. */
  readonly name: string;
  /** Delays after each failed attempt, in milliseconds. If the attempt after the last delay fails, the callback has failed permanently. */
  readonly retryDelaysMs: readonly number[];
  /** Returns whether the App has any URL in this dialect. */
  serves(app: App): boolean;
  /** Returns the callbacks of the events, in order. */
  write(app: App, batch: EventBatch): readonly CallbackDraft[];
  /** Returns the headers of an attempt made now, in addition to those that every callback has. */
  headersOf(app: App, record: OutboxRecord, nowMs: number): CallbackHeaders | Promise<CallbackHeaders>;
}
