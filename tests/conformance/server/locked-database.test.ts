import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Stage, startStage } from '../callbacks/harness.ts';

let dataDir: string;
let stage: Stage;
let other: DatabaseSync;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'gavel-locked-'));
  stage = await startStage({ dataDir });
  other = new DatabaseSync(join(dataDir, 'gavel.db'));
});
afterEach(async () => {
  other.close();
  await stage.close();
  rmSync(dataDir, { recursive: true, force: true });
});

test('while another process has locked the database, kicks hold at once and everybody is answered; nothing is lost (BUS-7)', async () => {
  const [ann, ben] = [await stage.join('r', 'ann'), await stage.join('r', 'ben')];
  await stage.news();

  other.exec('BEGIN IMMEDIATE');
  let isAnswered = false;
  const kicked = stage.call('KickoutUser', { RoomId: 'r', UserId: ['ben'] }).finally(() => {
    isAnswered = true;
  });
  const waits: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    const askedAtMs = performance.now();
    expect(await ann.request('heartbeat')).toHaveProperty('result');
    expect((await fetch(`${stage.baseUrl}/healthz`)).status).toBe(200);
    expect((await fetch(`${stage.baseUrl}/readyz`)).status).toBe(200);
    waits.push(performance.now() - askedAtMs);
  }
  // If a call blocked, each of them would wait until the lock is released.
  expect(waits.sort((one, another) => one - another)[10]).toBeLessThan(500);
  // The callbacks must be stored before the answer; the kick takes effect without it.
  expect(isAnswered).toBe(false);
  expect(await stage.usersOf('r')).toEqual(['ann']);
  expect(await ben.request('send', { kind: 'broadcast', text: 'still here' })).toHaveProperty('error');

  other.exec('COMMIT');
  expect(await kicked).toMatchObject({ Code: 0 });
  expect(await ben.event('removed')).toMatchObject({ cause: 'kicked' });
  expect(await stage.news()).toEqual(['room_logout ben 3']);
});
