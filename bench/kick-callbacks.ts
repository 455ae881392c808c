/**
 * What callbacks cost a kick: the time from the request of KickoutUser to its answer, with callbacks and without.
 *
 *     node_modules/.bin/node bench/kick-callbacks.ts
 *
 * Two servers, each a process of its own, configured alike but for the callbacks' addresses; rounds take turns, so that
 * the machine's noise falls on both. The receiver of the callbacks is a fourth process.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { signedPath } from '@gavel/server';
import { RawClient, TEST_APP } from '@gavel/testkit';
import {
  findFreePort,
  killHard,
  startReceiverProcess,
  startServerProcess,
  writeConfig,
} from '../tests/chaos/processes.ts';

const ROUNDS = 20;
const KICKS_PER_ROUND = 25;
const WARM_UP_KICKS = 50;

interface Candidate {
  readonly name: string;
  readonly baseUrl: string;
  readonly timesMs: number[];
}

let lastUser = 0;

/** Kicks users one after another, each out of a room of its own that somebody else stays in. */
async function kickSome({ baseUrl, timesMs }: Candidate, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    lastUser += 1;
    const [userId, roomId] = [`user-${lastUser}`, `room-${lastUser}`];
    const clients = await Promise.all([RawClient.open(baseUrl), RawClient.open(baseUrl)]);
    await clients[0].login(TEST_APP.appId, roomId, 'watcher', { clientId: `watcher-${lastUser}` });
    await clients[1].login(TEST_APP.appId, roomId, userId);
    const path = signedPath(TEST_APP, 'KickoutUser', { RoomId: roomId, 'UserId[]': [userId] }, Date.now());
    const beganAtMs = performance.now();
    const response = await fetch(baseUrl + path);
    const { Code } = (await response.json()) as { Code: number };
    timesMs.push(performance.now() - beganAtMs);
    if (Code !== 0) throw new Error(`the kick was answered ${Code}`);
    await clients[1].closed;
    clients[0].cut();
    await clients[0].closed;
  }
}

function quantile(sorted: readonly number[], share: number): string {
  return `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(2)} ms`;
}

const folders = ['with', 'without'].map((name) => mkdtempSync(join(tmpdir(), `gavel-bench-${name}-`)));
const receiver = await startReceiverProcess();
const children = [receiver.child];
try {
  const candidates: Candidate[] = [];
  for (const [index, name] of ['with callbacks', 'without'].entries()) {
    const port = await findFreePort();
    const config = writeConfig(folders[index] ?? '', port, index === 0 ? receiver.url : undefined);
    children.push(await startServerProcess(config));
    candidates.push({ name, baseUrl: `http://127.0.0.1:${port}`, timesMs: [] });
  }
  for (const candidate of candidates) {
    await kickSome(candidate, WARM_UP_KICKS);
    candidate.timesMs.length = 0;
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const turn = round % 2 === 0 ? candidates : candidates.toReversed();
    for (const candidate of turn) await kickSome(candidate, KICKS_PER_ROUND);
  }
  console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}`);
  for (const { name, timesMs } of candidates) {
    const sorted = timesMs.toSorted((one, other) => one - other);
    const figures = [0.5, 0.9, 0.99].map((share) => quantile(sorted, share));
    console.log(
      `KickoutUser ${name.padEnd(14)} median ${figures[0]}, p90 ${figures[1]}, p99 ${figures[2]}, of ${sorted.length}`,
    );
  }
  console.log(`callbacks received: ${receiver.arrivals.length}`);
} finally {
  for (const child of children) await killHard(child);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
