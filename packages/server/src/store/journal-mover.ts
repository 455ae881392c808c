/**
 * Moves the entries of the journal's files into the tables of the store.
 *
 * The position up to which entries are moved is stored in the transaction that stores them: each entry is moved once, however
 * often the process crashes (BUS-6).
 *
 * @module
 */

import { appendFile, type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isGavelError } from '@gavel/protocol/errors';
import type { JournalEntry, JournalPosition, JournalRepository } from './journal.ts';
import type { OutboxRepository } from './outbox.ts';

/** What the writer of the files needs of the mover. */
export interface JournalFiles {
  /**
   * Moves everything that the files contain, and deletes them. Returns the number of a segment that was never used.
   *
   * @throws GavelError `server.store-unavailable` if the database is locked for too long
   */
  moveAll(): Promise<number>;
  /**
   * Moves the entries before a position, without the delivered callbacks; deletes those that are in the tables. Returns the
   * number of entries that the database did not accept: they are in `rejected.jsonl`.
   *
   * @throws as `moveAll`; entries that were moved until then stay moved
   */
  moveTo(to: JournalPosition, deliveredIds: readonly string[]): Promise<number>;
}

/** The dependencies of the mover. */
export interface JournalMoverDeps {
  readonly repository: Pick<JournalRepository, 'apply' | 'position'>;
  readonly outbox: Pick<OutboxRepository, 'delete'>;
  readonly folder: string;
}

/** Number of bytes that one transaction moves, unless one entry is longer. Changes of a live room in it become one. */
const PART_BYTES = 1024 * 1024;
const NEWLINE = 10;
const SEGMENT = /^(\d{10})\.log$/;
/** Entries that the database does not accept. */
const REJECTED = 'rejected.jsonl';

/** Returns the path of a segment. */
export const segmentPath = (folder: string, segment: number): string =>
  join(folder, `${String(segment).padStart(10, '0')}.log`);

/** An entry, with the position after it. */
interface PlacedEntry {
  readonly entry: JournalEntry;
  readonly end: JournalPosition;
}

/** Reads the files, and writes the tables. One move may run at a time. */
export class JournalMover implements JournalFiles {
  readonly #deps: JournalMoverDeps;
  #position: JournalPosition | undefined;
  #rejectedCount = 0;

  constructor(deps: JournalMoverDeps) {
    this.#deps = deps;
  }

  async moveAll(): Promise<number> {
    const segments = await this.#segments();
    const last = segments.at(-1) ?? 0;
    await this.moveTo({ segment: last + 1, offset: 0 }, []);
    const { segment } = await this.#start();
    return Math.max(segment, last) + 1;
  }

  async moveTo(to: JournalPosition, deliveredIds: readonly string[]): Promise<number> {
    this.#rejectedCount = 0;
    const left = new Set(deliveredIds);
    for (const segment of await this.#segments()) {
      if (segment > to.segment) break;
      const at = await this.#start();
      const path = segmentPath(this.#deps.folder, segment);
      if (segment >= at.segment) {
        const end = segment === to.segment ? to.offset : (await stat(path)).size;
        await this.#moveSegment(segment, segment === at.segment ? at.offset : 0, end, left);
      }
      if (segment < to.segment) await rm(path);
    }
    if (left.size > 0) await this.#deps.outbox.delete([...left]);
    return this.#rejectedCount;
  }

  /** @param delivered the delivered callbacks; those that are found are removed */
  async #moveSegment(segment: number, from: number, end: number, delivered: Set<string>): Promise<void> {
    if (from >= end) return;
    const file = await open(segmentPath(this.#deps.folder, segment));
    try {
      for (let offset = from; offset < end; ) {
        const text = await readLines(file, offset, end);
        const entries = entriesOf(text, { segment, offset }, delivered);
        offset += text.length;
        await this.#store(entries, { segment, offset });
      }
    } finally {
      await file.close();
    }
  }

  async #store(entries: readonly PlacedEntry[], position: JournalPosition): Promise<void> {
    const { repository } = this.#deps;
    try {
      await repository.apply(
        entries.map(({ entry }) => entry),
        position,
      );
    } catch (error) {
      if (isGavelError(error, 'server.store-unavailable')) throw error;
      // One entry that cannot be stored must not prevent the others from being stored.
      for (const each of entries) await this.#storeAlone(each);
    }
    this.#position = position;
  }

  async #storeAlone({ entry, end }: PlacedEntry): Promise<void> {
    const { repository, folder } = this.#deps;
    try {
      await repository.apply([entry], end);
    } catch (error) {
      if (isGavelError(error, 'server.store-unavailable')) throw error;
      await appendFile(join(folder, REJECTED), `${JSON.stringify({ error: String(error), ...entry })}\n`);
      this.#rejectedCount += 1;
      await repository.apply([], end);
    }
  }

  async #start(): Promise<JournalPosition> {
    this.#position ??= await this.#deps.repository.position();
    return this.#position;
  }

  /** Returns the numbers of the segments, ascending. */
  async #segments(): Promise<number[]> {
    const names = await readdir(this.#deps.folder);
    const numbers = names.flatMap((name) => SEGMENT.exec(name)?.[1] ?? []);
    return numbers.map(Number).sort((one, other) => one - other);
  }
}

/** Reads whole lines from an offset: about `PART_BYTES`, or one line if it is longer. A last line without an end is included. */
async function readLines(file: FileHandle, offset: number, end: number): Promise<Buffer> {
  for (let bytes = PART_BYTES; ; bytes *= 2) {
    const length = Math.min(bytes, end - offset);
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
    const text = buffer.subarray(0, bytesRead);
    const lastLine = text.lastIndexOf(NEWLINE);
    if (offset + length >= end || bytesRead < length) return text;
    if (lastLine >= 0) return text.subarray(0, lastLine + 1);
  }
}

/** Parses lines that begin at a position. */
function entriesOf(text: Buffer, { segment, offset }: JournalPosition, delivered: Set<string>): PlacedEntry[] {
  const entries: PlacedEntry[] = [];
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf(NEWLINE, from);
    const to = newline < 0 ? text.length : newline;
    const entry = parseEntry(text.toString('utf8', from, to));
    from = Math.min(to + 1, text.length);
    if (!entry) continue;
    const callbacks = entry.callbacks?.filter(({ id }) => !delivered.delete(id));
    entries.push({ entry: callbacks ? { ...entry, callbacks } : entry, end: { segment, offset: offset + from } });
  }
  return entries;
}

/** Parses a line. A line that a crash or a full disk cut off has no entry: its caller got no answer, or an error. */
function parseEntry(line: string): JournalEntry | undefined {
  if (line === '') return undefined;
  try {
    return JSON.parse(line) as JournalEntry;
  } catch {
    return undefined;
  }
}
