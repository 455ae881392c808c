import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AppId } from '@gavel/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SessionFilter } from '../sessions.ts';
import type { MeetingFilter, Store } from '../store.ts';
import { openSqliteStore } from './open.ts';

const APP = 1 as AppId;
const NOW_MS = 3;
const PAGE = { offset: 0, limit: 20 };

let folder: string;
let path: string;
let explainer: DatabaseSync;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gavel-plans-'));
  path = join(folder, 'gavel.db');
  await (await openSqliteStore(path)).close();
  explainer = new DatabaseSync(path);
});
afterAll(() => {
  explainer.close();
  rmSync(folder, { recursive: true, force: true });
});

/** How SQLite finds the rows of a table for every query that a call makes: step by step, but for those by a key. */
async function stepsOf(table: string, call: (store: Store) => Promise<unknown>): Promise<string[]> {
  // A store prepares each statement once: a new one prepares all that the call needs.
  const store = await openSqliteStore(path);
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
  try {
    await call(store);
    return prepare.mock.calls
      .flatMap(([sql]) => explainer.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...sql.matchAll(/\?/g).map(() => null)))
      .map(({ detail }) => String(detail))
      .filter((step) => new RegExp(`^(SEARCH|SCAN) ${table}\\b`).test(step))
      .filter((step) => !/ USING (INTEGER PRIMARY KEY|(COVERING )?INDEX sqlite_autoindex_)/.test(step));
  } finally {
    prepare.mockRestore();
    await store.close();
  }
}

const MEETINGS: readonly (readonly [string, MeetingFilter])[] = [
  ['meetings_by_time', {}],
  ['meetings_by_time', { fromMs: 1, untilMs: 2 }],
  ['meetings_by_time', { search: 'plan' }],
  ['meetings_by_status', { status: 'INACTIVE' }],
  ['meetings_by_status', { status: 'ACTIVE', fromMs: 1 }],
];
const SESSIONS: readonly (readonly [string, SessionFilter])[] = [
  // Either has all that there is to count.
  ['sessions_by_(time|meeting)', {}],
  ['sessions_by_time', { fromMs: 1, untilMs: 2, ascending: true }],
  ['sessions_by_time', { minUsers: 3, maxUsers: 5 }],
  ['sessions_by_time', { isLive: false }],
  ['sessions_by_meeting', { meetingId: 'm' }],
  ['sessions_open', { isLive: true }],
];

describe('a list in SQLite', () => {
  it.each(MEETINGS)('of meetings is read and counted from %s: %j', async (index, filter) => {
    const steps = await stepsOf('meetings', (store) => store.meetings.list(APP, filter, { offset: 1, limit: 20 }));
    expect(steps).toHaveLength(2);
    for (const step of steps) expect(step).toContain(`SEARCH meetings USING COVERING INDEX ${index} (app_id=?`);
  });

  it.each(SESSIONS)('of sessions is read and counted from %s: %j', async (index, filter) => {
    const page = { offset: 1, limit: 20 };
    const steps = await stepsOf('sessions', (store) => store.sessions.list(APP, filter, page, NOW_MS));
    expect(steps).toHaveLength(2);
    for (const step of steps) {
      expect(step).toMatch(new RegExp(`^SEARCH sessions USING COVERING INDEX ${index} \\(app_id=\\?`));
    }
  });

  it('of sessions by text is read from the index that has their titles', async () => {
    const steps = await stepsOf('sessions', (store) => store.sessions.list(APP, { search: 'plan' }, PAGE, NOW_MS));
    expect(steps).toEqual([
      'SEARCH sessions USING COVERING INDEX sessions_by_meeting (app_id=? AND meeting_id=?)',
      'SEARCH sessions USING COVERING INDEX sessions_by_time (app_id=?)',
    ]);
  });

  it('of sessions by length sorts only those that are live', async () => {
    const steps = await stepsOf('sessions', (store) => store.sessions.list(APP, { sortBy: 'memberMs' }, PAGE, NOW_MS));
    expect(steps).toEqual([
      'SEARCH sessions USING INDEX sessions_by_length (app_id=?)',
      'SEARCH sessions USING INDEX sessions_open (app_id=? AND ended_at_ms=?)',
    ]);
  });

  it('of participants is read from an index, and not counted', async () => {
    const steps = await stepsOf('participants', (store) => store.participants.list('m', { offset: 5000, limit: 20 }));
    expect(steps).toEqual([]);
    const first = await stepsOf('participants', (store) => store.participants.list('m', PAGE));
    expect(first).toEqual(['SEARCH participants USING COVERING INDEX participants_by_meeting (meeting_id=?)']);
  });

  it('of people by their own ids is found by an index', async () => {
    const steps = await stepsOf('participants', (store) => store.participants.findByCustomIds('m', ['a', 'b']));
    expect(steps).toEqual(['SEARCH participants USING INDEX participants_by_custom_id (meeting_id=? AND custom_id=?)']);
  });

  it('of the sessions without an end reads no other, as their checkpoint does', async () => {
    for (const call of [(store: Store) => store.sessions.open(), (store: Store) => store.sessions.checkpoint(NOW_MS)]) {
      expect(await stepsOf('sessions', call)).toEqual([expect.stringMatching(/ USING INDEX sessions_(open|live)$/)]);
    }
  });
});
