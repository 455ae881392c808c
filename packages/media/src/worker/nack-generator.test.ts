import { expect, test } from 'vitest';
import { NACK_GIVE_UP_MS, NACK_INTERVAL_MS, NackGenerator, REORDER_TOLERANCE_MS } from './nack-generator.ts';

test('a gap is asked for once it can no longer be reordering, and again until it is filled (MED-4)', () => {
  const gaps = new NackGenerator();
  expect(gaps.handlePacket(10, 0)).toBe('next');
  expect(gaps.handlePacket(13, 0)).toBe('next');
  expect(gaps.lost).toBe(2);
  expect(gaps.collect(REORDER_TOLERANCE_MS - 1)).toBeUndefined();
  expect(gaps.collect(REORDER_TOLERANCE_MS)).toEqual({ sequences: [11, 12], needsKeyframe: false });
  expect(gaps.collect(REORDER_TOLERANCE_MS + NACK_INTERVAL_MS - 1)).toBeUndefined();
  expect(gaps.handlePacket(11, 60)).toBe('recovered');
  expect(gaps.collect(REORDER_TOLERANCE_MS + NACK_INTERVAL_MS)).toEqual({ sequences: [12], needsKeyframe: false });
  expect(gaps.handlePacket(12, 120)).toBe('recovered');
  expect(gaps.collect(10_000)).toBeUndefined();
});

test('a reordered packet is not asked for, and does not count as retransmitted', () => {
  const gaps = new NackGenerator();
  gaps.handlePacket(1, 0);
  gaps.handlePacket(3, 0);
  expect(gaps.handlePacket(2, 5)).toBe('late');
  expect(gaps.collect(1_000)).toBeUndefined();
});

test('a packet that does not come is given up after a second, and a keyframe is asked for', () => {
  const gaps = new NackGenerator();
  gaps.handlePacket(1, 0);
  gaps.handlePacket(3, 0);
  let asked = 0;
  let keyframes = 0;
  for (let nowMs = 0; nowMs <= 2_000; nowMs += 20) {
    const work = gaps.collect(nowMs);
    asked += work?.sequences.length ?? 0;
    if (work?.needsKeyframe) {
      keyframes += 1;
      expect(nowMs).toBeLessThanOrEqual(NACK_GIVE_UP_MS);
    }
  }
  expect(asked).toBe(10);
  expect(keyframes).toBe(1);
});

test('a gap too wide to be filled is not asked for packet by packet: a keyframe is', () => {
  const gaps = new NackGenerator();
  gaps.handlePacket(1, 0);
  gaps.handlePacket(30_000, 0);
  expect(gaps.collect(20)).toEqual({ sequences: [], needsKeyframe: true });
  expect(gaps.collect(40)).toBeUndefined();
});
