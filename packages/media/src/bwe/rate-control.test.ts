import { expect, test } from 'vitest';
import { ESTIMATOR_DEFAULTS } from './bandwidth-estimator.ts';
import { type LinkState, RateControl } from './rate-control.ts';

/** Sound and four frames per second to a viewer behind 300 kbit/s; little arrives between two frames. */
const FEW_FRAMES: LinkState = {
  trend: 'growing',
  acknowledgedBps: 62_000,
  sentBps: 117_000,
  roundTripMs: 60,
  queueMs: 115,
  isProbed: false,
};

function follow(link: LinkState, forMs: number): number {
  const control = new RateControl(254_000, ESTIMATOR_DEFAULTS);
  for (let atMs = 0; atMs < forMs; atMs += 60) control.update(link, atMs);
  return control.bps;
}

test('BWE-2: the short queue of one frame lowers an estimate of which half is unused by 15 %, not to what arrives between two frames', () => {
  expect(follow(FEW_FRAMES, 250)).toBe(254_000 * 0.85);
});

test('a queue longer than that of one frame lowers the estimate to what arrives, also of a viewer that gets little', () => {
  expect(follow({ ...FEW_FRAMES, queueMs: 250 }, 250)).toBe(62_000 * 0.85);
});

test('before the result of a probe is known, its queue does not lower an estimate that is not used', () => {
  const probed = { ...FEW_FRAMES, queueMs: 250, isProbed: true };
  expect(follow(probed, 250)).toBe(254_000);
  expect(follow({ ...probed, sentBps: 250_000 }, 250)).toBe(62_000 * 0.85);
});
