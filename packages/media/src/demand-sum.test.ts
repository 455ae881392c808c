import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DemandSum, LINGER_MS } from './demand-sum.ts';
import type { StreamDemand } from './engine.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A stream of three layers that is published, and what its publisher was sent. */
function createSum(layers = 3) {
  const emitted: number[] = [];
  const sum = new DemandSum();
  const open = () => sum.open(layers, ({ highestLayer }) => void emitted.push(highestLayer));
  open();
  return { sum, emitted, open };
}

test('BWE-4: a stream that nobody watches is switched off after 2 s, and on at once', () => {
  const { sum, emitted } = createSum();
  vi.advanceTimersByTime(LINGER_MS - 1);
  expect(emitted).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(emitted).toEqual([-1]);
  sum.handleReport(0, 1);
  expect(emitted).toEqual([-1, 1]);
  sum.handleReport(0, 2);
  expect(emitted).toEqual([-1, 1, 2]);
});

test('BWE-4: the highest layer over all workers counts, and each layer is left for 2 s before it is off', () => {
  const { sum, emitted } = createSum();
  sum.handleReport(0, 2);
  sum.handleReport(1, 1);
  sum.handleReport(2, 0);
  vi.advanceTimersByTime(10_000);
  expect(emitted).toEqual([]);
  sum.handleReport(0, -1);
  vi.advanceTimersByTime(LINGER_MS - 100);
  sum.handleReport(1, 0);
  vi.advanceTimersByTime(100);
  expect(emitted).toEqual([1]);
  vi.advanceTimersByTime(LINGER_MS - 100);
  expect(emitted).toEqual([1, 0]);
});

test('BWE-4: a viewer that leaves and returns within 2 s changes nothing', () => {
  const { sum, emitted } = createSum();
  sum.handleReport(0, 2);
  vi.advanceTimersByTime(10_000);
  sum.handleReport(0, -1);
  vi.advanceTimersByTime(LINGER_MS - 1);
  sum.handleReport(0, 2);
  vi.advanceTimersByTime(60_000);
  expect(emitted).toEqual([]);
});

test('a publisher on a new connection sends everything, so it is told again what is not taken', () => {
  const { sum, emitted, open } = createSum();
  sum.handleReport(0, 0);
  vi.advanceTimersByTime(LINGER_MS);
  expect(emitted).toEqual([0]);
  open();
  expect(emitted).toEqual([0]);
  vi.advanceTimersByTime(LINGER_MS);
  expect(emitted).toEqual([0, 0]);
});

test('subscribers that were there before the publisher count, layers that it does not have do not', () => {
  const emitted: number[] = [];
  const sum = new DemandSum();
  sum.handleReport(0, 2);
  sum.open(2, ({ highestLayer }) => void emitted.push(highestLayer));
  vi.advanceTimersByTime(60_000);
  expect(emitted).toEqual([]);
});

test('nothing is emitted after the end of a publication, nor for one without video', () => {
  const { sum, emitted } = createSum();
  sum.close();
  sum.handleReport(0, 1);
  const audio = createSum(0);
  audio.sum.handleReport(0, 0);
  vi.advanceTimersByTime(60_000);
  expect([emitted, audio.emitted]).toEqual([[], []]);
});

test('BWE-4: what the only viewer can take is passed on, until there is another one', () => {
  const emitted: StreamDemand[] = [];
  const sum = new DemandSum();
  sum.open(1, (demand) => void emitted.push(demand));
  sum.handleReport(0, 0, 450_000);
  sum.handleReport(0, 0, 450_000);
  sum.handleReport(0, 0, 600_000);
  sum.handleReport(1, 0);
  sum.handleReport(1, -1);
  sum.handleReport(0, 0, 600_000);
  expect(emitted).toEqual([
    { highestLayer: 0, maxBps: 450_000 },
    { highestLayer: 0, maxBps: 600_000 },
    { highestLayer: 0 },
    { highestLayer: 0, maxBps: 600_000 },
  ]);
});
