import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ESTIMATOR_DEFAULTS } from '../bwe/bandwidth-estimator.ts';
import { parseRtcp } from '../rtp/rtcp.ts';
import { writeTwccFeedback } from '../rtp/twcc.ts';
import { PeerBandwidth } from './peer-bandwidth.ts';

const BYTES = 1_000;
const INTERVAL_MS = 10;

/** Passes RTCP on, as a peer does. */
function receive(bandwidth: PeerBandwidth, packet: Buffer, nowMs: number): void {
  for (const item of parseRtcp(packet)) {
    if (item.type === 'transport-feedback') bandwidth.handleFeedback(packet, item, nowMs);
  }
}

/** Sends packets every 10 ms, and a feedback about ten of them every 100 ms. */
function exchange(bandwidth: PeerBandwidth, seconds: number, arrivalMs: (sentMs: number) => number): void {
  let numbers: number[] = [];
  let arrivedAtMs: number[] = [];
  for (let nowMs = 0; nowMs < seconds * 1_000; nowMs += INTERVAL_MS) {
    numbers.push(bandwidth.recordSent(BYTES, nowMs));
    arrivedAtMs.push(arrivalMs(nowMs));
    if (numbers.length < 10) continue;
    const report = { senderSsrc: 1, mediaSsrc: 2, feedbackCount: 0, baseSequence: numbers[0] ?? 0, arrivedAtMs };
    receive(bandwidth, writeTwccFeedback(report).packet, nowMs + 50);
    numbers = [];
    arrivedAtMs = [];
  }
}

test('a peer without feedback is not limited', () => {
  const bandwidth = new PeerBandwidth();
  expect(bandwidth.recordSent(BYTES, 0)).toBe(0);
  expect(bandwidth.recordSent(BYTES, 1)).toBe(1);
  expect([bandwidth.hasFeedback, bandwidth.bps]).toEqual([false, Number.POSITIVE_INFINITY]);
});

test('BWE-1: feedback about a free link raises the estimate, and about a queue that grows lowers it', () => {
  const free = new PeerBandwidth();
  exchange(free, 60, (sentMs) => sentMs + 20);
  expect(free.bps).toBeGreaterThan(1_000_000);
  const slow = new PeerBandwidth();
  // Each packet needs three times as long as the interval.
  exchange(slow, 20, (sentMs) => 20 + sentMs * 3);
  expect(slow.bps).toBeLessThan(300_000);
});

test('a viewer that reports what it likes gets no more than about what was sent', () => {
  const bandwidth = new PeerBandwidth();
  // 800 kbit/s are sent, and the reports say that ten packets at a time arrive within 2 ms.
  exchange(bandwidth, 60, (sentMs) => Math.floor(sentMs / 1_500) * 1_500 + (sentMs % 1_500) / 1_000);
  expect(bandwidth.bps).toBeLessThan(2 * 800_000);
});

test('any feedback is survived, and the estimate stays within its bounds', () => {
  const { minBps, maxBps } = ESTIMATOR_DEFAULTS;
  const feedback = fc.record({
    baseSequence: fc.integer({ min: 0, max: 400 }),
    arrivedAtMs: fc.array(fc.option(fc.integer({ min: -2_000_000, max: 2_000_000 })), { minLength: 1, maxLength: 60 }),
    garbage: fc.uint8Array({ maxLength: 40 }),
  });
  fc.assert(
    fc.property(fc.array(feedback, { maxLength: 40 }), (reports) => {
      const bandwidth = new PeerBandwidth();
      let nowMs = 0;
      for (const { baseSequence, arrivedAtMs, garbage } of reports) {
        for (const endMs = nowMs + 100; nowMs < endMs; nowMs += 5) bandwidth.recordSent(BYTES, nowMs);
        const times = arrivedAtMs.map((atMs) => atMs ?? undefined);
        const { packet } = writeTwccFeedback({
          senderSsrc: 1,
          mediaSsrc: 2,
          feedbackCount: 0,
          baseSequence,
          arrivedAtMs: times,
        });
        receive(bandwidth, packet, nowMs);
        packet.set(garbage.subarray(0, Math.max(0, packet.length - 12)), 12);
        receive(bandwidth, packet, nowMs);
        if (!bandwidth.hasFeedback) continue;
        expect(bandwidth.bps).toBeGreaterThanOrEqual(minBps);
        expect(bandwidth.bps).toBeLessThanOrEqual(maxBps);
      }
    }),
  );
});
