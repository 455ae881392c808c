/**
 * The journal: stores what changes leave behind before anybody is told of them (CB-3, BUS-6).
 *
 * All entries of one turn of the event loop are stored in one transaction, one transaction after another.
 *
 * @module
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { GavelError, isGavelError } from '@gavel/protocol';
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
  /** Resolves when nothing is being stored. */
  settled(): Promise<void>;
}

/** The dependencies of the journal. */
export interface TableJournalDeps {
  readonly repository: Pick<JournalRepository, 'apply'>;
  readonly log: Pick<Logger, 'error'>;
  /** The term of this owner; 1 where there is one process. */
  readonly term?: number;
}

interface Waiter {
  readonly entry: JournalEntry;
  readonly resolve: () => void;
  readonly reject: (error: GavelError) => void;
}

/** A journal that writes the tables of the store. */
export class TableJournal implements Journal {
  readonly #deps: TableJournalDeps;
  #waiting: Waiter[] = [];
  #running: Promise<void> | undefined;

  constructor(deps: TableJournalDeps) {
    this.#deps = deps;
  }

  append(rows: NumberedRows): Promise<void> {
    const entry = { term: this.#deps.term ?? 1, ...rows };
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async settled(): Promise<void> {
    await this.#running;
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
      await this.#deps.repository.apply(group.map(({ entry }) => entry));
      for (const { resolve } of group) resolve();
    } catch (error) {
      // One entry that cannot be stored must not prevent the others from being stored.
      if (group.length > 1 && !isGavelError(error, 'server.store-unavailable')) {
        for (const waiter of group) await this.#store([waiter]);
        return;
      }
      this.#deps.log.error(
        { err: error, entries: group.map(({ entry }) => summaryOf(entry)) },
        'journal: writing failed',
      );
      for (const { reject } of group) reject(refusalOf(error));
    }
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
