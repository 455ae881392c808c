import { expect, test } from 'vitest';
import { ReplaySchedule } from './picture-replay.ts';

/** Returns when the picture is sent, looking every 20 ms. */
function run(schedule: ReplaySchedule, fromMs: number, toMs: number, hasOutput = false): number[] {
  const sentAtMs: number[] = [];
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += 20) {
    if (!schedule.isDue(nowMs, hasOutput || sentAtMs.length > 0)) continue;
    schedule.handleReplayed(nowMs);
    sentAtMs.push(nowMs);
  }
  return sentAtMs;
}

test('a subscriber that does not react gets the picture again, four times in all', () => {
  const schedule = new ReplaySchedule();
  expect(run(schedule, 0, 1_000)).toEqual([]);
  schedule.handleAttached(1_000);
  expect(run(schedule, 1_000, 60_000)).toEqual([1_200, 1_700, 2_700, 4_700]);
});

test('a subscriber that reports packets gets it once, and again when it requests a keyframe', () => {
  const schedule = new ReplaySchedule();
  schedule.handleAttached(0);
  expect(run(schedule, 0, 300)).toEqual([200]);
  schedule.handleReport();
  expect(run(schedule, 320, 5_000, true)).toEqual([]);
  schedule.handleKeyframeRequest();
  expect(run(schedule, 5_000, 9_000, true)).toEqual([5_000]);
});

test('nothing is due to a subscriber that has the live picture, unless it requests a keyframe and gets none', () => {
  const schedule = new ReplaySchedule();
  schedule.handleAttached(0);
  schedule.handleLivePacket(true);
  expect(run(schedule, 0, 5_000, true)).toEqual([]);
  schedule.handleKeyframeRequest();
  schedule.handleLivePacket(true);
  expect(run(schedule, 5_000, 9_000, true)).toEqual([]);
});

test('it may become due as long as the subscriber has nothing, waits for a keyframe, or has not reacted', () => {
  const schedule = new ReplaySchedule();
  expect(schedule.mayBecomeDue(false)).toBe(false);
  schedule.handleAttached(0);
  expect(schedule.mayBecomeDue(false)).toBe(true);
  expect(run(schedule, 0, 300)).toEqual([200]);
  expect(schedule.mayBecomeDue(true)).toBe(true);
  schedule.handleReport();
  expect(schedule.mayBecomeDue(true)).toBe(false);
  schedule.handleKeyframeRequest();
  expect(schedule.mayBecomeDue(true)).toBe(true);
});
