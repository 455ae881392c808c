/**
 * What one endpoint (one address of one App) is owed: lanes in memory, and behind them the store.
 *
 * Memory holds the oldest callbacks, up to a bound. What comes beyond it stays in the store and is loaded, in order,
 * when there is space.
 *
 * @module
 */

import type { Clock } from '../rooms/clock.ts';
import type { AttemptFailure, Endpoint, OutboxRecord, OutboxRepository } from '../store/outbox.ts';
import type { Logger } from '../telemetry/log.ts';
import { Lane, MAX_LANE_RECORDS } from './lane.ts';

/** Why an attempt failed, and what comes of it. */
export interface Verdict {
  readonly failure: AttemptFailure;
  /** When it is tried again; undefined gives the callback up. */
  readonly nextAttemptAtMs: number | undefined;
}

/** What a queue needs. */
export interface EndpointQueueDeps {
  readonly repository: Pick<OutboxRepository, 'pending' | 'reschedule' | 'fail'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Makes an attempt; never rejects. Undefined: the callback was taken. */
  readonly attempt: (record: OutboxRecord) => Promise<Verdict | undefined>;
  readonly maxInFlight: number;
  /** The longest pause between two attempts of a callback, in milliseconds. */
  readonly maxRetryDelayMs: number;
  /** Most callbacks in memory. */
  readonly maxInMemory: number;
}

/** Most callbacks read from the store at once. */
const MAX_LOAD = 500;
/** How long to wait after the store has failed. */
const STORE_RETRY_MS = 1000;

/** Sends what one endpoint is owed: lanes side by side, each lane in order. */
export class EndpointQueue {
  readonly #endpoint: Endpoint;
  readonly #deps: EndpointQueueDeps;
  readonly #lanes = new Map<string, Lane>();
  readonly #queued = new Set<Lane>();
  readonly #inFlight = new Set<Promise<void>>();
  /** How many callbacks are in memory. */
  #size = 0;
  /** Up to here every callback is in memory, or its lane knows that it has more. */
  #loadedSeq = 0;
  #hasMore: boolean;
  #hasNewer = false;
  #isLoading = false;
  #isClosed = false;

  /** @param hasBacklog whether the store may hold callbacks of an earlier time: `load` brings them */
  constructor(endpoint: Endpoint, deps: EndpointQueueDeps, hasBacklog: boolean) {
    this.#endpoint = endpoint;
    this.#deps = deps;
    this.#hasMore = hasBacklog;
  }

  /** Takes callbacks that were kept just now, in the order of `seq`. */
  offer(records: readonly OutboxRecord[]): void {
    for (const record of records) {
      if (this.#hasMore || this.#size >= this.#deps.maxInMemory) {
        this.#hasMore = true;
        this.#hasNewer = true;
      } else this.#admit(record);
    }
    this.#pump();
  }

  /** Brings callbacks from the store while there are any and there is space. */
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

  /** Begins nothing new, and resolves when the attempts under way have ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { state } of this.#lanes.values()) if (state.kind === 'waiting') state.cancel();
    await Promise.all(this.#inFlight);
  }

  async #loadSome(): Promise<void> {
    this.#hasNewer = false;
    const limit = Math.min(MAX_LOAD, this.#deps.maxInMemory - this.#size);
    const records = await this.#deps.repository.pending(this.#endpoint, this.#loadedSeq, limit);
    for (const record of records) this.#admit(record);
    if (records.length < limit && !this.#hasNewer) this.#hasMore = false;
    this.#pump();
  }

  #admit(record: OutboxRecord): void {
    this.#loadedSeq = record.seq;
    const lane = this.#lanes.get(record.lane) ?? new Lane(record.lane);
    this.#lanes.set(record.lane, lane);
    if (!lane.take(record)) return;
    this.#size += 1;
    if (lane.state.kind === 'idle') this.#schedule(lane);
  }

  /** Brings a lane its turn, or the wait before it. */
  #schedule(lane: Lane): void {
    const [first] = lane.records;
    lane.state = { kind: 'idle' };
    if (!first) return;
    // A callback that was never tried waits for no clock: one that was set back would hold it up.
    // For the same reason no wait is longer than the longest pause (ROOM-9).
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
      if (this.#isClosed || this.#inFlight.size >= this.#deps.maxInFlight) return;
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
    if (verdict?.nextAttemptAtMs !== undefined) {
      const { failure, nextAttemptAtMs } = verdict;
      lane.records[0] = { ...record, attempts: failure.attempts, nextAttemptAtMs };
      await this.#note(this.#deps.repository.reschedule(record.id, failure, nextAttemptAtMs));
      return;
    }
    lane.records.shift();
    this.#size -= 1;
    // Where the store fails, the callback is still owed there: the next start tries it again.
    if (verdict) await this.#note(this.#deps.repository.fail(record.id, verdict.failure));
  }

  /** After an attempt: the lane's next, and more from the store where there is space again. */
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
      // Those beyond what the endpoint has loaded come with the endpoint's next load.
      const due = records.filter((record) => record.seq <= this.#loadedSeq);
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

  async #note(written: Promise<void>): Promise<void> {
    await written.catch((error: unknown) =>
      this.#deps.log.error({ err: error }, 'recording a failed callback in the store failed'),
    );
  }
}
