import { expect, test } from 'vitest';
import { createRandom } from '../../../tests/random.ts';
import { simulateViewing, sumFreezes } from '../../../tests/simulated-viewer.ts';

const NARROW_FROM_MS = 30_000;
const NARROW_UNTIL_MS = 60_000;
const END_MS = 90_000;

/** 5 Mbit/s, 300 kbit/s for 30 s, and 5 Mbit/s again. */
const readBps = (timeMs: number) => (timeMs >= NARROW_FROM_MS && timeMs < NARROW_UNTIL_MS ? 300_000 : 5_000_000);

test.each([1, 2, 3, 4])(
  'BWE-1: a link that falls to 300 kbit/s for 30 s lets the picture stand still for less than 3 s (seed %i)',
  (seed) => {
    const link = { bps: readBps, delayMs: 20, jitterMs: 2, queueMs: 1_000, random: createRandom(seed) };
    const { decodedAtMs, switches } = simulateViewing(link, END_MS);
    const countFrames = (fromMs: number, untilMs: number) =>
      decodedAtMs.filter((atMs) => atMs >= fromMs && atMs < untilMs).length;
    expect(sumFreezes(decodedAtMs.filter((atMs) => atMs >= NARROW_FROM_MS - 10_000))).toBeLessThan(3_000);
    // Not only each fourth of 15 frames per second, when the queue is short again.
    expect(countFrames(NARROW_FROM_MS + 15_000, NARROW_UNTIL_MS) / 15).toBeGreaterThan(7);
    const later = switches.filter(({ atMs }) => atMs >= NARROW_FROM_MS);
    expect(later.at(-1)).toMatchObject({ layer: 2 });
    expect((later.at(-1)?.atMs ?? END_MS) - NARROW_UNTIL_MS).toBeLessThan(15_000);
    expect(later.length).toBeLessThanOrEqual(4);
  },
);
