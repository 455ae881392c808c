/**
 * The outbox as the rooms see it: events go in, and nobody hears of them before their callbacks are kept (CB-3).
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GavelError, isGavelError, roomKeyText } from '@gavel/protocol';
import type { App } from '../apps/app.ts';
import type { Clock } from '../rooms/clock.ts';
import type { EventBatch, EventSink } from '../rooms/rooms.ts';
import type { JournalRows, NewOutboxRecord, OutboxRecord, OutboxRepository } from '../store/outbox.ts';
import type { Logger } from '../telemetry/log.ts';
import type { CallbackDialect } from './dialect.ts';
import { closingBatchOf, liveChangeOf } from './live-rooms.ts';

/** What the outbox needs. */
export interface OutboxDeps {
  readonly repository: Pick<OutboxRepository, 'add' | 'liveRooms' | 'replay'>;
  readonly apps: { find(appId: number): App | undefined };
  readonly dialects: readonly CallbackDialect[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of what is kept, in the order of `seq`. */
  readonly onKept: (records: readonly OutboxRecord[]) => void;
}

interface Waiter {
  readonly records: readonly NewOutboxRecord[];
  readonly rows: JournalRows;
  /** Whether somebody is told by an error that the callbacks could not be kept. */
  readonly hasCaller: boolean;
  readonly resolve: () => void;
  readonly reject: (error: GavelError) => void;
}

/** Writes callbacks down, in groups, one commit after another. */
export class Outbox implements EventSink {
  readonly #deps: OutboxDeps;
  #waiting: Waiter[] = [];
  #running: Promise<void> | undefined;
  /** Commits and replays take turns, so that what is kept is told of in the order of its numbers. */
  #lock: Promise<unknown> = Promise.resolve();

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /**
   * Keeps the callbacks of a batch. Gives undefined where there are none; else a promise that settles in the order of
   * the calls.
   *
   * @throws GavelError `server.internal` (by the promise) where they could not be kept; not where the server acted by
   *   itself: then no caller would learn of it, and the clients are to hear of the change all the same
   */
  handle(batch: EventBatch): Promise<void> | undefined {
    const app = this.#deps.apps.find(batch.key.appId);
    if (!app) return undefined;
    const dialects = this.#deps.dialects.filter((dialect) => dialect.serves(app));
    if (dialects.length === 0) return undefined;
    const records = dialects.flatMap((dialect) => this.#recordsOf(dialect, app, batch));
    const change = liveChangeOf(batch);
    // The event feed keeps the order of a room, so this need not wait for what is being kept.
    if (records.length === 0 && !change) return undefined;
    const { door } = batch.origin;
    return this.#enqueue(records, change ? { liveRooms: [change] } : {}, door !== 'server' && door !== 'media');
  }

  /**
   * Keeps callbacks that a door wrote by itself, behind those that are being kept, and in the same commit other rows.
   *
   * @throws GavelError `server.internal` where they could not be kept
   */
  keep(records: readonly NewOutboxRecord[], rows: JournalRows = {}): Promise<void> {
    return this.#enqueue(records, rows, true);
  }

  /**
   * Tells that the rooms of an earlier process are closed, and forgets them in the same commit: once, however often that
   * process dies (ROOM-10).
   */
  async closeLeft(): Promise<void> {
    for (const room of await this.#deps.repository.liveRooms()) {
      const batch = closingBatchOf(room, this.#deps.clock.now());
      const change = liveChangeOf(batch);
      // An App that has no callbacks any more is told nothing; what was kept for it goes all the same.
      await (this.handle(batch) ?? this.#enqueue([], change ? { liveRooms: [change] } : {}, false));
    }
  }

  /** Owes callbacks again that were given up, and gives them. */
  replay(...args: Parameters<OutboxRepository['replay']>): Promise<readonly OutboxRecord[]> {
    return this.#inTurn(async () => {
      const records = await this.#deps.repository.replay(...args);
      this.#deps.onKept(records);
      return records;
    });
  }

  /** Resolves when nothing is being kept any more. */
  async settled(): Promise<void> {
    await this.#running;
    await this.#lock;
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
      // What comes within this turn of the event loop is kept by one commit.
      await nextTurn();
      const group = this.#waiting;
      if (group.length === 0) break;
      this.#waiting = [];
      await this.#inTurn(() => this.#commit(group));
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
      // The callers get their answers first: sending costs more than keeping.
      await nextTurn();
      this.#deps.onKept(kept);
    } catch (error) {
      // A row that cannot be kept keeps no other from being kept.
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

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#lock.then(work);
    this.#lock = result.catch(() => {});
    return result;
  }
}

/** What a caller is told where its callbacks could not be kept; what it asked for has been done all the same. */
function refusalOf(error: unknown): GavelError {
  if (!isGavelError(error, 'server.store-unavailable')) {
    return new GavelError('server.internal', 'The server could not save the callbacks of this call.');
  }
  return new GavelError(error.code, `The server could not save the callbacks of this call: ${error.message}`);
}
