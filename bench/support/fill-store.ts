/**
 * Fills a database like one after years of use: rows by SQL, in few large transactions.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

/** The numbers of rows. */
export const STORE_SIZE = {
  meetings: 100_000,
  participants: 1_000_000,
  /** Of these, so many are of one meeting. */
  participantsOfLargest: 100_000,
  sessions: 100_000,
  /** One session has so many stays; the others have two each. */
  staysOfLargest: 20_000,
} as const;

/** What the measurements name. */
export interface FilledStore {
  readonly largestMeeting: string;
  readonly smallMeetings: readonly string[];
  /** Ids and custom ids of participants of the largest meeting. */
  readonly largestPeople: readonly { readonly id: string; readonly customId: string }[];
  readonly sessions: readonly string[];
  readonly largestSession: string;
}

const ROWS_PER_COMMIT = 50_000;
const MINUTE_MS = 60_000;
const FIRST_MS = Date.UTC(2025, 0, 1);
const ADJECTIVES = ['Weekly', 'Daily', 'Monthly', 'Urgent', 'Quiet', 'Open', 'Final', 'First', 'Joint', 'Short'];
const NOUNS = ['review', 'stand-up', 'planning', 'interview', 'lecture', 'demo', 'retro', 'briefing', 'class', 'call'];

/** Fills the database of a server that has been started once, for its App and presets, and is stopped. */
export function fillStore(path: string, appId: number, settings: object): FilledStore {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -400000');
  try {
    return withoutIndexes(database, () => new Filling(database, appId, settings).run());
  } finally {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
  }
}

/** Indexes are made faster at the end, from sorted rows, than row by row. */
function withoutIndexes<T>(database: DatabaseSync, fill: () => T): T {
  const made = database
    .prepare("SELECT type, name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL")
    .all();
  for (const { type, name } of made) database.exec(`DROP ${type} ${name}`);
  const result = fill();
  for (const { sql } of made.filter(({ type }) => type === 'index')) database.exec(String(sql));
  // The counts that the triggers would have computed.
  database.exec(
    'UPDATE meetings SET participant_count = (SELECT count(*) FROM participants WHERE meeting_id = meetings.id)',
  );
  for (const { sql } of made.filter(({ type }) => type === 'trigger')) database.exec(String(sql));
  return result;
}

class Filling {
  readonly #database: DatabaseSync;
  readonly #appId: number;
  readonly #settings: string;
  #rows = 0;

  constructor(database: DatabaseSync, appId: number, settings: object) {
    this.#database = database;
    this.#appId = appId;
    this.#settings = JSON.stringify(settings);
  }

  run(): FilledStore {
    this.#database.exec('BEGIN');
    const meetings = this.#addMeetings();
    const largestPeople = this.#addParticipants(meetings);
    const sessions = this.#addSessions(meetings);
    this.#database.exec('COMMIT');
    return {
      largestMeeting: meetings[0] ?? '',
      smallMeetings: meetings.slice(1),
      largestPeople,
      sessions,
      largestSession: sessions[0] ?? '',
    };
  }

  #addMeetings(): string[] {
    const insert = this.#database.prepare(
      'INSERT INTO meetings (id, app_id, title, status, settings, created_at_ms, updated_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    return Array.from({ length: STORE_SIZE.meetings }, (_, index) => {
      const id = randomUUID();
      const atMs = FIRST_MS + index * MINUTE_MS;
      // One in 50 is locked.
      const status = index % 50 === 49 ? 'INACTIVE' : 'ACTIVE';
      this.#insert(insert, id, this.#appId, titleOf(index), status, this.#settings, atMs, atMs);
      return id;
    });
  }

  #addParticipants(meetings: readonly string[]) {
    const preset = this.#database.prepare("SELECT id FROM presets WHERE app_id = ? AND name = 'group_call_host'");
    const presetId = String(preset.get(this.#appId)?.id);
    const insert = this.#database.prepare(
      'INSERT INTO participants (id, meeting_id, custom_id, preset_id, name, picture, created_at_ms, updated_at_ms) VALUES (?, ?, ?, ?, ?, NULL, ?, ?)',
    );
    const largest: { id: string; customId: string }[] = [];
    for (let index = 0; index < STORE_SIZE.participants; index += 1) {
      const isOfLargest = index < STORE_SIZE.participantsOfLargest;
      const meeting = isOfLargest ? meetings[0] : meetings[1 + (index % (meetings.length - 1))];
      const [id, customId, atMs] = [randomUUID(), `user-${index}`, FIRST_MS + index];
      this.#insert(insert, id, meeting ?? '', customId, presetId, `Name ${index}`, atMs, atMs);
      if (isOfLargest) largest.push({ id, customId });
    }
    return largest;
  }

  #addSessions(meetings: readonly string[]): string[] {
    const insert = this.#database.prepare(
      `INSERT INTO sessions (id, app_id, meeting_id, title, started_at_ms, ended_at_ms, end_reason, live_count, live_from_ms,
        peak_count, user_count, ended_ms, updated_at_ms, seen_at_ms) VALUES (?, ?, ?, ?, ?, ?, 'empty', 0, 0, ?, ?, ?, ?, ?)`,
    );
    const insertStay = this.#database.prepare(
      `INSERT INTO session_peers (id, session_id, user_id, custom_id, name, preset_name, view_type, joined_at_ms, left_at_ms)
        VALUES (?, ?, ?, ?, ?, 'group_call_host', 'GROUP_CALL', ?, ?)`,
    );
    return Array.from({ length: STORE_SIZE.sessions }, (_, index) => {
      const id = randomUUID();
      const stays = index === 0 ? STORE_SIZE.staysOfLargest : 2;
      const beganMs = FIRST_MS + index * MINUTE_MS;
      const endedMs = beganMs + 30 * MINUTE_MS + (index % 1000);
      const figures = [stays, stays, stays * (endedMs - beganMs), endedMs, endedMs];
      // Each tenth meeting has been held ten times.
      const meeting = meetings[(index % 10_000) * 10] ?? '';
      this.#insert(insert, id, this.#appId, meeting, titleOf(index), beganMs, endedMs, ...figures);
      for (let stay = 0; stay < stays; stay += 1) {
        const user = randomUUID();
        this.#insert(insertStay, randomUUID(), id, user, `user-${stay}`, `Name ${stay}`, beganMs + stay, endedMs);
      }
      return id;
    });
  }

  #insert(statement: StatementSync, ...values: SQLInputValue[]): void {
    statement.run(...values);
    this.#rows += 1;
    if (this.#rows % ROWS_PER_COMMIT === 0) this.#database.exec('COMMIT; BEGIN');
  }
}

const titleOf = (index: number): string =>
  `${ADJECTIVES[index % 10]} ${NOUNS[Math.floor(index / 10) % 10]} ${String(index).padStart(6, '0')}`;
