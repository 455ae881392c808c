/**
 * A server that is killed at any moment loses no callback of an event that a client received (CB-3, CB-4), and its next start
 * sends the callbacks that end the rooms (ROOM-10). Each kick has its callback and its audit row, and each change of a rule
 * its audit row (BUS-6, AUDIT-1).
 *
 * GAVEL_CHAOS_ROUNDS is the number of kills; 3 by default. GAVEL_CHAOS_SEED repeats the moments of a run.
 */

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createRandom } from '@gavel/testkit/random';
import { afterEach, expect, it } from 'vitest';
import { driveBans, driveRoom, type Received } from './load.ts';
import {
  ADMIN_KEY,
  type Arrival,
  findFreePort,
  killHard,
  startReceiverProcess,
  startServerProcess,
  writeConfig,
} from './processes.ts';

const ROUNDS = Number(process.env.GAVEL_CHAOS_ROUNDS ?? 3);
const SEED = Number(process.env.GAVEL_CHAOS_SEED ?? Date.now() % 1_000_000);
const ROOMS = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5'];

const children = new Set<ChildProcess>();
let folder: string | undefined;
afterEach(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) await killHard(child);
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** The fields of a callback that the checks need. */
interface Callback {
  readonly what: string;
  readonly roomId: string;
  readonly epoch: bigint;
  readonly userSeq: number | undefined;
  readonly streamSeq: number | undefined;
}

function parse(raw: string): Callback {
  const body = JSON.parse(raw) as Record<string, string>;
  const [, epoch = '0'] = /"(?:room_session_id|room_seq)":"?(\d+)/.exec(raw) ?? [];
  const about: Record<string, string> = {
    room_create: `begin ${epoch}`,
    room_close: `end ${epoch}`,
    room_login: `login ${body.user_account}`,
    room_logout: `logout ${body.user_account}`,
    stream_create: `create ${body.stream_id}`,
    stream_close: `close ${body.stream_id}`,
  };
  const numberOf = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  return {
    what: about[body.event ?? ''] ?? '',
    roomId: body.room_id ?? '',
    epoch: BigInt(epoch),
    userSeq: numberOf(body.user_update_seq),
    streamSeq: numberOf(body.stream_seq),
  };
}

/** The first arrival of each id. */
function firstArrivals(arrivals: readonly Arrival[]): Arrival[] {
  const byId = new Map<string, Arrival>();
  for (const arrival of arrivals) if (!byId.has(arrival.id)) byId.set(arrival.id, arrival);
  return [...byId.values()];
}

/** Returns what began without an end: after the last start nobody is in any room (ROOM-10). */
function findUnended(arrived: ReadonlySet<string>): string[] {
  const ends: Readonly<Record<string, string>> = { begin: 'end', login: 'logout', create: 'close' };
  return [...arrived].filter((what) => {
    const [word = '', name] = what.split(' ');
    return ends[word] !== undefined && !arrived.has(`${ends[word]} ${name}`);
  });
}

/** Returns the order problems of one room: lives follow one another, each starts with its creation, and no number is missing. */
function findDisorder(callbacks: readonly Callback[]): string[] {
  const problems: string[] = [];
  let life = { epoch: 0n, userSeq: 0, streamSeq: 0, hasEnded: false };
  for (const { what, roomId, epoch, userSeq, streamSeq } of callbacks) {
    const report = (problem: string) => problems.push(`${roomId}, life ${epoch}, ${what}: ${problem}`);
    if (epoch < life.epoch) report('comes after a later life began');
    if (epoch > life.epoch) {
      if (!what.startsWith('begin')) report('comes before room_create');
      life = { epoch, userSeq: 0, streamSeq: 0, hasEnded: false };
    }
    if (life.hasEnded) report('comes after room_close');
    if (userSeq !== undefined && userSeq !== life.userSeq + 1)
      report(`user_update_seq ${userSeq} follows ${life.userSeq}`);
    if (streamSeq !== undefined && streamSeq !== life.streamSeq + 1)
      report(`stream_seq ${streamSeq} follows ${life.streamSeq}`);
    life.userSeq = userSeq ?? life.userSeq;
    life.streamSeq = streamSeq ?? life.streamSeq;
    life.hasEnded ||= what.startsWith('end');
  }
  return problems;
}

/** Returns the users whom the audit trail names as kicked. */
function findAuditedKicks(dataDir: string): Set<string> {
  const database = new DatabaseSync(join(dataDir, 'gavel.db'), { readOnly: true });
  const rows = database.prepare("SELECT targets FROM audit WHERE action = 'kick' AND outcome = 'done'").all();
  database.close();
  const targets = rows.flatMap((row) => JSON.parse(String(row.targets)) as string[]);
  return new Set(targets.map((target) => target.replace('user/', '')));
}

/** The versions of rules that are stored, and the changes of rules in the audit trail. */
function readRules(dataDir: string) {
  const database = new DatabaseSync(join(dataDir, 'gavel.db'), { readOnly: true });
  const rows = database.prepare('SELECT id, reason, lifted_at_ms AS liftedAtMs FROM policy_rules').all();
  const audit = database
    .prepare("SELECT action, reason, details FROM audit WHERE action IN ('setRules', 'liftRules')")
    .all();
  database.close();
  const isOf = (action: string) => audit.filter((row) => row.action === action);
  const liftedIds = isOf('liftRules').map(({ details }) => JSON.parse(String(details)).rules[0].id as string);
  return {
    ids: rows.map(({ id }) => String(id)),
    changes: [
      ...rows.map(({ reason }) => `set ${reason}`),
      ...rows.filter(({ liftedAtMs }) => liftedAtMs !== null).map(({ id }) => `lifted ${id}`),
    ].sort(),
    audited: [
      ...isOf('setRules').map(({ reason }) => `set ${reason}`),
      ...liftedIds.map((id) => `lifted ${id}`),
    ].sort(),
  };
}

async function drain(baseUrl: string): Promise<void> {
  const url = `${baseUrl}/admin/v1/callbacks?status=pending&limit=1`;
  for (let tries = 0; tries < 600; tries += 1) {
    const response = await fetch(url, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
    const { callbacks } = (await response.json()) as { callbacks: object[] };
    if (callbacks.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('callbacks are still pending');
}

it(`killed ${ROUNDS} times under load: what was told arrives, per room in order, repeats under one id, all of it ends, and each kick and each rule has its audit row (CB-3, CB-4, ROOM-10, BUS-6)`, {
  timeout: 60_000 + ROUNDS * 30_000,
}, async () => {
  folder = mkdtempSync(join(tmpdir(), 'gavel-chaos-'));
  const receiver = await startReceiverProcess();
  children.add(receiver.child);
  const port = await findFreePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const configPath = writeConfig(folder, port, receiver.url);
  const received: Received = new Set();
  const kicked = new Set<string>();
  const banned = new Set<string>();
  const random = createRandom(SEED);
  let atKills = 0;

  for (let round = 0; round < ROUNDS; round += 1) {
    const server = await startServerProcess(configPath);
    children.add(server);
    const before = receiver.arrivals.length;
    const [receivedBefore, bannedBefore] = [received.size, banned.size];
    const driven = ROOMS.map((roomId) => driveRoom(baseUrl, roomId, `${roomId}-${round}`, received, kicked));
    driven.push(driveBans(baseUrl, ADMIN_KEY, `ban-${round}`, banned));
    // A slow machine gets the time that it needs for some events.
    const hasBegun = () => received.size - receivedBefore > 20 && banned.size > bannedBefore;
    await expect.poll(hasBegun, { timeout: 30_000, interval: 20 }).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, random() * 900));
    await killHard(server);
    await Promise.all(driven);
    atKills += receiver.arrivals.length - before;
  }

  const server = await startServerProcess(configPath);
  children.add(server);
  await drain(baseUrl);

  const first = firstArrivals(receiver.arrivals);
  const callbacks = first.map(({ raw }) => parse(raw));
  const arrived = new Set(callbacks.map(({ what }) => what));
  const lost = [...received].filter((what) => !arrived.has(what));
  const bodies = new Map(first.map(({ id, raw }) => [id, raw]));
  const changed = receiver.arrivals.filter(({ id, raw }) => bodies.get(id) !== raw);
  const disorder = ROOMS.flatMap((roomId) => findDisorder(callbacks.filter((each) => each.roomId === roomId)));
  const audited = findAuditedKicks(join(folder, 'data'));
  const rules = readRules(join(folder, 'data'));
  console.log(
    `${ROUNDS} kills, seed ${SEED}: ${audited.size} audited kicks, ${rules.changes.length} changes of rules, ${received.size} events received, ${first.length} callbacks arrived (${atKills} attempts while under load), ` +
      `${receiver.arrivals.length - first.length} repeats, ${receiver.arrivals.filter(({ isTaken }) => !isTaken).length} refused on purpose, ` +
      `lost ${lost.length}, out of order ${disorder.length}, ids with two bodies ${changed.length}`,
  );
  expect(received.size).toBeGreaterThan(ROUNDS * 20);
  expect(lost).toEqual([]);
  expect(disorder).toEqual([]);
  expect(findUnended(arrived)).toEqual([]);
  expect(changed).toEqual([]);
  expect([...kicked].filter((userId) => !audited.has(userId))).toEqual([]);
  expect([...audited].filter((userId) => !arrived.has(`logout ${userId}`))).toEqual([]);
  expect([...banned].filter((id) => !rules.ids.includes(id))).toEqual([]);
  expect(rules.changes).toEqual(rules.audited);
  // Each event has one id.
  expect(arrived.size).toBe(first.length);
});
