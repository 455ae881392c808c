/**
 * The outbox: callbacks that are owed to customers' servers, and those that failed permanently.
 *
 * A row is here from the moment its event is told of until its endpoint has taken it (CB-3).
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import type { LiveRoom, LiveRoomChange } from './live-rooms.ts';
import type { SessionChange } from './sessions.ts';

/** A callback as it is kept. */
export interface OutboxRecord {
  /** The order in which callbacks were added; rises, with holes. */
  readonly seq: number;
  /** A UUID that stays the same over retries, restarts and replays. */
  readonly id: string;
  readonly appId: AppId;
  /** Which dialect wrote it. */
  readonly dialect: string;
  /** Its name in that dialect. */
  readonly event: string;
  readonly url: string;
  /** Callbacks of one App, address and lane are sent one after another. */
  readonly lane: string;
  /** The request body, exactly as it is sent. */
  readonly body: string;
  readonly createdAtMs: number;
  /** How many attempts have failed. */
  readonly attempts: number;
  readonly nextAttemptAtMs: number;
  /** When it was given up; undefined while it is owed. */
  readonly failedAtMs?: number;
  /** The HTTP status of the last failed attempt, where there was an answer. */
  readonly lastStatus?: number;
  /** Why the last attempt failed, at most 500 characters. */
  readonly lastError?: string;
}

/** A callback that was not sent yet. */
export type NewOutboxRecord = Pick<
  OutboxRecord,
  'id' | 'appId' | 'dialect' | 'event' | 'url' | 'lane' | 'body' | 'createdAtMs'
>;

/** Where callbacks go: one address of one App. */
export interface Endpoint {
  readonly appId: AppId;
  readonly url: string;
}

/** What a failed attempt leaves. */
export interface AttemptFailure {
  readonly attempts: number;
  readonly atMs: number;
  readonly lastStatus: number | undefined;
  readonly lastError: string;
}

/** Which callbacks a list has. */
export interface OutboxFilter {
  readonly status: 'pending' | 'failed';
  readonly appId?: AppId;
  /** Only those added after this one. */
  readonly afterSeq?: number;
}

/** What is kept by the commit of callbacks: all of it or nothing. */
export interface JournalRows {
  readonly sessions?: readonly SessionChange[];
  readonly liveRooms?: readonly LiveRoomChange[];
}

/** Stores callbacks. */
export interface OutboxRepository {
  /** Adds callbacks in order, and other rows, all or none; returns the callbacks as they are kept. @throws if an id is taken */
  add(records: readonly NewOutboxRecord[], rows?: JournalRows): Promise<readonly OutboxRecord[]>;
  /** The rooms whose end was not kept, as they were left. */
  liveRooms(): Promise<readonly LiveRoom[]>;
  /** The endpoints that are owed something, in no order. */
  endpoints(): Promise<readonly Endpoint[]>;
  /** What an endpoint is owed after `afterSeq`, on every lane or on one, oldest first. */
  pending(endpoint: Endpoint, afterSeq: number, limit: number, lane?: string): Promise<readonly OutboxRecord[]>;
  /** How many callbacks are owed or given up. */
  count(status: OutboxFilter['status']): Promise<number>;
  /** Oldest first. */
  list(filter: OutboxFilter, limit: number): Promise<readonly OutboxRecord[]>;
  find(id: string): Promise<OutboxRecord | undefined>;
  /** Records a failed attempt of a callback that is tried again at `nextAttemptAtMs`. */
  reschedule(id: string, failure: AttemptFailure, nextAttemptAtMs: number): Promise<void>;
  /** Marks a callback as failed permanently; it is kept. */
  fail(id: string, failure: AttemptFailure): Promise<void>;
  /** Forgets callbacks, all or none. */
  delete(ids: readonly string[]): Promise<void>;
  /**
   * Owes callbacks again that failed permanently: behind everything that is owed, without a failed attempt, under the same
   * id. One callback, or the oldest `limit` of an App. Returns them as they are kept now.
   */
  replay(
    which: { readonly id: string } | { readonly appId: AppId },
    limit: number,
    nowMs: number,
  ): Promise<readonly OutboxRecord[]>;
  /** Forgets callbacks that failed permanently before a time; returns how many. */
  purgeFailed(beforeMs: number): Promise<number>;
}
