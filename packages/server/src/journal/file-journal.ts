/**
 * A journal that writes files first, and moves their entries into the tables of the store later.
 *
 * An append to a file costs a tenth of a transaction, and does not wait for a locked database (BUS-7). The entries of one turn
 * of the event loop are at most two writes, and an entry is one line: it is there whole or not at all (BUS-6). A callback that is
 * delivered before its entry is moved never reaches the database. The next start moves what a crash left in the files.
 *
 * Like a commit of the database, a write outlives the death of the process; a power cut may take the last few.
 *
 * @module
 */

import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { GavelError } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { JournalPosition, NumberedRows } from '../store/journal.ts';
import { type JournalFiles, segmentPath } from '../store/journal-mover.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Journal } from './journal.ts';

/** The longest time until entries are moved to the tables, in milliseconds. */
const MOVE_AFTER_MS = 1000;
/** Entries of this size in bytes are moved at once. Callbacks that are delivered before need no row: to move earlier makes more rows. */
const MOVE_AFTER_BYTES = 4 * 1024 * 1024;
/** A file that has this size in bytes is followed by the next one. */
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** How long a read waits for entries to be moved, in milliseconds; then it reads what the tables have (BUS-7). */
const READ_WAIT_MS = 1000;

/** The dependencies of the journal. */
export interface FileJournalDeps {
  /** The folder of the files; it exists. */
  readonly folder: string;
  readonly mover: JournalFiles;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Pick<Logger, 'error'>;
  /** Writes to a file and returns the number of bytes written; `writeSync` by default. */
  readonly write?: (file: number, bytes: Buffer) => number;
}

interface Waiter {
  readonly rows: NumberedRows;
  readonly resolve: () => void;
  readonly reject: (error: GavelError) => void;
}

/** The journal of one process. */
export class FileJournal implements Journal {
  readonly #deps: FileJournalDeps;
  #file: number;
  /** The position after the last write. */
  #end: JournalPosition;
  /** The position up to which entries are moved. */
  #moved: JournalPosition;
  #waiting: Waiter[] = [];
  /** Whether something was appended in this turn of the event loop. */
  #hasTurnBegun = false;
  /** Whether the last write failed: the file may end in the middle of a line. */
  #isTorn = false;
  /** Delivered callbacks that the next move leaves out, or deletes from the tables. */
  readonly #delivered = new Set<string>();
  #moving: Promise<void> | undefined;
  #cancelMove: (() => void) | undefined;
  #isClosed = false;

  private constructor(deps: FileJournalDeps, segment: number) {
    this.#deps = deps;
    this.#end = { segment, offset: 0 };
    this.#moved = this.#end;
    this.#file = openSync(segmentPath(deps.folder, segment), 'wx', 0o600);
  }

  /**
   * Opens the journal, and moves what an earlier process left in the files.
   *
   * @throws Error if the folder cannot be written; GavelError `server.store-unavailable` if the database is locked for too long
   */
  static async open(deps: FileJournalDeps): Promise<FileJournal> {
    return new FileJournal(deps, await deps.mover.moveAll());
  }

  /** @throws GavelError `server.internal` (rejects) if the file could not be written */
  append(rows: NumberedRows): Promise<void> {
    if (!this.#hasTurnBegun) this.#beginTurn();
    return new Promise((resolve, reject) => void this.#waiting.push({ rows, resolve, reject }));
  }

  async settled(): Promise<void> {
    // The write of this turn is scheduled before.
    if (this.#waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  /**
   * Writes the first entries of a turn of the event loop after the work that appends them: the caller of a single command does
   * not wait for the turn. The entries of later work in the turn are one write at its end.
   */
  #beginTurn(): void {
    this.#hasTurnBegun = true;
    queueMicrotask(() => this.#write());
    setImmediate(() => {
      this.#hasTurnBegun = false;
      if (this.#waiting.length > 0) this.#write();
    });
  }

  /**
   * Resolves when all entries so far are in the tables, for a change of them.
   *
   * @throws GavelError `server.store-unavailable` if the database is locked for too long
   */
  async moved(): Promise<void> {
    await this.settled();
    if (!isBefore(this.#moved, this.#end) && this.#delivered.size === 0) return;
    // A move that is running may have begun before the last entries.
    await this.#moving?.catch(() => undefined);
    await this.#move();
  }

  /** Resolves when all entries so far are in the tables, or after a second: a read does not wait for a locked database (BUS-7). */
  async movedForRead(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancel = this.#deps.clock.after(READ_WAIT_MS, resolve);
    // The error of a move is logged; a change of the tables reports it to its caller.
    await Promise.race([late, this.moved().catch(() => undefined)]);
    cancel();
  }

  /** Forgets delivered callbacks: they are left out when their entries are moved, or deleted from the tables. */
  forget(ids: readonly string[]): void {
    for (const id of ids) this.#delivered.add(id);
    this.#moveLater();
  }

  /** Moves all entries to the tables, and closes the file. Never rejects: what could not be moved stays in the file. */
  async close(): Promise<void> {
    await this.settled();
    this.#isClosed = true;
    this.#cancelMove?.();
    const hasMoved = await this.moved().then(
      () => true,
      () => false,
    );
    closeSync(this.#file);
    if (hasMoved) rmSync(segmentPath(this.#deps.folder, this.#end.segment));
  }

  #write(): void {
    const group = this.#waiting;
    this.#waiting = [];
    try {
      this.#writeLines(group.map(({ rows }) => lineOf(rows)).join(''));
      for (const { resolve } of group) resolve();
    } catch (error) {
      this.#deps.log.error({ err: error, entries: group.length }, 'journal: writing the file failed');
      const message = 'The server could not store the callbacks, history and audit row of this call.';
      for (const { reject } of group) reject(new GavelError('server.internal', message));
    }
  }

  #writeLines(lines: string): void {
    const { write = writeSync } = this.#deps;
    const bytes = Buffer.from(this.#isTorn ? `\n${lines}` : lines);
    this.#isTorn = true;
    const written = write(this.#file, bytes);
    const { segment, offset } = this.#end;
    this.#end = { segment, offset: offset + written };
    if (written < bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes were written`);
    this.#isTorn = false;
    if (this.#end.offset >= SEGMENT_BYTES) this.#startSegment();
    if (this.#unmovedBytes() >= MOVE_AFTER_BYTES) this.#move().catch(() => undefined);
    else this.#moveLater();
  }

  #startSegment(): void {
    const segment = this.#end.segment + 1;
    const file = openSync(segmentPath(this.#deps.folder, segment), 'wx', 0o600);
    closeSync(this.#file);
    this.#file = file;
    this.#end = { segment, offset: 0 };
  }

  #unmovedBytes(): number {
    return this.#moved.segment < this.#end.segment ? SEGMENT_BYTES : this.#end.offset - this.#moved.offset;
  }

  #moveLater(): void {
    if (this.#isClosed || this.#moving) return;
    this.#cancelMove ??= this.#deps.clock.after(MOVE_AFTER_MS, () => void this.#move().catch(() => undefined));
  }

  /** Moves the entries so far, unless a move is running; resolves when it has ended. */
  #move(): Promise<void> {
    this.#cancelMove?.();
    this.#cancelMove = undefined;
    this.#moving ??= this.#moveTo(this.#end).finally(() => {
      this.#moving = undefined;
      if (isBefore(this.#moved, this.#end) || this.#delivered.size > 0) this.#moveLater();
    });
    return this.#moving;
  }

  async #moveTo(to: JournalPosition): Promise<void> {
    const delivered = [...this.#delivered];
    try {
      const count = await this.#deps.mover.moveTo(to, delivered);
      if (count > 0) this.#deps.log.error({ count }, 'journal: the database rejected entries; see rejected.jsonl');
    } catch (error) {
      this.#deps.log.error({ err: error }, 'journal: moving entries to the database failed; retrying');
      throw error;
    }
    this.#moved = to;
    for (const id of delivered) this.#delivered.delete(id);
  }
}

/** An entry is serialised when it is written: until then, the clients' events are sent. */
const lineOf = (rows: NumberedRows): string => `${JSON.stringify({ term: 1, ...rows })}\n`;

const isBefore = (one: JournalPosition, other: JournalPosition): boolean =>
  one.segment < other.segment || (one.segment === other.segment && one.offset < other.offset);
