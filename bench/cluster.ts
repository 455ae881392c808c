/**
 * What three nodes cost beside one process: the time of a kick and of a login across nodes, CPU time and messages of each login and
 * each event, and what an idle cluster does.
 *
 *     node_modules/.bin/node bench/cluster.ts [samples=300]
 *
 * The nodes, PostgreSQL and NATS are processes on this machine; the single process has an SQLite file. The subjects of one row take
 * turns, call by call. CPU time is that of the servers' own processes without their media workers; messages are those that the NATS
 * server has received. Needs `nats-server` and `postgresql`. Prints rows and, as its last line, the same as JSON.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { signedPath } from '@gavel/server';
import { findFreePort, RawClient, type ServerProcess, startServerProcess, TEST_APP } from '@gavel/testkit';
import { findNatsServer, findPostgres } from '../scripts/find-programs.mjs';
import { cpuSecondsOf, cpuSecondsOfTree } from './harness/processes.ts';

const SAMPLES = Number(process.argv[2] ?? 300);
const WARM_UP = 30;
const ROOMS = 500;
const LOGINS_PER_ROOM = 4;
const LOGINS_AT_ONCE = 8;
const EVENTS_PER_ROOM = 10;
const IDLE_MS = 10_000;
/** A node may take over rooms when its lease has been valid for two lease times. */
const HEALTHY_MS = 7_000;

process.env.GAVEL_TEST_NATS = findNatsServer() ?? '';
process.env.GAVEL_TEST_POSTGRES = findPostgres() ?? '';
const { NATS_SERVER, NatsServer } = await import('@gavel/testkit/nats-server');
const { POSTGRES, startPostgres } = await import('@gavel/testkit/postgres');
if (NATS_SERVER === '' || POSTGRES === '') {
  console.error('nats-server and postgresql are needed: apt-get install nats-server postgresql');
  process.exit(2);
}

interface Row {
  readonly what: string;
  readonly [figure: string]: string | number;
}

const rows: Row[] = [];
const folder = mkdtempSync(join(tmpdir(), 'gavel-bench-cluster-'));
const monitorPort = await findFreePort();
const postgres = await startPostgres();
const nats = await NatsServer.start(`http: "127.0.0.1:${monitorPort}"`);
const storeUrl = await postgres.createDatabase();
const common = {
  GAVEL_HOST: '127.0.0.1',
  GAVEL_APPS: JSON.stringify([{ ...TEST_APP, rateLimits: { KickoutUser: { production: 1000 } } }]),
  GAVEL_MEDIA_WORKERS: '1',
};
const single = await startServerProcess([], join(folder, 'single'), common);
const nodes: ServerProcess[] = [];
for (const id of ['a', 'b', 'c']) {
  const env = { GAVEL_STORE_URL: storeUrl, GAVEL_CLUSTER_NODE: id, GAVEL_CLUSTER_NATS_URL: nats.url };
  nodes.push(await startServerProcess([], join(folder, id), { ...common, ...env }));
}
const [a, b, c] = nodes as [ServerProcess, ServerProcess, ServerProcess];
for (const { output, child } of [single, ...nodes]) if (child.exitCode !== null) throw new Error(output());
await sleep(HEALTHY_MS);

const enter = async (server: ServerProcess, roomId: string, userId: string): Promise<RawClient> => {
  const client = await RawClient.open(server.baseUrl);
  await client.login(TEST_APP.appId, roomId, userId, { members: false });
  return client;
};

function addRow(row: Row): void {
  rows.push(row);
  const figures = Object.entries(row).filter(([name]) => name !== 'what');
  console.log(`${row.what.padEnd(64)} ${figures.map(([name, value]) => `${name} ${value}`).join(', ')}`);
}

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

function quantiles(timesMs: readonly number[]): { medianMs: number; p95Ms: number } {
  const sorted = timesMs.slice(WARM_UP).sort((one, other) => one - other);
  const at = (part: number): number => round(sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN);
  return { medianMs: at(0.5), p95Ms: at(0.95) };
}

/** A kick: the owner of the room has its first member, the victim is at one server, and the call is made at another one. */
async function measureKicks(): Promise<void> {
  const cases = [
    { what: 'kick, one process', owner: single, victim: single, caller: single },
    { what: 'kick, three nodes: all at the owner', owner: a, victim: a, caller: a },
    { what: 'kick, three nodes: the victim at another node than the call', owner: a, victim: b, caller: a },
    { what: 'kick, three nodes: owner, victim and call at three nodes', owner: a, victim: b, caller: c },
  ].map((each, index) => ({
    ...each,
    roomId: `kicks-${index}`,
    notifiedMs: [] as number[],
    answeredMs: [] as number[],
  }));
  for (const { owner, roomId } of cases) await enter(owner, roomId, `owner-of-${roomId}`);
  for (let index = 0; index < SAMPLES + WARM_UP; index += 1) {
    for (const { victim, caller, roomId, notifiedMs, answeredMs } of cases) {
      const userId = `${roomId}-${index}`;
      const client = await enter(victim, roomId, userId);
      const path = signedPath(TEST_APP, 'KickoutUser', { RoomId: roomId, 'UserId[]': [userId] }, Date.now());
      const beganAtMs = performance.now();
      const notified = client.event('removed').then(() => notifiedMs.push(performance.now() - beganAtMs));
      const answer = (await (await fetch(caller.baseUrl + path)).json()) as { readonly Code: number };
      answeredMs.push(performance.now() - beganAtMs);
      if (answer.Code !== 0) throw new Error(`KickoutUser: ${answer.Code}`);
      await notified;
    }
  }
  for (const { what, notifiedMs, answeredMs } of cases) {
    const [notified, answered] = [quantiles(notifiedMs), quantiles(answeredMs)];
    addRow({
      what,
      'victim told: median ms': notified.medianMs,
      '95 % ms': notified.p95Ms,
      'answered: median ms': answered.medianMs,
    });
  }
}

async function measureLogins(): Promise<void> {
  const cases = [
    { what: 'login, one process', owner: single, at: single },
    { what: 'login, three nodes: at the owner', owner: a, at: a },
    { what: 'login, three nodes: at another node', owner: a, at: b },
  ].map((each, index) => ({ ...each, roomId: `logins-${index}`, timesMs: [] as number[] }));
  for (const { owner, roomId } of cases) await enter(owner, roomId, `owner-of-${roomId}`);
  for (let index = 0; index < SAMPLES + WARM_UP; index += 1) {
    for (const { at, roomId, timesMs } of cases) {
      const client = await RawClient.open(at.baseUrl);
      const beganAtMs = performance.now();
      await client.login(TEST_APP.appId, roomId, `${roomId}-${index}`, { members: false });
      timesMs.push(performance.now() - beganAtMs);
      client.closeInOrder();
    }
  }
  for (const { what, timesMs } of cases) {
    const { medianMs, p95Ms } = quantiles(timesMs);
    addRow({ what, 'median ms': medianMs, '95 % ms': p95Ms });
  }
}

/** What was used so far. */
interface Usage {
  readonly atMs: number;
  readonly cpuMs: number;
  readonly natsCpuMs: number;
  readonly postgresCpuMs: number;
  readonly messages: number;
  readonly bytes: number;
}

async function readUsage(servers: readonly ServerProcess[]): Promise<Usage> {
  const varz = (await (await fetch(`http://127.0.0.1:${monitorPort}/varz`)).json()) as Readonly<Record<string, number>>;
  const cpuMsOf = (pids: readonly number[]): number => cpuSecondsOf(pids) * 1000;
  return {
    atMs: performance.now(),
    cpuMs: cpuMsOf(servers.flatMap(({ child }) => child.pid ?? [])),
    natsCpuMs: cpuMsOf(nats.pid === undefined ? [] : [nats.pid]),
    postgresCpuMs: cpuSecondsOfTree(postgres.pid) * 1000,
    messages: varz.in_msgs ?? 0,
    bytes: varz.in_bytes ?? 0,
  };
}

/** Figures per second of an idle time, which is subtracted from those of work. */
async function measureIdle(what: string, servers: readonly ServerProcess[]): Promise<Usage> {
  const before = await readUsage(servers);
  await sleep(IDLE_MS);
  const idle = perUnit(before, await readUsage(servers), IDLE_MS / 1000);
  if (servers.length > 1) addRow({ what, ...figuresOf(idle, servers.length, 'second') });
  return idle;
}

function perUnit(before: Usage, after: Usage, units: number, idle?: Usage): Usage {
  const seconds = (after.atMs - before.atMs) / 1000;
  const of = (name: keyof Usage): number => (after[name] - before[name] - (idle ? idle[name] * seconds : 0)) / units;
  return {
    atMs: 0,
    ...{ cpuMs: of('cpuMs'), natsCpuMs: of('natsCpuMs'), postgresCpuMs: of('postgresCpuMs') },
    ...{ messages: of('messages'), bytes: of('bytes') },
  };
}

function figuresOf(
  { cpuMs, natsCpuMs, postgresCpuMs, messages, bytes }: Usage,
  nodeCount: number,
  unit: string,
): Omit<Row, 'what'> {
  if (nodeCount === 1) return { [`CPU ms per ${unit}`]: round(cpuMs, 3) };
  return {
    [`CPU ms per ${unit}, all nodes`]: round(cpuMs, 3),
    'NATS CPU ms': round(natsCpuMs, 3),
    'PostgreSQL CPU ms': round(postgresCpuMs, 3),
    messages: round(messages, 2),
    'bytes on the bus': Math.round(bytes),
  };
}

/** Logins to many rooms, and messages in them, at the servers in turn. */
async function measureCosts(name: string, servers: readonly ServerProcess[]): Promise<void> {
  const idle = await measureIdle(`idle, ${name}, no rooms`, servers);
  const clients: RawClient[] = [];
  const at = (index: number): ServerProcess => servers[index % servers.length] as ServerProcess;
  const logins = ROOMS * LOGINS_PER_ROOM;
  const beforeLogins = await readUsage(servers);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < logins; index = next++) {
      clients.push(await enter(at(index + Math.floor(index / ROOMS)), `costs-${index % ROOMS}`, `user-${index}`));
    }
  };
  await Promise.all(Array.from({ length: LOGINS_AT_ONCE }, work));
  const ofLogin = perUnit(beforeLogins, await readUsage(servers), logins, idle);
  addRow({ what: `login, ${name}: ${logins} to ${ROOMS} rooms`, ...figuresOf(ofLogin, servers.length, 'login') });

  const idleWithRooms = await measureIdle(`idle, ${name}, ${ROOMS} rooms with ${logins} members`, servers);
  const beforeEvents = await readUsage(servers);
  for (let index = 0; index < EVENTS_PER_ROOM; index += 1) {
    for (const client of clients.slice(0, ROOMS)) {
      const { error } = await client.request('send', { kind: 'barrage', text: 'x'.repeat(100) });
      if (error) throw new Error(error.code);
    }
  }
  const events = ROOMS * EVENTS_PER_ROOM;
  const ofEvent = perUnit(beforeEvents, await readUsage(servers), events, idleWithRooms);
  addRow({ what: `message to 4 members, ${name}`, ...figuresOf(ofEvent, servers.length, 'message') });
  for (const client of clients) client.cut();
}

try {
  await measureKicks();
  await measureLogins();
  await measureCosts('one process', [single]);
  await measureCosts('three nodes', nodes);
  console.log(JSON.stringify(rows));
} finally {
  for (const { child } of [single, ...nodes]) child.kill('SIGKILL');
  await Promise.all([single, ...nodes].map(({ exited }) => exited));
  await Promise.all([nats.close(), postgres.close()]);
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
