import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Stage, startStage, tell } from '../callbacks/harness.ts';

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

test('while another process has locked the database, kicks are answered, and their callbacks are sent; nothing is lost (BUS-7)', async () => {
  const [ann, ben] = [await stage.join('r', 'ann'), await stage.join('r', 'ben')];
  await stage.news();

  other.exec('BEGIN IMMEDIATE');
  expect(await stage.call('KickoutUser', { RoomId: 'r', UserId: ['ben'] })).toMatchObject({ Code: 0 });
  expect(await ben.event('removed')).toMatchObject({ cause: 'kicked' });
  await stage.receiver.count(4);
  expect(stage.receiver.received.map(tell)).toEqual([
    'room_create',
    'room_login ann',
    'room_login ben',
    'room_logout ben 3',
  ]);
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
  const rowsIn = (table: string) => other.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.rows;
  expect([rowsIn('audit'), rowsIn('ended_tickets')]).toEqual([0, 0]);

  other.exec('COMMIT');
  // A read of the server moves what the journal still has.
  expect(await stage.admin('GET', '/callbacks?status=pending')).toMatchObject({ body: { callbacks: [] } });
  expect([rowsIn('audit'), rowsIn('ended_tickets'), rowsIn('outbox')]).toEqual([1, 1, 0]);
});
