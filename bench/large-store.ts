/**
 * The response times of the meetings API with a large store: 100,000 meetings, 1,000,000 participants, 100,000 sessions.
 *
 *     node_modules/.bin/node bench/large-store.ts [samples=200]
 *
 * The server is a process of its own, asked one call after another over HTTP: the times are those that a backend waits.
 * They include a fixed cost of about a millisecond per call, which the first row shows. Prints a table
 * and, as its last line, the same as JSON.
 *
 * @module
 */

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { RawClient, TEST_API_TOKEN, TEST_APP } from '@gavel/testkit';
import { stringify } from 'yaml';
import { findFreePort, killHard, startServerProcess } from '../tests/chaos/processes.ts';
import { type FilledStore, fillStore, STORE_SIZE } from './support/fill-store.ts';

const SAMPLES = Number(process.argv[2] ?? 200);
const WARM_UP = 10;
/** No row takes longer, however slow its call is. */
const MAX_ROW_MS = 2_000;
const STARTS = 5;
const A = `/client/v4/accounts/${TEST_APP.accountId}/realtime/kit/${TEST_APP.rtkAppId}`;
const LAST_PAGE = STORE_SIZE.meetings / 20;

interface Row {
  readonly what: string;
  /** The fastest call: the cost on an idle machine. */
  readonly bestMs: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

const rows: Row[] = [];
let baseUrl = '';

async function call(method: 'GET' | 'POST', path: string, body?: object): Promise<void> {
  const headers = { authorization: `Bearer ${TEST_API_TOKEN}`, ...(body && { 'content-type': 'application/json' }) };
  const response = await fetch(baseUrl + A + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
}

/** Measures a call; `prepare`, which is not measured, returns its path and body. */
async function measure(
  what: string,
  method: 'GET' | 'POST',
  prepare: (index: number) => string | Promise<readonly [string, object]>,
  samples = SAMPLES,
): Promise<void> {
  const timesMs: number[] = [];
  const endMs = performance.now() + MAX_ROW_MS;
  for (let index = 0; index < samples + WARM_UP && performance.now() < endMs; index += 1) {
    const prepared = await prepare(index);
    const [path, body] = typeof prepared === 'string' ? [prepared] : prepared;
    const beganAtMs = performance.now();
    await call(method, path, body);
    if (index >= WARM_UP) timesMs.push(performance.now() - beganAtMs);
  }
  const sorted = timesMs.toSorted((one, other) => one - other);
  const at = (share: number): number => Number((sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(2));
  rows.push({ what, bestMs: at(0), medianMs: at(0.5), p99Ms: at(0.99) });
}

async function measureMeetings(): Promise<void> {
  const list = (what: string, query: string) => measure(`meetings, ${what}`, 'GET', () => `/meetings?${query}`);
  await list('first page', 'page_no=1');
  await list('100 a page', 'per_page=100');
  await list('page in the middle', `page_no=${LAST_PAGE / 2}`);
  await list('last page', `page_no=${LAST_PAGE}`);
  await list('status ACTIVE', 'status=ACTIVE');
  await list('status INACTIVE, deep', 'status=INACTIVE&page_no=90');
  await list('created in one hour', 'start_time=2025-02-01T00:00:00Z&end_time=2025-02-01T01:00:00Z');
  await list('created in half of the time, deep', 'start_time=2025-01-18T00:00:00Z&page_no=1500');
  await list('search, 1 match', 'search=weekly review 098700');
  await list('search, 10 matches', 'search=review 0987');
  await list('search, 1,000 matches', 'search=quiet call');
  await list('search, 10,000 matches', 'search=lecture');
  await list('search, no match', 'search=nothing like this');
  await list('search, 2 letters', 'search=re');
  await list('search, INACTIVE ones', 'search=call 0987&status=INACTIVE');
}

async function measureParticipants(store: FilledStore): Promise<void> {
  const { largestMeeting, smallMeetings, largestPeople } = store;
  const smallAt = (index: number): string => `/meetings/${smallMeetings[(index * 97) % smallMeetings.length]}`;
  const largest = `/meetings/${largestMeeting}/participants`;
  const personAt = (index: number) => largestPeople[(index * 397) % largestPeople.length] ?? { id: '', customId: '' };
  await measure('participants of a small meeting', 'GET', (index) => `${smallAt(index)}/participants`);
  await measure('participants of 100,000, first page', 'GET', () => largest);
  await measure('participants of 100,000, in the middle', 'GET', () => `${largest}?page_no=2500`);
  await measure('participants of 100,000, last page', 'GET', () => `${largest}?page_no=5000`);
  await measure('one participant of 100,000', 'GET', (index) => `${largest}/${personAt(index).id}`);
  await measure('token refresh', 'POST', (index) => `${largest}/${personAt(index).id}/token`);
  const body = { custom_participant_id: 'new', preset_name: 'group_call_host' };
  await measure('add participant, small meeting', 'POST', async (index) => [`${smallAt(index)}/participants`, body]);
  await measure('add participant, to 100,000', 'POST', async () => [largest, body]);

  const watcher = await RawClient.open(baseUrl);
  await watcher.login(TEST_APP.appId, largestMeeting, 'watcher');
  const kick = `/meetings/${largestMeeting}/active-session/kick`;
  const enter = async (index: number) => {
    const person = personAt(index);
    await (await RawClient.open(baseUrl)).login(TEST_APP.appId, largestMeeting, person.id);
    return person;
  };
  await measure('kick by participant id', 'POST', async (index) => [
    kick,
    { participant_ids: [(await enter(index)).id] },
  ]);
  await measure('kick by custom id', 'POST', async (index) => [
    kick,
    { custom_participant_ids: [(await enter(index)).customId] },
  ]);
  await measure('active session', 'GET', () => `/meetings/${largestMeeting}/active-session`);
  watcher.cut();
}

async function measureSessions({ sessions, largestSession, smallMeetings }: FilledStore): Promise<void> {
  const list = (what: string, query: string) => measure(`sessions, ${what}`, 'GET', () => `/sessions?${query}`);
  await list('first page', 'page_no=1');
  await list('page in the middle', `page_no=${LAST_PAGE / 2}`);
  await list('last page', `page_no=${LAST_PAGE}`);
  await list('of one meeting', `associated_id=${smallMeetings[999]}`);
  await list('LIVE', 'status=LIVE');
  await list('ENDED', 'status=ENDED');
  await list('in half of the time, deep', 'start_time=2025-01-18T00:00:00Z&page_no=1500');
  await list('3 people or more', 'participants=3:');
  await list('most minutes first', 'sort_by=minutesConsumed');
  await list('most minutes, in the middle', `sort_by=minutesConsumed&page_no=${LAST_PAGE / 2}`);
  await list('search, 1 match', 'search=weekly review 098700');
  await list('search, 10,000 matches', 'search=lecture');
  await list('search, no match', 'search=nothing like this');
  await measure('one session', 'GET', (index) => `/sessions/${sessions[(index * 97) % sessions.length]}`);
  const people = `/sessions/${largestSession}/participants`;
  await measure('20,000 stays of a session, first page', 'GET', () => people);
  await measure('20,000 stays of a session, last page', 'GET', () => `${people}?page_no=1000`);
  await measure('20,000 stays of a session, search', 'GET', () => `${people}?search=name 19999`);
  await measure('20,000 stays of a session, by duration', 'GET', () => `${people}?sort_by=duration`);
  await measure('analytics of 30 days', 'GET', () => '/analytics/daywise?start_date=2025-02-01&end_date=2025-03-02');
}

function writeConfig(folder: string, port: number): string {
  const path = join(folder, 'gavel.yaml');
  const config = {
    host: '127.0.0.1',
    port,
    dataDir: join(folder, 'data'),
    logLevel: 'error',
    apps: [TEST_APP],
    apiTokens: [{ name: 'bench', accountId: TEST_APP.accountId, token: TEST_API_TOKEN }],
    realtimekit: { rateLimit: { requests: 1_000_000_000 } },
    rooms: { maxLoginsPerSecond: 100_000 },
    media: { port: 0 },
  };
  writeFileSync(path, stringify(config));
  return path;
}

/** Starts the two servers in turns, so that the machine's noise affects both; returns the median times in milliseconds. */
async function measureStarts(configs: readonly string[]): Promise<number[]> {
  const timesMs: number[][] = configs.map(() => []);
  for (let round = 0; round < STARTS; round += 1) {
    for (const [index, config] of configs.entries()) {
      const beganAtMs = performance.now();
      const child = await startServerProcess(config);
      timesMs[index]?.push(performance.now() - beganAtMs);
      await killHard(child);
    }
  }
  return timesMs.map((each) => Math.round(each.toSorted((one, other) => one - other)[Math.floor(STARTS / 2)] ?? 0));
}

const folder = mkdtempSync(join(tmpdir(), 'gavel-bench-'));
let server: ChildProcess | undefined;
try {
  const port = await findFreePort();
  baseUrl = `http://127.0.0.1:${port}`;
  const folders = ['empty', 'large'].map((name) => mkdtempSync(join(folder, `${name}-`)));
  const configs = folders.map((each) => writeConfig(each, port));
  // The first start makes the schema, the App and the key pairs.
  for (const config of configs) await killHard(await startServerProcess(config));
  const path = join(folders[1] ?? '', 'data', 'gavel.db');
  const settings = { persist_chat: false, session_keep_alive_time_in_secs: 60 };
  const beganAtMs = performance.now();
  const store = fillStore(path, TEST_APP.appId, settings);
  const fillSeconds = (performance.now() - beganAtMs) / 1000;
  const fileMiB = statSync(path).size / 2 ** 20;
  console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}`);
  console.log(`filled in ${fillSeconds.toFixed(0)} s: ${fileMiB.toFixed(0)} MiB`);

  const [emptyMs = 0, largeMs = 0] = await measureStarts(configs);
  console.log(`start-up, median of ${STARTS}: ${emptyMs} ms with an empty store, ${largeMs} ms with this one`);
  server = await startServerProcess(configs[1] ?? '');
  await measure('one meeting', 'GET', (index) => `/meetings/${store.smallMeetings[index * 97]}`);
  await measureMeetings();
  await measureParticipants(store);
  await measureSessions(store);
  console.log(`\n${'call'.padEnd(42)}     best    median       p99   (ms)`);
  for (const { what, bestMs, medianMs, p99Ms } of rows) {
    const figures = [bestMs, medianMs, p99Ms].map((ms) => ms.toFixed(2).padStart(10));
    console.log(`${what.padEnd(42).slice(0, 42)}${figures.join('')}`);
  }
  console.log(JSON.stringify({ samples: SAMPLES, startUpMs: { empty: emptyMs, large: largeMs }, rows }));
} finally {
  if (server) await killHard(server);
  rmSync(folder, { recursive: true, force: true });
}
