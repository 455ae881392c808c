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

/** Kicks users, one after another, for some time. Returns the times of the answers in ms, sorted. */
async function kickFor(durationMs: number): Promise<number[]> {
  const timesMs: number[] = [];
  for (const endMs = performance.now() + durationMs; performance.now() < endMs; ) {
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
  return timesMs.sort((one, other) => one - other);
}

function print(when: string, timesMs: readonly number[]): void {
  const at = (part: number) =>
    (timesMs[Math.min(timesMs.length - 1, Math.floor(timesMs.length * part))] ?? 0).toFixed(2);
  console.log(
    `${when}: ${timesMs.length} kicks; ms: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, longest ${at(1)}`,
  );
}

const login = { userId: 'host', roomId: 'hall', token: tokenOf('host'), members: false };
const host = await joinGavel(gavel.port, login, {});
print('before', await kickFor(USUAL_MS));
const other = new DatabaseSync(gavel.databasePath);
other.exec('BEGIN IMMEDIATE');
const locked = await kickFor(LOCK_MS);
print(`locked for ${LOCK_MS / 1000} s`, locked);
other.exec('COMMIT');
other.close();
print('after', await kickFor(USUAL_MS));
// A room is made once; each user comes and goes.
const expected = 2 + 2 * lastUser;
for (let tries = 0; tries < 200 && receiver.received.length < expected; tries += 1) await sleep(50);
console.log(`callbacks: ${receiver.received.length} of ${expected}`);
host.drop();
backend.close();
await gavel.stop();
await receiver.close();
