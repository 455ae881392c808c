/**
 * The outbox as the rooms use it: it stores the callbacks of events before clients receive the events (CB-3).
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GavelError, isGavelError, roomKeyText } from '@gavel/protocol';
import type { App } from '../apps/app.ts';
import type { Clock } from '../rooms/clock.ts';
import { KeyedQueue } from '../rooms/keyed-queue.ts';
import type { EventBatch, EventSink } from '../rooms/rooms.ts';
import type { JournalRows, NewOutboxRecord, OutboxRecord, OutboxRepository } from '../store/outbox.ts';
import type { Logger } from '../telemetry/log.ts';
import type { CallbackDialect } from './dialect.ts';
import { closingBatchOf, liveChangeOf } from './live-rooms.ts';

/** The dependencies of the outbox. */
export interface OutboxDeps {
  readonly repository: Pick<OutboxRepository, 'add' | 'liveRooms' | 'replay'>;
  readonly apps: { find(appId: number): App | undefined };
  readonly dialects: readonly CallbackDialect[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Called with stored callbacks, in the order of `seq`. */
  readonly onKept: (records: readonly OutboxRecord[]) => void;
}

/** All changes of the outbox are in one queue. */
const COMMITS = 'commits';

interface Waiter {
  readonly records: readonly NewOutboxRecord[];
  readonly rows: JournalRows;
  /** Whether a caller receives an error if the callbacks cannot be stored. */
  readonly hasCaller: boolean;
  readonly resolve: () => void;
  readonly reject: (error: GavelError) => void;
}

/** Stores callbacks in groups, one commit after another. */
export class Outbox implements EventSink {
  readonly #deps: OutboxDeps;
  #waiting: Waiter[] = [];
  #running: Promise<void> | undefined;
  /** Serialises commits and replays, so that `onKept` is called in the order of `seq`. */
  readonly #changes = new KeyedQueue();

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /**
   * Stores the callbacks of a batch. Returns undefined if there are none; otherwise a promise that settles in the order of
   * the calls.
   *
   * @throws GavelError `server.internal` (rejects) if they could not be stored; not if the server itself
   *   acted: there is no caller to report to, and the clients must still receive the change
   */
  handle(batch: EventBatch): Promise<void> | undefined {
    const app = this.#deps.apps.find(batch.key.appId);
    if (!app) return undefined;
    const dialects = this.#deps.dialects.filter((dialect) => dialect.serves(app));
    if (dialects.length === 0) return undefined;
    const records = dialects.flatMap((dialect) => this.#recordsOf(dialect, app, batch));
    const change = liveChangeOf(batch);
    // The event feed keeps the order of a room, so this does not wait for running commits.
    if (records.length === 0 && !change) return undefined;
    const { door } = batch.origin;
    return this.#enqueue(records, change ? { liveRooms: [change] } : {}, door !== 'server' && door !== 'media');
  }

  /**
   * Stores callbacks that a door wrote, after those already queued, and other rows in the same commit.
   *
   * @throws GavelError `server.internal` if they could not be stored
   */
  keep(records: readonly NewOutboxRecord[], rows: JournalRows = {}): Promise<void> {
    return this.#enqueue(records, rows, true);
  }

  /**
   * Stores the callbacks that close the rooms of an earlier process, and deletes their snapshots in the same commit: once, however often the
   * process crashes (ROOM-10).
   */
  async closeLeft(): Promise<void> {
    for (const room of await this.#deps.repository.liveRooms()) {
      const batch = closingBatchOf(room, this.#deps.clock.now());
      const change = liveChangeOf(batch);
      // An App that no longer has callbacks receives none, but its snapshots are deleted too.
      await (this.handle(batch) ?? this.#enqueue([], change ? { liveRooms: [change] } : {}, false));
    }
  }

  /** Replays callbacks that failed permanently, and returns them. */
  replay(...args: Parameters<OutboxRepository['replay']>): Promise<readonly OutboxRecord[]> {
    return this.#changes.run(COMMITS, async () => {
      const records = await this.#deps.repository.replay(...args);
      this.#deps.onKept(records);
      return records;
    });
  }

  /** Resolves when no commit is running. */
  async settled(): Promise<void> {
    await this.#running;
    await this.#changes.settled();
  }

  #enqueue(records: readonly NewOutboxRecord[], rows: JournalRows, hasCaller: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, rows, hasCaller, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  #recordsOf(dialect: CallbackDialect, app: App, batch: EventBatch): NewOutboxRecord[] {
    const lane = roomKeyText(batch.key);
    const createdAtMs = this.#deps.clock.now();
    return dialect.write(app, batch).map(({ event, url, body }) => ({
      id: randomUUID(),
      appId: app.appId,
      dialect: dialect.name,
      event,
      url,
      lane,
      body,
      createdAtMs,
    }));
  }

  async #run(): Promise<void> {
    for (;;) {
      // One commit stores everything that arrives in this turn of the event loop.
      await nextTurn();
      const group = this.#waiting;
      if (group.length === 0) break;
      this.#waiting = [];
      await this.#changes.run(COMMITS, () => this.#commit(group));
    }
    this.#running = undefined;
  }

  async #commit(group: readonly Waiter[]): Promise<void> {
    try {
      const sessions = group.flatMap(({ rows }) => rows.sessions ?? []);
      const liveRooms = group.flatMap(({ rows }) => rows.liveRooms ?? []);
      const records = group.flatMap((waiter) => waiter.records);
      const kept = await this.#deps.repository.add(records, { sessions, liveRooms });
      for (const waiter of group) waiter.resolve();
      // Callers get their responses first: sending costs more than storing.
      await nextTurn();
      this.#deps.onKept(kept);
    } catch (error) {
      // One row that cannot be stored must not prevent the others from being stored.
      if (group.length > 1 && !isGavelError(error, 'server.store-unavailable')) {
        for (const waiter of group) await this.#commit([waiter]);
        return;
      }
      const events = group.flatMap(({ records }) => records.map(({ lane, event }) => `${lane} ${event}`));
      this.#deps.log.error({ err: error, events }, 'writing callbacks failed');
      for (const { hasCaller, resolve, reject } of group) {
        if (hasCaller) reject(refusalOf(error));
        else resolve();
      }
    }
  }
}

/** Returns the error for a caller whose callbacks could not be stored. The requested change has been made nevertheless. */
function refusalOf(error: unknown): GavelError {
  if (!isGavelError(error, 'server.store-unavailable')) {
    return new GavelError('server.internal', 'The server could not save the callbacks of this call.');
  }
  return new GavelError(error.code, `The server could not save the callbacks of this call: ${error.message}`);
}
