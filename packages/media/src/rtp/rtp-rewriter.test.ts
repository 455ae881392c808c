import { expect, test } from 'vitest';
import { RtpRewriter } from './rtp-rewriter.ts';

function rewrite(
  rewriter: RtpRewriter,
  sequence: number,
  timestamp: number,
  nowMs: number,
): [number, number] | undefined {
  return rewriter.rewrite(sequence, timestamp, nowMs) ? [rewriter.sequence, rewriter.timestamp] : undefined;
}

test('a new source goes on with the next sequence number and the time that has passed', () => {
  const rewriter = new RtpRewriter(90_000);
  expect(rewrite(rewriter, 65_535, 1_000, 0)).toEqual([65_535, 1_000]);
  expect(rewrite(rewriter, 0, 4_000, 33)).toEqual([0, 4_000]);
  rewriter.switchSource();
  expect(rewrite(rewriter, 30_000, 777_777, 1_033)).toEqual([1, 4_000 + 90_000]);
  expect(rewrite(rewriter, 30_002, 780_777, 1_066)).toEqual([3, 4_000 + 93_000]);
  expect(rewrite(rewriter, 30_001, 780_777, 1_067)).toEqual([2, 4_000 + 93_000]);
});

test('a packet from before the new source began is dropped, since its number is taken', () => {
  const rewriter = new RtpRewriter(48_000);
  rewrite(rewriter, 10, 0, 0);
  rewriter.switchSource();
  expect(rewrite(rewriter, 500, 0, 20)).toEqual([11, 960]);
  expect(rewrite(rewriter, 499, 0, 21)).toBeUndefined();
});

test('a source may run through all sequence numbers', () => {
  const rewriter = new RtpRewriter(48_000);
  let wrong = 0;
  for (let sequence = 100; sequence < 200_000; sequence += 1) {
    if (!rewriter.rewrite(sequence & 0xffff, sequence, sequence) || rewriter.sequence !== (sequence & 0xffff))
      wrong += 1;
  }
  expect(wrong).toBe(0);
});

test('a late packet before a switch does not take the output back', () => {
  const rewriter = new RtpRewriter(90_000);
  rewrite(rewriter, 10, 0, 0);
  rewrite(rewriter, 12, 6_000, 66);
  rewrite(rewriter, 11, 3_000, 70);
  rewriter.switchSource();
  expect(rewrite(rewriter, 0, 0, 166)).toEqual([13, 15_000]);
});

test('timestamps of sender reports are mapped like those of packets, and not before the first packet', () => {
  const rewriter = new RtpRewriter(90_000);
  expect(rewriter.mapTimestamp(5)).toBeUndefined();
  rewrite(rewriter, 1, 1_000, 0);
  rewriter.switchSource();
  expect(rewriter.mapTimestamp(5)).toBeUndefined();
  rewrite(rewriter, 1, 0, 1_000);
  expect(rewriter.mapTimestamp(9_000)).toBe(1_000 + 90_000 + 9_000);
});
