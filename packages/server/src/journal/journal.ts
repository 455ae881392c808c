/**
 * The journal: stores what changes leave behind before anybody is told of them (CB-3, BUS-6).
 *
 * All entries of one turn of the event loop are stored in one transaction, one transaction after another.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GavelError, isGavelError } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { JournalEntry, JournalRepository, NumberedRows } from '../store/journal.ts';
import type { Logger } from '../telemetry/log.ts';

/** Stores the rows of changes. */
export interface Journal {
  /**
   * Stores the rows of one change, all or none. Promises settle in the order of the calls.
   *
   * @throws GavelError `server.store-unavailable` if the store could not be written in time, otherwise `server.internal`
   */
  append(rows: NumberedRows): Promise<void>;
  /** Resolves when nothing is being stored that a caller waits for. */
  settled(): Promise<void>;
  /** Calls the listener with entries that were stored after their callers got an error. By default there are none. */
  onStoredLate?(listener: (entries: readonly JournalEntry[]) => void): void;
}

/** The dependencies of the journal. */
export interface TableJournalDeps {
  readonly repository: Pick<JournalRepository, 'apply'>;
  readonly log: Pick<Logger, 'error'>;
  /** The term of this owner; 1 where there is one process. */
  readonly term?: number;
  /** Times the repetitions while the store is not available; without it, the first failure is final. */
  readonly clock?: Pick<Clock, 'monotonicMs' | 'after'>;
}

interface Waiter {
  readonly entry: JournalEntry;
  readonly sinceMs: number;
  /** Whether the caller has an error already. */
  isLate: boolean;
  readonly resolve: () => void;
  readonly reject: (error: GavelError) => void;
}

/** Interval of the repetitions while the store is not available. */
const RETRY_MS = 200;
/** Callers get an error when the store has not been available for so long; their entries are stored when it is. */
const CALLER_WAITS_MS = 3000;
/** While the store is not available, so many entries wait for it; later ones are refused. */
const MAX_WAITING = 20_000;

/** A journal that writes the tables of the store. What it could not store, because the store was not available, it stores later, in order (CB-3). */
export class TableJournal implements Journal {
  readonly #deps: TableJournalDeps;
  #waiting: Waiter[] = [];
  #running: Promise<void> | undefined;
  /** What callers wait for. */
  readonly #pending = new Set<Promise<void>>();
  #onStoredLate: (entries: readonly JournalEntry[]) => void = () => undefined;

  constructor(deps: TableJournalDeps) {
    this.#deps = deps;
  }

  append(rows: NumberedRows): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new GavelError('server.store-unavailable', 'Too many changes wait for the database.'));
    }
    const entry = { term: this.#deps.term ?? 1, ...rows };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sinceMs = this.#deps.clock?.monotonicMs() ?? 0;
    this.#waiting.push({ entry, sinceMs, isLate: false, resolve, reject });
    this.#pending.add(promise);
    const forget = (): void => void this.#pending.delete(promise);
    promise.then(forget, forget);
    this.#running ??= this.#run();
    return promise;
  }

  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  onStoredLate(listener: (entries: readonly JournalEntry[]) => void): void {
    this.#onStoredLate = listener;
  }

  async #run(): Promise<void> {
    for (;;) {
      // One transaction stores everything that arrives in this turn of the event loop.
      await nextTurn();
      const group = this.#waiting;
      if (group.length === 0) break;
      this.#waiting = [];
      await this.#store(group);
    }
    this.#running = undefined;
  }

  async #store(group: readonly Waiter[]): Promise<void> {
    try {
      await this.#apply(group);
      const late = group.filter(({ isLate }) => isLate);
      if (late.length > 0) this.#onStoredLate(late.map(({ entry }) => entry));
      for (const { resolve } of group) resolve();
    } catch (error) {
      // One entry that cannot be stored must not prevent the others from being stored.
      if (group.length > 1 && !isGavelError(error, 'server.store-unavailable')) {
        for (const waiter of group) await this.#store([waiter]);
        return;
      }
      this.#refuse(group, error);
    }
  }

  /**
   * Applies entries, again and again while the store is not available; once, also where the answer to a commit is lost.
   *
   * @throws any other error; without a clock, every error
   */
  async #apply(group: readonly Waiter[]): Promise<void> {
    const { repository, clock } = this.#deps;
    const entries = group.map(({ entry }) => entry);
    const batchId = clock && randomUUID();
    for (;;) {
      try {
        return await repository.apply(entries, undefined, batchId);
      } catch (error) {
        if (!clock || !isGavelError(error, 'server.store-unavailable')) throw error;
        const dueMs = clock.monotonicMs() - CALLER_WAITS_MS;
        const due = [...group, ...this.#waiting].filter(({ isLate, sinceMs }) => !isLate && sinceMs <= dueMs);
        if (due.length > 0) this.#refuse(due, error);
        for (const waiter of due) waiter.isLate = true;
        await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
      }
    }
  }

  #refuse(group: readonly Waiter[], error: unknown): void {
    this.#deps.log.error(
      { err: error, entries: group.map(({ entry }) => summaryOf(entry)) },
      'journal: writing failed',
    );
    for (const { reject } of group) reject(refusalOf(error));
  }
}

/** Returns the kinds of rows of an entry, for the log. */
function summaryOf({ callbacks = [], sessions = [], audit = [] }: JournalEntry): object {
  return {
    callbacks: callbacks.map(({ lane, event }) => `${lane} ${event}`),
    sessions: sessions.map(({ type }) => type),
    audit: audit.map(({ action, requestId }) => `${action} ${requestId}`),
  };
}

/** Returns the error for a caller. The requested change has been made nevertheless. */
function refusalOf(error: unknown): GavelError {
  const what = 'The server could not store the callbacks, history and audit row of this call';
  if (!isGavelError(error)) return new GavelError('server.internal', `${what}.`);
  return new GavelError(error.code, `${what}: ${error.message}`);
}
