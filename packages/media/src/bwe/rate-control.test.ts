import { expect, test } from 'vitest';
import { ESTIMATOR_DEFAULTS } from './bandwidth-estimator.ts';
import { type LinkState, RateControl } from './rate-control.ts';

/** Sound, and four pictures per second, of a viewer behind 300 kbit/s; between two pictures little arrives. */
const FEW_PICTURES: LinkState = {
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

test('BWE-2: a picture that is a queue for a moment takes a seventh of a rate of which half is unused, not all but the sound', () => {
  expect(follow(FEW_PICTURES, 250)).toBe(254_000 * 0.85);
});

test('a queue longer than one picture shows that the link is slower, also to a viewer that gets little', () => {
  expect(follow({ ...FEW_PICTURES, queueMs: 250 }, 250)).toBe(62_000 * 0.85);
});

test('the queue of a probe lowers no rate that is not used, before its result is known', () => {
  const probed = { ...FEW_PICTURES, queueMs: 250, isProbed: true };
  expect(follow(probed, 250)).toBe(254_000);
  expect(follow({ ...probed, sentBps: 250_000 }, 250)).toBe(62_000 * 0.85);
});
