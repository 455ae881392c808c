/**
 * A journal whose process is killed at any moment, also while it recovers, loses no accepted entry, and stores none in part
 * (BUS-6).
 *
 * GAVEL_CHAOS=full kills it 200 times; 10 by default. GAVEL_CHAOS_SEED repeats the moments of a run.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { createRandom } from '@gavel/testkit/random';
import { afterEach, expect, it } from 'vitest';
import { JournalMover } from '../../packages/server/src/store/journal-mover.ts';
import { openSqliteStore } from '../../packages/server/src/store/sqlite/open.ts';
import { killHard } from './processes.ts';

const ROUNDS = process.env.GAVEL_CHAOS === 'full' ? 200 : 10;
const SEED = Number(process.env.GAVEL_CHAOS_SEED ?? Date.now() % 1_000_000);
const PROCESS = fileURLToPath(new URL('./journal-process.ts', import.meta.url));
/** A kill comes at most this long after the first accepted entry, or after the start of the process. */
const MAX_WORK_MS = 400;
const MAX_START_MS = 600;

let child: ChildProcess | undefined;
let folder: string;
afterEach(async () => {
  if (child && child.exitCode === null && child.signalCode === null) await killHard(child);
  rmSync(folder, { recursive: true, force: true });
});

it(`killed ${ROUNDS} times (seed ${SEED}): each accepted entry is whole in the database, and none is there in part (BUS-6)`, {
  timeout: 60_000 + ROUNDS * 10_000,
}, async () => {
  folder = mkdtempSync(join(tmpdir(), 'gavel-journal-crash-'));
  mkdirSync(join(folder, 'journal'));
  const random = createRandom(SEED);
  const accepted = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const running = fork(PROCESS, [folder, String(round)]);
    child = running;
    const first = new Promise<void>((resolve) => {
      running.on('message', (id: string) => {
        accepted.add(id);
        resolve();
      });
      running.once('exit', () => resolve());
    });
    // Every third kill may come during the start, which moves what the last process left.
    if (round % 3 !== 2) await first;
    await new Promise((resolve) => setTimeout(resolve, random() * (round % 3 === 2 ? MAX_START_MS : MAX_WORK_MS)));
    expect(running.exitCode, 'the process has not ended by itself').toBeNull();
    await killHard(running);
  }
  const path = join(folder, 'gavel.db');
  const store = await openSqliteStore(path);
  await new JournalMover({
    repository: store.journal,
    outbox: store.outbox,
    folder: join(folder, 'journal'),
  }).moveAll();
  await store.close();

  const database = new DatabaseSync(path);
  const idsIn = (table: string, column: string): Set<string> =>
    new Set(
      database
        .prepare(`SELECT ${column} AS id FROM ${table}`)
        .all()
        .map(({ id }) => String(id)),
    );
  const audit = idsIn('audit', 'id');
  const callbacks = idsIn('outbox', 'id');
  const parts = [idsIn('sessions', 'id'), idsIn('command_replies', 'command_id')];
  database.close();
  const isDelivered = (id: string): boolean => id.endsWith('-4');
  const alone = [
    ...[...audit].filter((id) => !parts.every((ids) => ids.has(id)) || (!callbacks.has(id) && !isDelivered(id))),
    ...[...callbacks, ...parts.flatMap((ids) => [...ids])].filter((id) => !audit.has(id)),
  ];
  console.log(`${ROUNDS} kills, seed ${SEED}: ${accepted.size} entries accepted, ${audit.size} in the database`);
  expect(accepted.size).toBeGreaterThan(ROUNDS * 5);
  expect([...accepted].filter((id) => !audit.has(id))).toEqual([]);
  expect(alone).toEqual([]);
  expect(existsSync(join(folder, 'journal', 'rejected.jsonl'))).toBe(false);
});
