/**
 * A log file in front of the table of ended tickets (KICK-12).
 *
 * The caller of a kick waits until the ended ticket is on disk. One append to a file costs a tenth of an insert with its
 * commit, and does not wait for a locked database (BUS-7). The rows are moved to the table later, many in one commit. The
 * next start moves the rows that a crash left in the file.
 *
 * Like a commit of the database, an append outlives the death of the process; a power cut may take the last few.
 *
 * @module
 */

import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Clock } from '../rooms/clock.ts';
import type { EndedTicket, EndedTicketKeeper } from '../rooms/ended-tickets.ts';

/** The longest time, in milliseconds, until rows are moved to the table. */
const MOVE_AFTER_MS = 1000;
/** Maximum number of rows moved in one commit, so that it delays other requests by less than a millisecond. */
const MOVED_AT_ONCE = 50;
/** Pause between two commits while more rows than that are left, in milliseconds. */
const PAUSE_MS = 10;

/** Dependencies of the log. */
export interface EndedTicketLogDeps {
  /** The file; created if there is none. */
  readonly path: string;
  readonly table: EndedTicketKeeper;
  readonly clock: Pick<Clock, 'after'>;
  /** Reports a failure to move rows; they stay in the file, and are moved later. */
  readonly report: (error: unknown) => void;
  /** Writes to the file and returns the number of bytes written; `writeSync` by default. */
  readonly write?: (file: number, bytes: Buffer) => number;
}

/** Appends rows to a file, and moves them to the table later. */
export class EndedTicketLog implements EndedTicketKeeper {
  readonly #deps: EndedTicketLogDeps;
  readonly #file: number;
  /** The rows that are not in the table yet: the last of each scope. */
  readonly #unmoved: Map<string, EndedTicket>;
  /** Whether the last append failed: the file may end in the middle of a line. */
  #isTorn = false;
  #cancelMove: (() => void) | undefined;
  #moving: Promise<void> = Promise.resolve();

  private constructor(deps: EndedTicketLogDeps) {
    this.#deps = deps;
    this.#file = openSync(deps.path, 'a', 0o600);
    this.#unmoved = new Map(readRows(deps.path).map((row) => [row.scope, row]));
  }

  /**
   * Opens the file, and moves what an earlier process left in it.
   *
   * @throws Error if the file cannot be opened or read
   */
  static async open(deps: EndedTicketLogDeps): Promise<EndedTicketLog> {
    const log = new EndedTicketLog(deps);
    await log.#moveAll();
    return log;
  }

  issuer(): Promise<string> {
    return this.#deps.table.issuer();
  }

  /** Appends rows to the file. @throws Error (rejects) if they could not be written */
  async put(rows: readonly EndedTicket[]): Promise<void> {
    if (rows.length === 0) return;
    const lines = rows.map((row) => `${lineOf(row)}\n`).join('');
    const bytes = Buffer.from(this.#isTorn ? `\n${lines}` : lines);
    this.#isTorn = true;
    const { write = writeSync } = this.#deps;
    const written = write(this.#file, bytes);
    if (written < bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes were written`);
    this.#isTorn = false;
    for (const row of rows) this.#unmoved.set(row.scope, row);
    this.#cancelMove ??= this.#deps.clock.after(MOVE_AFTER_MS, this.#onMoveDue);
  }

  async find(scopes: readonly string[]): Promise<readonly EndedTicket[]> {
    const unmoved = scopes.flatMap((scope) => this.#unmoved.get(scope) ?? []);
    const rest = scopes.filter((scope) => !this.#unmoved.has(scope));
    return rest.length === 0 ? unmoved : [...unmoved, ...(await this.#deps.table.find(rest))];
  }

  deleteBefore(timeMs: number, limit: number): Promise<number> {
    return this.#deps.table.deleteBefore(timeMs, limit);
  }

  /** Moves all rows to the table and closes the file. Never rejects: what could not be moved stays in the file. */
  async close(): Promise<void> {
    this.#cancelMove?.();
    await this.#moving;
    await this.#moveAll();
    this.#cancelMove?.();
    closeSync(this.#file);
  }

  readonly #onMoveDue = (): void => {
    this.#moving = this.#move().then(() => {
      const delayMs = this.#unmoved.size > MOVED_AT_ONCE ? PAUSE_MS : MOVE_AFTER_MS;
      this.#cancelMove = this.#unmoved.size > 0 ? this.#deps.clock.after(delayMs, this.#onMoveDue) : undefined;
    });
  };

  async #moveAll(): Promise<void> {
    while (this.#unmoved.size > 0 && (await this.#move()));
  }

  /** Moves some rows. Returns whether this succeeded. */
  async #move(): Promise<boolean> {
    const rows = [...this.#unmoved.values().take(MOVED_AT_ONCE)];
    try {
      await this.#deps.table.put(rows);
      for (const row of rows) if (this.#unmoved.get(row.scope) === row) this.#unmoved.delete(row.scope);
      // Rows that are in both are harmless: the next start moves them once more.
      if (this.#unmoved.size === 0) ftruncateSync(this.#file);
      return true;
    } catch (error) {
      this.#deps.report(error);
      return false;
    }
  }
}

/** A row as a line of JSON. */
function lineOf({ position, ...rest }: EndedTicket): string {
  return JSON.stringify({ ...rest, ...(position && { epoch: position.epoch, seq: position.seq }) });
}

/** Reads the rows of a file, in order. A line that a crash or a full disk cut off is ignored: its caller got an error. */
function readRows(path: string): EndedTicket[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => rowOf(line) ?? []);
}

function rowOf(line: string): EndedTicket | undefined {
  if (line === '') return undefined;
  try {
    const { epoch, seq, ...rest } = JSON.parse(line);
    return { ...rest, ...(epoch !== undefined && { position: { epoch, seq } }) };
  } catch {
    return undefined;
  }
}
