/**
 * A server that is killed at any moment loses no webhook of a session that a client or a caller was told of, and its next
 * start ends the sessions that were live (RTK-11, RTK-12, ROOM-10). No session is stored without its webhooks, and no webhook
 * without its session (BUS-6).
 *
 * GAVEL_CHAOS_ROUNDS is the number of kills; 3 by default. GAVEL_CHAOS_SEED repeats the moments of a run.
 */

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LoginResult } from '@gavel/protocol';
import { RawClient, TEST_APP } from '@gavel/testkit';
import { createRandom } from '@gavel/testkit/random';
import { afterEach, expect, it } from 'vitest';
import {
  API_TOKEN,
  findFreePort,
  killHard,
  startReceiverProcess,
  startServerProcess,
  writeConfig,
} from './processes.ts';

const ROUNDS = Number(process.env.GAVEL_CHAOS_ROUNDS ?? 3);
const SEED = Number(process.env.GAVEL_CHAOS_SEED ?? Date.now() % 1_000_000);
const MEETINGS = 4;
const PEOPLE = 3;
const DRAIN_MS = 60_000;
const WORDS: Readonly<Record<string, string>> = {
  'meeting.started': 'started',
  'meeting.ended': 'ended',
  'meeting.participantJoined': 'joined',
  'meeting.participantLeft': 'left',
};

const children = new Set<ChildProcess>();
let folder: string | undefined;
afterEach(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) await killHard(child);
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

interface Guest {
  readonly id: string;
  readonly token: string;
}

interface Meeting {
  readonly id: string;
  readonly guests: readonly Guest[];
}

function apiOf(baseUrl: string) {
  const base = `${baseUrl}/client/v4/accounts/${TEST_APP.accountId}/realtime/kit/${TEST_APP.rtkAppId}`;
  return async (path: string, body: object): Promise<{ readonly status: number; readonly data: Guest }> => {
    const headers = { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' };
    const response = await fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) });
    const { data } = (await response.json()) as { data: Guest };
    return { status: response.status, data };
  };
}

async function prepare(baseUrl: string, url: string): Promise<Meeting[]> {
  const post = apiOf(baseUrl);
  const { status } = await post('/webhooks', { name: 'book', url, events: Object.keys(WORDS) });
  expect(status).toBeLessThan(300);
  return Promise.all(
    Array.from({ length: MEETINGS }, async () => {
      const { data } = await post('/meetings', { title: 'Planning' });
      const guests = Array.from({ length: PEOPLE }, async (_, index) => {
        const facts = { name: 'Guest', preset_name: 'group_call_host', custom_participant_id: `guest-${index}` };
        return (await post(`/meetings/${data.id}/participants`, facts)).data;
      });
      return { id: data.id, guests: await Promise.all(guests) };
    }),
  );
}

/** Acts in one meeting until the server is gone; adds every event that was answered to `told`. */
async function driveMeeting(baseUrl: string, { id, guests }: Meeting, received: Set<string>): Promise<void> {
  const post = apiOf(baseUrl);
  const enter = async ({ token }: Guest): Promise<LoginResult> => {
    const client = await RawClient.open(baseUrl);
    const gone = client.closed.then(() => Promise.reject(new Error('gone')));
    const credential = { scheme: 'participant-token', token };
    const answer = await Promise.race([client.request('login', { credential, clientId: 'c' }), gone]);
    gone.catch(() => undefined);
    if (answer.error) throw new Error(answer.error.code);
    const login = answer.result as LoginResult;
    received.add(`joined ${login.memberId}`).add(`started ${login.session?.id}`);
    return login;
  };
  try {
    for (;;) {
      const logins = [];
      for (const guest of guests) logins.push(await enter(guest));
      const [first, ...others] = logins;
      const kicked = await post(`/meetings/${id}/active-session/kick`, { participant_ids: [guests[0]?.id] });
      if (kicked.status === 200) received.add(`left ${first?.memberId}`);
      const closed = await post(`/meetings/${id}/active-session/kick-all`, {});
      if (closed.status !== 200) continue;
      for (const { memberId } of others) received.add(`left ${memberId}`);
      received.add(`ended ${first?.session?.id}`);
    }
  } catch {
    // The server is gone: only what was answered before counts.
  }
}

/** Returns a webhook as a word with the id of its peer or session. */
function parse(raw: string): string {
  const { event, meeting, participant } = JSON.parse(raw);
  return `${WORDS[event]} ${participant?.peerId ?? meeting.sessionId}`;
}

/** Returns the beginnings and ends of sessions and of their peers in the database, as webhooks report them. */
function readHistory(dataDir: string): string[] {
  const database = new DatabaseSync(join(dataDir, 'gavel.db'), { readOnly: true });
  const sessions = database.prepare('SELECT id, ended_at_ms AS endedAtMs FROM sessions').all();
  const peers = database.prepare('SELECT id, left_at_ms AS leftAtMs FROM session_peers').all();
  database.close();
  return [
    ...sessions.flatMap(({ id, endedAtMs }) => [`started ${id}`, ...(endedAtMs === null ? [] : [`ended ${id}`])]),
    ...peers.flatMap(({ id, leftAtMs }) => [`joined ${id}`, ...(leftAtMs === null ? [] : [`left ${id}`])]),
  ].sort();
}

/** Returns what began and never ended: after the last start no session is live. */
function findUnended(arrived: ReadonlySet<string>): string[] {
  const ends: Readonly<Record<string, string>> = { started: 'ended', joined: 'left' };
  return [...arrived].filter((what) => {
    const [word = '', id] = what.split(' ');
    return ends[word] !== undefined && !arrived.has(`${ends[word]} ${id}`);
  });
}

it(`killed ${ROUNDS} times under load: every answered change of a session has its webhook, every session ends, and the history has what the webhooks report (CB-3, RTK-11, RTK-12, ROOM-10, BUS-6)`, {
  timeout: 2 * DRAIN_MS + ROUNDS * 30_000,
}, async () => {
  folder = mkdtempSync(join(tmpdir(), 'gavel-chaos-'));
  const receiver = await startReceiverProcess();
  children.add(receiver.child);
  const port = await findFreePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const configPath = writeConfig(folder, port, undefined);
  const received = new Set<string>();
  const random = createRandom(SEED);
  let meetings: Meeting[] | undefined;

  for (let round = 0; round < ROUNDS; round += 1) {
    const server = await startServerProcess(configPath);
    children.add(server);
    meetings ??= await prepare(baseUrl, receiver.url);
    const receivedBefore = received.size;
    const driven = meetings.map((meeting) => driveMeeting(baseUrl, meeting, received));
    // A slow machine gets the time that it needs for some events.
    await expect.poll(() => received.size - receivedBefore, { timeout: 30_000, interval: 20 }).toBeGreaterThan(10);
    await new Promise((resolve) => setTimeout(resolve, random() * 1_500));
    await killHard(server);
    await Promise.all(driven);
  }
  children.add(await startServerProcess(configPath));

  const arrived = () => new Set(receiver.arrivals.filter(({ isTaken }) => isTaken).map(({ raw }) => parse(raw)));
  const lost = () => {
    const known = arrived();
    return [...received].filter((what) => !known.has(what));
  };
  await expect.poll(() => [lost(), findUnended(arrived())], { timeout: DRAIN_MS, interval: 500 }).toEqual([[], []]);
  console.log(
    `${ROUNDS} kills, seed ${SEED}: ${received.size} events received, ${arrived().size} different webhooks arrived`,
  );
  expect(received.size).toBeGreaterThan(ROUNDS * 10);
  const dataDir = join(folder, 'data');
  // The journal's entries are in the tables within a second.
  await expect.poll(() => readHistory(dataDir), { timeout: 30_000, interval: 500 }).toEqual([...arrived()].sort());
  // One event has one id, over all repeats.
  const ids = new Map(receiver.arrivals.map(({ id, raw }) => [id, raw]));
  expect(receiver.arrivals.filter(({ id, raw }) => ids.get(id) !== raw)).toEqual([]);
  expect(new Set(receiver.arrivals.map(({ id }) => id)).size).toBe(arrived().size);
});
