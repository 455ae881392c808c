/**
 * The outbox: callbacks that are still to be delivered to customers' servers, and those that failed permanently.
 *
 * A row is stored before clients receive its event, and deleted when its endpoint has accepted it (CB-3).
 *
 * @module
 */

import type { AppId, RoomKey } from '@gavel/protocol';
import type { LiveRoom } from './live-rooms.ts';

/** A stored callback. */
export interface OutboxRecord {
  /** The order in which callbacks were added; ascending, with gaps. */
  readonly seq: number;
  /** A UUID that stays the same over retries, restarts and replays. */
  readonly id: string;
  readonly appId: AppId;
  /** The dialect that wrote it. */
  readonly dialect: string;
  /** The name of the event in that dialect. */
  readonly event: string;
  readonly url: string;
  /** Callbacks of one App, address and lane are sent one after another. */
  readonly lane: string;
  /** The request body, exactly as it is sent. */
  readonly body: string;
  readonly createdAtMs: number;
  /** Number of failed attempts. */
  readonly attempts: number;
  readonly nextAttemptAtMs: number;
  /** When delivery was given up; undefined while it is pending. */
  readonly failedAtMs?: number;
  /** The HTTP status of the last failed attempt, if there was an answer. */
  readonly lastStatus?: number;
  /** The error of the last failed attempt, at most 500 characters. */
  readonly lastError?: string;
  /** The process of a cluster that added it; absent outside a cluster. */
  readonly owner?: string;
}

/**
 * How far the callbacks of an endpoint are read, by the process that added them: the largest `seq`. Each process stores its own in
 * the order of `seq`; those of different ones may become visible in another order, and the next process of a node may have lower numbers.
 */
export type OutboxPlaces = Readonly<Record<string, number>>;

/** A callback that has no number yet. */
export type NewOutboxRecord = Pick<
  OutboxRecord,
  'id' | 'appId' | 'dialect' | 'event' | 'url' | 'lane' | 'body' | 'createdAtMs'
>;

/** The destination of callbacks: one address of one App. */
export interface Endpoint {
  readonly appId: AppId;
  readonly url: string;
}

/** The result of a failed attempt. */
export interface AttemptFailure {
  readonly attempts: number;
  readonly atMs: number;
  readonly lastStatus: number | undefined;
  readonly lastError: string;
}

/** Selects callbacks. */
export interface OutboxFilter {
  readonly status: 'pending' | 'failed';
  /** Absent: of all Apps. */
  readonly appIds?: readonly AppId[];
  /** Only callbacks added after this one. */
  readonly afterSeq?: number;
}

/** Reads and changes stored callbacks; the journal adds them. */
export interface OutboxRepository {
  /**
   * Returns the rooms whose end was not stored, with their last state.
   *
   * @param liveNodes the nodes whose rooms are not returned; by default none
   */
  liveRooms(liveNodes?: readonly string[]): Promise<readonly LiveRoom[]>;
  /** Returns one of these rooms. */
  liveRoom(key: RoomKey): Promise<LiveRoom | undefined>;
  /** Returns the endpoints with pending callbacks, of all Apps or of one, in no particular order. */
  endpoints(appId?: AppId): Promise<readonly Endpoint[]>;
  /** Returns the pending callbacks of an endpoint after a `seq` or places, of all lanes or of one, in the order of `seq`. */
  pending(
    endpoint: Endpoint,
    after: number | OutboxPlaces,
    limit: number,
    lane?: string,
  ): Promise<readonly OutboxRecord[]>;
  /** Returns the number of pending or failed callbacks. */
  count(status: OutboxFilter['status']): Promise<number>;
  /** Oldest first. */
  list(filter: OutboxFilter, limit: number): Promise<readonly OutboxRecord[]>;
  find(id: string): Promise<OutboxRecord | undefined>;
  /** Records a failed attempt; the next one is made at `nextAttemptAtMs`. */
  reschedule(id: string, failure: AttemptFailure, nextAttemptAtMs: number): Promise<void>;
  /** Marks a callback as failed permanently; it stays stored. */
  fail(id: string, failure: AttemptFailure): Promise<void>;
  /** Deletes callbacks, all or none. */
  delete(ids: readonly string[]): Promise<void>;
  /** Deletes callbacks that failed permanently before a time; returns their number. */
  purgeFailed(beforeMs: number): Promise<number>;
}
