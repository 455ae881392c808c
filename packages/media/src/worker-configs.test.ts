import { expect, test } from 'vitest';
import { createWorkerConfigs } from './worker-configs.ts';

test('what a viewer gets at most is the same for all workers, and 50 Mbit/s by default', () => {
  const read = (options: { maxViewerBps?: number }) =>
    createWorkerConfigs({ ports: 7_701, workers: 2, ...options }).map(({ maxViewerBps }) => maxViewerBps);
  expect(read({})).toEqual([50_000_000, 50_000_000]);
  expect(read({ maxViewerBps: 2_000_000 })).toEqual([2_000_000, 2_000_000]);
});
