import { existsSync, mkdtempSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GavelError } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { record, settle } from '../callbacks/testing.ts';
import { JournalMover } from '../store/journal-mover.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { FileJournal } from './file-journal.ts';
import { putJournalBefore } from './journalled-store.ts';

let folder: string;
let table: Store;
let store: Store;
let journal: FileJournal;
let clock: FakeClock;
let writes: string[];
/** Decides how much of a write succeeds; throws to let it fail. */
let disk: (bytes: Buffer) => Buffer;
const log = { error: vi.fn() };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gavel-files-'));
  table = await openSqliteStore(':memory:');
  clock = new FakeClock();
  writes = [];
  disk = (bytes) => bytes;
  log.error.mockClear();
  await open();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await journal.close();
  await table.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(): Promise<void> {
  const mover = new JournalMover({ repository: table.journal, outbox: table.outbox, folder });
  const write = (file: number, bytes: Buffer): number => {
    const accepted = disk(bytes);
    writes.push(accepted.toString('utf8'));
    return writeSync(file, accepted);
  };
  journal = await FileJournal.open({ folder, mover, clock, log, write });
  store = putJournalBefore(table, journal);
}
let lastSeq = 0;
function append(id: string): Promise<void> {
  lastSeq += 1;
  return journal.append({ callbacks: [{ ...record(id), id, seq: lastSeq, attempts: 0, nextAttemptAtMs: 0 }] });
}
const idsOf = async (from = store) => (await from.outbox.list({ status: 'pending' }, 100)).map(({ id }) => id);
const lock = () => vi.spyOn(table.journal, 'apply').mockRejectedValue(new GavelError('server.store-unavailable'));

describe('an append', () => {
  it('is one write for all entries of a turn, and none of the database (CB-3)', async () => {
    const apply = vi.spyOn(table.journal, 'apply');
    await Promise.all([append('a'), append('b')]);
    await append('c');
    expect(writes.map((text) => text.split('\n').length - 1)).toEqual([2, 1]);
    expect(apply).not.toHaveBeenCalled();
    expect(await idsOf(table)).toEqual([]);
  });

  it('waits for no turn of the event loop if it is the first one, and those after it in the turn are one write at its end', async () => {
    let hasTurnEnded = false;
    setImmediate(() => {
      hasTurnEnded = true;
    });
    await append('a');
    expect({ hasTurnEnded, writes: writes.length }).toEqual({ hasTurnEnded: false, writes: 1 });
    await Promise.all([append('b'), append('c')]);
    expect(hasTurnEnded).toBe(true);
    expect(writes.map((text) => text.split('\n').length - 1)).toEqual([1, 2]);
  });

  it('is in the tables after a second, and at once for who reads them', async () => {
    await append('a');
    clock.advance(1_000);
    await vi.waitFor(async () => expect(await idsOf(table)).toEqual(['a']));
    await append('b');
    expect(await idsOf()).toEqual(['a', 'b']);
  });

  it('is refused where the file cannot be written, and the next one works (BUS-6)', async () => {
    disk = () => {
      throw new Error('no space left on device');
    };
    await expect(append('a')).rejects.toMatchObject({ code: 'server.internal' });
    disk = (bytes) => bytes.subarray(0, 20);
    await expect(append('b')).rejects.toMatchObject({ code: 'server.internal' });
    disk = (bytes) => bytes;
    await append('c');
    expect(await idsOf()).toEqual(['c']);
    expect(log.error).toHaveBeenCalledTimes(2);
  });
});

describe('a callback that is delivered', () => {
  it('before it is moved never reaches the database (CB-3)', async () => {
    await Promise.all([append('a'), append('b')]);
    await store.outbox.delete(['a']);
    const remove = vi.spyOn(table.outbox, 'delete');
    expect(await idsOf()).toEqual(['b']);
    expect(remove).not.toHaveBeenCalled();
  });

  it('after it was moved is deleted there (CB-3)', async () => {
    await append('a');
    expect(await idsOf()).toEqual(['a']);
    await store.outbox.delete(['a']);
    clock.advance(1_000);
    await vi.waitFor(async () => expect(await idsOf(table)).toEqual([]));
  });
});

describe('while the database is locked', () => {
  it('appends are accepted, reads get what the tables have, and everything is moved afterwards (BUS-7)', async () => {
    await append('a');
    expect(await idsOf()).toEqual(['a']);
    const locked = lock();
    await append('b');
    const read = idsOf();
    await settle();
    clock.advance(1_000);
    expect(await read).toEqual(['a']);
    locked.mockRestore();
    expect(await idsOf()).toEqual(['a', 'b']);
  });

  it('a change of rows that the journal still has is refused with a clear error (BUS-7)', async () => {
    await append('a');
    const locked = lock();
    const failure = { attempts: 1, atMs: 1, lastStatus: 500, lastError: 'answered 500' };
    await expect(store.outbox.fail('a', failure)).rejects.toMatchObject({ code: 'server.store-unavailable' });
    locked.mockRestore();
    await store.outbox.fail('a', failure);
    expect(await idsOf()).toEqual([]);
  });
});

it('what a crash left in the files is in the tables after the next start (CB-3, BUS-6)', async () => {
  await Promise.all([append('a'), append('b')]);
  const crashed = journal;
  await open();
  expect(await idsOf(table)).toEqual(['a', 'b']);
  await append('c');
  expect(await idsOf()).toEqual(['a', 'b', 'c']);
  await crashed.close().catch(() => undefined);
});

it('an orderly end leaves no file, and what the database does not take at the end stays in a file (BUS-7)', async () => {
  await append('a');
  await journal.close();
  expect(readdirSync(folder)).toEqual([]);
  await open();
  await append('b');
  const locked = lock();
  await journal.close();
  expect(readdirSync(folder)).toHaveLength(1);
  locked.mockRestore();
  await open();
  expect(await idsOf()).toEqual(['a', 'b']);
  expect(existsSync(join(folder, 'rejected.jsonl'))).toBe(false);
});
