import { GavelError } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { beforeEach, expect, it } from 'vitest';
import { record } from '../callbacks/testing.ts';
import type { JournalEntry } from '../store/journal.ts';
import { TableJournal } from './journal.ts';

let groups: string[][];
let logged: object[];
/** Throws to let the store fail. */
let gate: (entries: readonly JournalEntry[]) => void;
let journal: TableJournal;

const bodiesOf = (entries: readonly JournalEntry[]) =>
  entries.flatMap(({ callbacks = [] }) => callbacks.map(({ body }) => body));
const append = (text: string) =>
  journal.append({ callbacks: [{ ...record(text), seq: 1, attempts: 0, nextAttemptAtMs: 0 }] });

beforeEach(() => {
  groups = [];
  logged = [];
  gate = () => {};
  journal = new TableJournal({
    repository: {
      async apply(entries) {
        await new Promise((resolve) => setImmediate(resolve));
        gate(entries);
        groups.push(bodiesOf(entries));
      },
    },
    log: { error: (fields: object) => void logged.push(fields) },
  });
});

it('stores in one transaction what comes in one turn, and resolves when it is stored (CB-3)', async () => {
  await Promise.all([append('a'), append('b'), append('c')]);
  await append('d');
  expect(groups).toEqual([['a', 'b', 'c'], ['d']]);
});

it('resolves in the order of the calls, also over several transactions (CB-4)', async () => {
  const order: string[] = [];
  const calls: Promise<void>[] = [];
  for (const text of ['a', 'b', 'c', 'd', 'e']) {
    calls.push(append(text).then(() => void order.push(text)));
    if (text === 'b' || text === 'd') await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(calls);
  expect(order).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('stores the other entries of a turn where one cannot be stored, and says which (BUS-6)', async () => {
  gate = (entries) => {
    if (bodiesOf(entries).includes('bad')) throw new Error('constraint failed');
  };
  const results = await Promise.allSettled([append('a'), append('bad'), append('b')]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(groups).toEqual([['a'], ['b']]);
  expect(logged).toMatchObject([{ entries: [{ callbacks: ['room event'] }] }]);
});

it('refuses all entries of a turn at once while the store is not available (BUS-7)', async () => {
  gate = () => {
    throw new GavelError('server.store-unavailable', 'The database has been locked for 30 s.');
  };
  const results = await Promise.allSettled([append('a'), append('b')]);
  for (const result of results) {
    expect(result).toMatchObject({
      reason: { code: 'server.store-unavailable', message: expect.stringContaining('locked for 30 s') },
    });
  }
  expect(logged).toHaveLength(1);
  gate = () => {};
  await append('c');
  expect(groups).toEqual([['c']]);
});

it('stores later, in order, what it could not store while a database of other machines was not available (CB-3, CLUS-6)', async () => {
  const clock = new FakeClock();
  const late: string[] = [];
  journal = new TableJournal({
    clock,
    repository: {
      async apply(entries) {
        gate(entries);
        groups.push(bodiesOf(entries));
      },
    },
    log: { error: (fields: object) => void logged.push(fields) },
  });
  journal.onStoredLate((entries) => late.push(...bodiesOf(entries)));
  gate = () => {
    throw new GavelError('server.store-unavailable', 'It is restarting.');
  };
  const results = new Map<string, string>();
  const begin = (text: string) =>
    append(text).then(
      () => results.set(text, 'stored'),
      (error: GavelError) => results.set(text, error.code),
    );
  const passTime = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 200) {
      clock.advance(200);
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const calls = [begin('a'), begin('b')];
  await passTime(2800);
  expect(results.size).toBe(0);
  calls.push(begin('c'));
  await passTime(600);
  // Their callers wait no longer.
  expect([...results]).toEqual([
    ['a', 'server.store-unavailable'],
    ['b', 'server.store-unavailable'],
  ]);
  gate = () => {};
  await passTime(400);
  await Promise.all(calls);
  expect(results.get('c')).toBe('stored');
  expect([groups.flat(), late]).toEqual([
    ['a', 'b', 'c'],
    ['a', 'b'],
  ]);
});

it('repeats entries under the same id, so that a commit without an answer is not made twice (CLUS-7)', async () => {
  const clock = new FakeClock();
  const batchIds: unknown[] = [];
  journal = new TableJournal({
    clock,
    repository: {
      async apply(_entries, _position, batchId) {
        batchIds.push(batchId);
        if (batchIds.length === 1) throw new GavelError('server.store-unavailable', 'The connection failed.');
      },
    },
    log: { error: () => {} },
  });
  const stored = append('a');
  while (batchIds.length < 1) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(200);
  await stored;
  await append('b');
  const [first, again, next] = batchIds;
  expect([typeof first, again === first, next === first]).toEqual(['string', true, false]);
});
