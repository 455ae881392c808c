import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Store } from '../store.ts';
import { openThreadedStore } from './threaded-store.ts';

/** An entry that takes a transaction, and stores nothing. */
const ENTRY = { term: 1 };

let folder: string;
let store: Store;
let other: DatabaseSync;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gavel-locked-'));
  other = new DatabaseSync(join(folder, 'gavel.db'));
});
afterEach(async () => {
  other.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = async (busyLimitMs: number): Promise<void> => {
  store = await openThreadedStore({ path: join(folder, 'gavel.db'), busyLimitMs });
};

const add = (tokenHash: string) =>
  store.apiTokens.add({ tokenHash, name: tokenHash, accountId: 'a', createdAtMs: 1 }).then(
    () => 'kept',
    (error: unknown) => (error as { code?: string }).code,
  );

test('while another process has the lock, reads are answered and the event loop turns; what waits is kept then (BUS-7)', async () => {
  // Longer than the test may take: what waited for the lock would not be answered at all.
  await open(600_000);
  other.exec('BEGIN IMMEDIATE');
  const writes = Promise.all([add('one'), add('two'), store.chat.keep([]), store.journal.apply([ENTRY])]);
  for (let turn = 0; turn < 50; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    expect(await store.apiTokens.ofAccount('a')).toEqual([]);
  }
  await store.ping();
  other.exec('COMMIT');
  expect(await writes).toEqual(['kept', 'kept', undefined, undefined]);
  expect(await store.apiTokens.ofAccount('a')).toHaveLength(2);
});

test('a write is given up after the limit with a clear error, and the next one works (BUS-7)', async () => {
  await open(300);
  other.exec('BEGIN IMMEDIATE');
  expect(await add('one')).toBe('server.store-unavailable');
  await expect(store.journal.apply([ENTRY])).rejects.toThrow('The database has been locked for 0.3 s.');
  other.exec('ROLLBACK');
  expect(await add('two')).toBe('kept');
});

test('transactions take turns, and nothing from outside gets into one', async () => {
  await open(60_000);
  const id = (index: number) => `t${index}`;
  await Promise.all(
    Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? add(id(index)) : store.journal.apply([ENTRY]))),
  );
  expect(await store.apiTokens.ofAccount('a')).toHaveLength(10);
});
