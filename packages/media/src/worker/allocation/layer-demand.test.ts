import { expect, test } from 'vitest';
import { LayerDemand } from './layer-demand.ts';

function createDemand() {
  const clock = { nowMs: 0 };
  const changes: number[] = [];
  const demand = new LayerDemand(
    () => clock.nowMs,
    (highest) => void changes.push(highest),
  );
  return { clock, changes, demand };
}

test('BWE-4: the highest layer that any subscriber takes counts, and only its changes are reported', () => {
  const { demand, changes } = createDemand();
  demand.move(-1, 0);
  demand.move(-1, 2);
  demand.move(-1, 2);
  demand.move(2, 1);
  demand.move(2, 0);
  demand.move(1, -1);
  demand.move(0, -1);
  demand.move(0, 0);
  demand.move(0, -1);
  expect(changes).toEqual([0, 2, 1, 0, -1]);
});

test('a layer without packets is expected while it is not demanded, and for 5 s after it is demanded again', () => {
  const { clock, demand } = createDemand();
  demand.move(-1, 0);
  clock.nowMs = 60_000;
  expect([0, 1].map((layer) => demand.isExpected(layer, clock.nowMs))).toEqual([false, true]);
  demand.move(0, 2);
  clock.nowMs += 4_999;
  expect(demand.isExpected(1, clock.nowMs)).toBe(true);
  clock.nowMs += 1;
  expect(demand.isExpected(1, clock.nowMs)).toBe(false);
});

test('BWE-4: a limit is reported once, and ends with the last subscriber', () => {
  const reports: unknown[] = [];
  const demand = new LayerDemand(
    () => 0,
    (highest, maxBps) => void reports.push([highest, maxBps]),
  );
  demand.limit(500_000);
  demand.move(-1, 0);
  demand.limit(500_000);
  demand.limit(500_000);
  demand.move(0, -1);
  demand.move(-1, 0);
  expect(reports).toEqual([
    [0, undefined],
    [0, 500_000],
    [-1, undefined],
    [0, undefined],
  ]);
});
