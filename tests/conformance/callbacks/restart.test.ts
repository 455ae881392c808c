/**
 * The next start sends the callbacks that end the rooms of the previous run (ROOM-10).
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallbackReceiver, FakeClock, startCallbackReceiver } from '@gavel/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Stage, startStage } from './harness.ts';

let dataDir: string;
let receiver: CallbackReceiver;
let stage: Stage;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'gavel-restart-'));
  receiver = await startCallbackReceiver();
  stage = await startStage({ dataDir, receiver });
});
afterEach(async () => {
  await stage.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Stops the server, and starts another on the same data; the receiver gets the callbacks of both. */
async function restart(): Promise<void> {
  const nowMs = stage.clock.now();
  await stage.stop();
  stage = await startStage({ dataDir, receiver, clock: new FakeClock(nowMs + 10_000) });
}

const fieldOf = (event: string, field: string) =>
  receiver.received.flatMap(({ raw, body }) =>
    body.event === event ? (new RegExp(`"${field}":"?(\\d+)`).exec(raw)?.[1] ?? []) : [],
  );

it('stream_close, room_logout and room_close, in order, of the life that has ended, once (ROOM-10)', async () => {
  await stage.join('r', 'ann');
  await stage.join('r', 'ben');
  await stage.join('r', 'cleo');
  await stage.call('AddStream', { RoomId: 'r', UserId: 'ann', UserName: 'ann', StreamId: 's1' });
  await stage.call('AddStream', { RoomId: 'r', UserId: 'ben', UserName: 'ben', StreamId: 's2' });
  await stage.call('KickoutUser', { RoomId: 'r', UserId: ['ben'] });
  await stage.join('gone', 'dan');
  await stage.call('KickoutUser', { RoomId: 'gone', UserId: ['dan'] });
  const before = (await stage.news()).length;

  await restart();
  // On several nodes, one of them ends the room soon after the start.
  await expect.poll(() => receiver.received.length).toBeGreaterThanOrEqual(before + 4);
  await stage.settled();
  const sent = receiver.received
    .slice(before)
    .map(({ body }) => `${body.event} ${body.user_account ?? body.stream_id ?? ''}`);
  expect(sent).toEqual(['stream_close s1', 'room_logout ann', 'room_logout cleo', 'room_close ']);
  const [first, second] = [fieldOf('room_create', 'room_session_id'), fieldOf('room_close', 'room_session_id')];
  expect(second.at(-1)).toBe(first[0]);
  // The codes are those of a closed room; sequence numbers have no gaps.
  expect(fieldOf('room_logout', 'reason').slice(-2)).toEqual(['3', '3']);
  expect(fieldOf('stream_close', 'type').at(-1)).toBe('5');
  expect(fieldOf('room_logout', 'user_update_seq').slice(-2)).toEqual(['5', '6']);

  // No callback is left to send; a new login creates a new life of the room.
  const after = receiver.received.length;
  await restart();
  await stage.join('r', 'ann');
  await stage.settled();
  expect(receiver.received.slice(after).map(({ body }) => body.event)).toEqual(['room_create', 'room_login']);
  const epochs = fieldOf('room_create', 'room_session_id');
  expect(BigInt(epochs.at(-1) ?? 0)).toBeGreaterThan(BigInt(first[0] ?? 0));
});
