import { expect, test } from 'vitest';
import { Claim, createViewer } from '../../../tests/allocated-viewer.ts';
import { ALL_TEMPORAL_LAYERS } from './allocate.ts';

test('BWE-1: a link that falls in several steps costs the frame rate of the lowest layer for some seconds only', () => {
  const claim = new Claim({ kbps: [150, 400, 1_200], shares: [0.4, 0.6, 1], audioBps: 40_000 });
  const viewer = createViewer(5_000, claim);
  for (const [kbps, capacityKbps] of [
    [700, 700],
    [420, 420],
    [80, 270],
  ] as const) {
    viewer.estimate(kbps, capacityKbps);
    viewer.nowMs += 100;
  }
  // Every second frame goes on while the queue becomes shorter: 60 % of the layer and the sound leave half of the link to it.
  expect([claim.layer, claim.temporalLayer]).toEqual([0, 1]);
  viewer.estimate(270);
  viewer.advance(4.5);
  expect(claim.temporalLayer).toBe(1);
  viewer.advance(1);
  expect([claim.layer, claim.temporalLayer]).toEqual([0, ALL_TEMPORAL_LAYERS]);
  // The better layer waits, as after any falls.
  viewer.estimate(600);
  viewer.advance(10);
  expect(claim.layer).toBe(0);
});

test('BWE-2: frames that the link does not carry are not tried again for 30 s', () => {
  const claim = new Claim({ kbps: [150], shares: [0.4, 0.6, 1] });
  const viewer = createViewer(100, claim);
  expect(claim.temporalLayer).toBe(1);
  viewer.estimate(180);
  viewer.advance(6);
  expect(claim.temporalLayer).toBe(ALL_TEMPORAL_LAYERS);
  viewer.estimate(100);
  expect(claim.temporalLayer).toBe(1);
  viewer.estimate(180);
  viewer.advance(29);
  expect(claim.temporalLayer).toBe(1);
  viewer.advance(6);
  expect(claim.temporalLayer).toBe(ALL_TEMPORAL_LAYERS);
  expect(claim.switches).toEqual([0]);
});
