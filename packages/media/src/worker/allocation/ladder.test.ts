import { expect, test } from 'vitest';
import { ALL_TEMPORAL_LAYERS as ALL } from './allocate.ts';
import { createLadder } from './ladder.ts';

test('a layer without temporal layers is one step', () => {
  expect(createLadder([{ bps: 500, shares: [1] }])).toEqual([{ layer: 0, temporalLayer: ALL, bps: 500 }]);
});

test('the temporal layers are steps below the lowest layer, and half steps between the others', () => {
  const shares = [0.4, 0.6, 1];
  const steps = createLadder([100, 300, 1_000].map((bps) => ({ bps, shares })));
  expect(steps.map(({ layer, temporalLayer, bps }) => [layer, temporalLayer, bps])).toEqual([
    [0, 0, 40],
    [0, 1, 60],
    [0, ALL, 100],
    [1, 1, 180],
    [1, ALL, 300],
    [2, 1, 600],
    [2, ALL, 1_000],
  ]);
});

test('no step takes less than the one before, so that the better picture is sent', () => {
  const steps = createLadder([
    { bps: 200, shares: [1] },
    { bps: 50, shares: [0.5, 1] },
  ]);
  expect(steps.map(({ bps }) => bps)).toEqual([200, 200, 200]);
});
