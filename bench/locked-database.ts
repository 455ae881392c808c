/**
 * The times of heartbeats and kicks while another process has locked the database for 20 s (BUS-7), beside those before and
 * after: `npm run bench -- locked-database`.
 *
 * @module
 */

import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCallbackReceiver } from '@gavel/testkit';
import { connectBackend, joinGavel, startGavelProcess, tokenOf } from './peers/gavel.ts';

const LOCK_MS = 20_000;
const USUAL_MS = 5_000;
/** Between two kicks. */
const PAUSE_MS = 20;

const receiver = await startCallbackReceiver();
const gavel = await startGavelProcess(receiver.url());
const backend = connectBackend(gavel.port, 1);
let lastUser = 0;

/** A member of the room, whose heartbeats are measured. */
let onBeat = (): void => undefined;
const host = await joinGavel(
  gavel.port,
  { userId: 'host', roomId: 'hall', token: tokenOf('host'), members: false },
  { onBeat: () => onBeat() },
);

/** Kicks users, one after another, until a time. Returns the times of the answers in ms. */
async function kickUntil(endMs: number): Promise<number[]> {
  const timesMs: number[] = [];
  while (performance.now() < endMs) {
    lastUser += 1;
    const userId = `user-${lastUser}`;
    const login = { userId, roomId: 'hall', token: tokenOf(userId), members: false };
    const user = await joinGavel(gavel.port, login, {});
    const beganAtMs = performance.now();
    await backend.call('KickoutUser', { RoomId: 'hall', 'UserId[]': [userId] });
    timesMs.push(performance.now() - beganAtMs);
    user.drop();
    await sleep(PAUSE_MS);
  }
  return timesMs;
}

/** Sends heartbeats, one after another, until a time. Returns the times of the answers in ms. */
async function beatUntil(endMs: number): Promise<number[]> {
  const timesMs: number[] = [];
  while (performance.now() < endMs) {
    const { promise, resolve } = Promise.withResolvers<void>();
    onBeat = resolve;
    const beganAtMs = performance.now();
    host.beat();
    await promise;
    timesMs.push(performance.now() - beganAtMs);
    await sleep(PAUSE_MS);
  }
  return timesMs;
}

/** Measures kicks and heartbeats at the same time, and prints the distributions. */
async function measure(when: string, durationMs: number): Promise<void> {
  const endMs = performance.now() + durationMs;
  const [kicks, heartbeats] = await Promise.all([kickUntil(endMs), beatUntil(endMs)]);
  print(`${when}, kicks`, kicks);
  print(`${when}, heartbeats`, heartbeats);
}

function print(what: string, timesMs: readonly number[]): void {
  const sorted = timesMs.toSorted((one, other) => one - other);
  const at = (part: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(2);
  console.log(`${what}: ${sorted.length}; ms: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, longest ${at(1)}`);
}

await measure('before', USUAL_MS);
const other = new DatabaseSync(gavel.databasePath);
other.exec('BEGIN IMMEDIATE');
await measure(`locked for ${LOCK_MS / 1000} s`, LOCK_MS);
other.exec('COMMIT');
other.close();
await measure('after', USUAL_MS);
// A room is made once; each user comes and goes.
const expected = 2 + 2 * lastUser;
for (let tries = 0; tries < 200 && receiver.received.length < expected; tries += 1) await sleep(50);
console.log(`callbacks: ${receiver.received.length} of ${expected}`);
host.drop();
backend.close();
await gavel.stop();
await receiver.close();
