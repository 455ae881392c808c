import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GavelError } from '@gavel/protocol';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { record } from '../callbacks/testing.ts';
import { JournalMover, segmentPath } from './journal-mover.ts';
import { openSqliteStore } from './sqlite/open.ts';
import type { Store } from './store.ts';

let folder: string;
let store: Store;
let mover: JournalMover;
/** The bytes that were written to each segment. */
let written: Map<number, number>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gavel-mover-'));
  store = await openSqliteStore(':memory:');
  written = new Map();
  mover = openMover();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const openMover = () => new JournalMover({ repository: store.journal, outbox: store.outbox, folder });
let lastSeq = 0;
/** Returns an entry with one callback of that id, `bytes` long. */
function entry(id: string, bytes = 10) {
  lastSeq += 1;
  const callback = { ...record('x'.repeat(bytes)), id, seq: lastSeq, attempts: 0, nextAttemptAtMs: 0 };
  return { term: 1, callbacks: [callback] };
}
/** Appends text, or entries as lines; returns the position after it. */
function write(segment: number, ...parts: (string | object)[]) {
  const text = parts.map((part) => (typeof part === 'string' ? part : `${JSON.stringify(part)}\n`)).join('');
  appendFileSync(segmentPath(folder, segment), text);
  const offset = (written.get(segment) ?? 0) + Buffer.byteLength(text);
  written.set(segment, offset);
  return { segment, offset };
}
const idsOf = async () => (await store.outbox.list({ status: 'pending' }, 1000)).map(({ id }) => id);

it('moves each entry once, in order, over several files, and deletes the files before the last (BUS-6)', async () => {
  write(1, entry('a'), entry('b'));
  const to = write(2, entry('c'));
  write(2, entry('later'));
  await mover.moveTo(to, []);
  expect(await idsOf()).toEqual(['a', 'b', 'c']);
  expect([1, 2].map((segment) => existsSync(segmentPath(folder, segment)))).toEqual([false, true]);
  expect(await store.journal.position()).toEqual(to);
  const apply = vi.spyOn(store.journal, 'apply');
  await mover.moveTo(to, []);
  expect(apply).not.toHaveBeenCalled();
});

it('continues after a crash at the stored position, and gives the number of a new file (BUS-6)', async () => {
  const to = write(3, entry('a'));
  await mover.moveTo(to, []);
  write(3, entry('b'));
  write(4, entry('c'));
  const again = openMover();
  expect(await again.moveAll()).toBe(5);
  expect(await idsOf()).toEqual(['a', 'b', 'c']);
  expect([3, 4].some((segment) => existsSync(segmentPath(folder, segment)))).toBe(false);
  // Also where no file is left: the stored position must not hide what a new file of the same number has.
  expect(await openMover().moveAll()).toBe(5);
});

it('leaves out what a crash or a full disk cut off (BUS-6)', async () => {
  write(1, entry('a'), '{"term":1,"callb', '\n', entry('b'), '\n{"term":1,"aud');
  await mover.moveAll();
  expect(await idsOf()).toEqual(['a', 'b']);
});

it('moves many entries in several transactions, and one that is longer than a part (BUS-6)', async () => {
  const apply = vi.spyOn(store.journal, 'apply');
  const ids = Array.from({ length: 240 }, (_, index) => `small ${index}`);
  write(1, ...ids.map((id) => entry(id, 10_000)), entry('huge', 1_500_000), entry('after'));
  await mover.moveAll();
  expect(await idsOf()).toEqual([...ids, 'huge', 'after']);
  expect(apply.mock.calls.length).toBeGreaterThan(3);
});

it('leaves out delivered callbacks, and deletes those that are in the tables (CB-3)', async () => {
  await mover.moveTo(write(1, entry('old'), entry('other')), []);
  await mover.moveTo(write(1, entry('new'), entry('kept')), ['new', 'old', 'unknown']);
  expect(await idsOf()).toEqual(['other', 'kept']);
});

it('stores the other entries where one is not accepted, and keeps that one in a file (BUS-6)', async () => {
  const session = { id: 's', appId: 1, meetingId: 'm', title: '', startedAtMs: 1 };
  const begin = { term: 1, sessions: [{ type: 'begin', session }] };
  const to = write(1, entry('a'), begin, begin, entry('b'));
  expect(await mover.moveTo(to, [])).toBe(1);
  expect(await mover.moveTo(to, [])).toBe(0);
  expect(await idsOf()).toEqual(['a', 'b']);
  expect(await store.sessions.open()).toHaveLength(1);
  expect(readFileSync(join(folder, 'rejected.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1);
});

it('moves nothing while the database is locked, and everything afterwards (BUS-7)', async () => {
  const to = write(1, entry('a'));
  const locked = vi.spyOn(store.journal, 'apply').mockRejectedValue(new GavelError('server.store-unavailable'));
  await expect(mover.moveTo(to, [])).rejects.toMatchObject({ code: 'server.store-unavailable' });
  locked.mockRestore();
  await mover.moveTo(to, []);
  expect(await idsOf()).toEqual(['a']);
  expect(existsSync(join(folder, 'rejected.jsonl'))).toBe(false);
});
