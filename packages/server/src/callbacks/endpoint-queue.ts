/**
 * The pending callbacks of one endpoint (one URL of one App): lanes in memory, and the rest in the store.
 *
 * Memory holds the oldest callbacks, up to a limit. Further callbacks stay in the store and are loaded, in order,
 * when there is space.
 *
 * @module
 */

import type { Clock } from '../base/clock.ts';
import type { AttemptFailure, Endpoint, OutboxRecord, OutboxRepository } from '../store/outbox.ts';
import { LOCAL_NODE } from '../store/sql/owner.ts';
import type { Logger } from '../telemetry/log.ts';
import { Lane, MAX_LANE_RECORDS } from './lane.ts';

/** Why an attempt failed, and when the callback is retried. */
export interface Verdict {
  readonly failure: AttemptFailure;
  /** Time of the next attempt; undefined if the callback has failed permanently. */
  readonly nextAttemptAtMs: number | undefined;
}

/** The dependencies of a queue. */
export interface EndpointQueueDeps {
  readonly repository: Pick<OutboxRepository, 'pending' | 'reschedule' | 'fail'>;
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * Makes one attempt; never rejects. Resolves with undefined if the endpoint accepted the callback, and with `not-begun` if this
   * process may not begin it any more.
   */
  readonly attempt: (record: OutboxRecord) => Promise<Verdict | 'not-begun' | undefined>;
  /** Returns whether this process may begin an attempt now. */
  readonly maySend: () => boolean;
  readonly maxInFlight: number;
  /** The longest delay between two attempts of a callback, in milliseconds. */
  readonly maxRetryDelayMs: number;
  /** Maximum number of callbacks in memory. */
  readonly maxInMemory: number;
}

/** Maximum number of callbacks that one read from the store returns. */
const MAX_LOAD = 500;
/** Delay before a retry after the store has failed. */
const STORE_RETRY_MS = 1000;

const ownerOf = ({ owner = LOCAL_NODE }: OutboxRecord): string => owner;

/** Sends the callbacks of one endpoint: lanes in parallel, the callbacks of a lane in order. */
export class EndpointQueue {
  readonly #endpoint: Endpoint;
  readonly #deps: EndpointQueueDeps;
  readonly #lanes = new Map<string, Lane>();
  readonly #queued = new Set<Lane>();
  readonly #inFlight = new Set<Promise<void>>();
  /** Number of callbacks in memory. */
  #size = 0;
  /** By the process that added them: every callback up to this `seq` is in memory, or its lane has `hasMore` set. */
  readonly #loaded: Record<string, number> = {};
  #hasMore: boolean;
  #hasNewer = false;
  #isLoading = false;
  #isClosed = false;

  /** @param hasBacklog whether the store may hold callbacks from before this start, which `load` reads */
  constructor(endpoint: Endpoint, deps: EndpointQueueDeps, hasBacklog: boolean) {
    this.#endpoint = endpoint;
    this.#deps = deps;
    this.#hasMore = hasBacklog;
  }

  /** Accepts newly stored callbacks, in the order of `seq`; ignores those that it has loaded already. */
  offer(records: readonly OutboxRecord[]): void {
    for (const record of records) {
      // A load that ran while it was on its way has read it.
      if (record.seq <= (this.#loaded[ownerOf(record)] ?? 0)) continue;
      if (this.#hasMore || this.#size >= this.#deps.maxInMemory) {
        this.#hasMore = true;
        this.#hasNewer = true;
      } else this.#admit(record);
    }
    this.#pump();
  }

  /** Loads what others have added to the store, in addition to what is offered. */
  async reload(): Promise<void> {
    this.#hasMore = true;
    this.#hasNewer = true;
    await this.load();
  }

  /** Goes on with attempts that `maySend` has held back. */
  resume(): void {
    this.#pump();
  }

  /** Loads callbacks from the store while there are any and memory has space. */
  async load(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      while (this.#hasMore && !this.#isClosed && this.#size < this.#deps.maxInMemory) await this.#loadSome();
    } catch (error) {
      this.#retryLater(error, () => void this.load());
    } finally {
      this.#isLoading = false;
    }
    this.#pump();
  }

  /** Starts no new attempt; resolves when the running attempts have ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { state } of this.#lanes.values()) if (state.kind === 'waiting') state.cancel();
    await Promise.all(this.#inFlight);
  }

  async #loadSome(): Promise<void> {
    this.#hasNewer = false;
    const limit = Math.min(MAX_LOAD, this.#deps.maxInMemory - this.#size);
    const records = await this.#deps.repository.pending(this.#endpoint, this.#loaded, limit);
    for (const record of records) this.#admit(record);
    if (records.length < limit && !this.#hasNewer) this.#hasMore = false;
    this.#pump();
  }

  #admit(record: OutboxRecord): void {
    this.#loaded[ownerOf(record)] = record.seq;
    const lane = this.#lanes.get(record.lane) ?? new Lane(record.lane);
    this.#lanes.set(record.lane, lane);
    if (!lane.tryAppend(record)) return;
    this.#size += 1;
    if (lane.state.kind === 'idle') this.#schedule(lane);
  }

  /** Queues a lane, or starts the delay before its next attempt. */
  #schedule(lane: Lane): void {
    const [first] = lane.records;
    lane.state = { kind: 'idle' };
    if (!first) return;
    // A callback without an attempt is sent without delay: a clock that was set back would delay it.
    // For the same reason no delay exceeds the longest retry delay (ROOM-9).
    const { clock, maxRetryDelayMs } = this.#deps;
    const delayMs = first.attempts === 0 ? 0 : Math.min(first.nextAttemptAtMs - clock.now(), maxRetryDelayMs);
    if (delayMs > 0) lane.state = { kind: 'waiting', cancel: clock.after(delayMs, () => this.#wake(lane)) };
    else this.#enqueue(lane);
  }

  #wake(lane: Lane): void {
    this.#enqueue(lane);
    this.#pump();
  }

  #enqueue(lane: Lane): void {
    lane.state = { kind: 'queued' };
    this.#queued.add(lane);
  }

  #pump(): void {
    for (const lane of this.#queued) {
      if (this.#isClosed || this.#inFlight.size >= this.#deps.maxInFlight || !this.#deps.maySend()) return;
      this.#queued.delete(lane);
      const sent = this.#sendFirst(lane).finally(() => {
        this.#inFlight.delete(sent);
        this.#goOn(lane);
      });
      this.#inFlight.add(sent);
    }
  }

  async #sendFirst(lane: Lane): Promise<void> {
    const [record] = lane.records;
    if (!record) return;
    lane.state = { kind: 'sending' };
    const verdict = await this.#deps.attempt(record);
    if (verdict === 'not-begun') return;
    if (verdict?.nextAttemptAtMs !== undefined) {
      const { failure, nextAttemptAtMs } = verdict;
      lane.records[0] = { ...record, attempts: failure.attempts, nextAttemptAtMs };
      await this.#logFailure(this.#deps.repository.reschedule(record.id, failure, nextAttemptAtMs));
      return;
    }
    lane.records.shift();
    this.#size -= 1;
    // If the store fails, the callback is still pending there: the next start sends it again.
    if (verdict) await this.#logFailure(this.#deps.repository.fail(record.id, verdict.failure));
  }

  /** After an attempt: schedules the next callback of the lane, and loads more from the store if memory has space. */
  #goOn(lane: Lane): void {
    if (this.#isClosed) return;
    this.#schedule(lane);
    if (lane.hasMore && lane.records.length <= MAX_LANE_RECORDS / 2) void this.#loadLane(lane);
    else if (lane.records.length === 0) this.#lanes.delete(lane.name);
    if (this.#hasMore && this.#size <= this.#deps.maxInMemory / 2) void this.load();
    this.#pump();
  }

  async #loadLane(lane: Lane): Promise<void> {
    if (lane.isLoading || this.#isClosed) return;
    lane.isLoading = true;
    lane.hasNewer = false;
    try {
      const limit = MAX_LANE_RECORDS - lane.records.length;
      const records = await this.#deps.repository.pending(this.#endpoint, lane.lastSeq, limit, lane.name);
      // The endpoint's next load brings the callbacks after `#loaded`.
      const due = records.filter((record) => record.seq <= (this.#loaded[ownerOf(record)] ?? 0));
      for (const record of due) lane.append(record);
      this.#size += due.length;
      lane.hasMore = lane.hasNewer || due.length === limit;
    } catch (error) {
      this.#retryLater(error, () => void this.#loadLane(lane));
      return;
    } finally {
      lane.isLoading = false;
    }
    if (this.#isClosed || lane.state.kind !== 'idle') return;
    this.#schedule(lane);
    if (lane.hasMore && lane.records.length === 0) void this.#loadLane(lane);
    else if (lane.records.length === 0) this.#lanes.delete(lane.name);
    this.#pump();
  }

  #retryLater(error: unknown, again: () => void): void {
    this.#deps.log.error({ err: error }, 'loading callbacks failed; retrying');
    this.#deps.clock.after(STORE_RETRY_MS, again);
  }

  async #logFailure(written: Promise<void>): Promise<void> {
    await written.catch((error: unknown) =>
      this.#deps.log.error({ err: error }, 'recording a failed callback in the store failed'),
    );
  }
}
