import { expect, test } from 'vitest';
import { Probing } from './probing.ts';
import { NO_CLUSTER } from './send-history.ts';

const SITUATION = { estimateBps: 70_000, wantedBps: 600_000, isCalm: true, roundTripMs: 50 };

/** Lets probes without any feedback fail for some time; returns when they began, in milliseconds. */
function probeFor(seconds: number, isUrgent: boolean): number[] {
  const probing = new Probing(300_000);
  const beganAtMs: number[] = [];
  let last = NO_CLUSTER;
  for (let nowMs = 0; nowMs < seconds * 1_000; nowMs += 5) {
    probing.begin({ ...SITUATION, isUrgent }, nowMs);
    const cluster = probing.cluster(nowMs);
    if (cluster !== NO_CLUSTER && cluster !== last) beganAtMs.push(nowMs);
    if (cluster !== NO_CLUSTER) last = cluster;
  }
  return beganAtMs;
}

const longestPause = (times: readonly number[]) =>
  Math.max(...times.slice(1).map((at, index) => at - (times[index] as number)));

test('probes that fail become rare', () => {
  expect(longestPause(probeFor(120, false))).toBeGreaterThan(30_000);
});

test('a viewer without a picture is probed every few seconds, however often that has failed', () => {
  const times = probeFor(120, true);
  expect(longestPause(times)).toBeLessThan(7_000);
  expect(times.length).toBeLessThan(30);
});
