import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ESTIMATOR_DEFAULTS } from '../bwe/bandwidth-estimator.ts';
import { parseRtcp } from '../rtp/rtcp.ts';
import { writeTwccFeedback } from '../rtp/twcc.ts';
import { PeerBandwidth, PROBE_INTERVAL_MS } from './peer-bandwidth.ts';
import type { Ticking } from './tick-set.ts';

const BYTES = 1_000;
const INTERVAL_MS = 10;

/** The estimate of a peer, with a sender of padding. */
function createBandwidth(canPad = true) {
  const ticks = new Set<Ticking>();
  const counters = { probes: 0, paddingBytes: 0 };
  const padding: number[] = [];
  const sender = {
    canPad,
    sendPadding(bytes: number, nowMs: number): number {
      padding.push(bandwidth.recordSent(bytes, nowMs));
      return bytes;
    },
  };
  const bandwidth = new PeerBandwidth(ESTIMATOR_DEFAULTS, { ticks, counters }, new Map([[1, sender]]));
  return { bandwidth, ticks, counters, padding, sender };
}

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
  const bandwidth = createBandwidth().bandwidth;
  expect(bandwidth.recordSent(BYTES, 0)).toBe(0);
  expect(bandwidth.recordSent(BYTES, 1)).toBe(1);
  expect([bandwidth.hasFeedback, bandwidth.bps]).toEqual([false, Number.POSITIVE_INFINITY]);
});

test('BWE-1: feedback about a free link raises the estimate, and about a queue that grows lowers it', () => {
  const free = createBandwidth().bandwidth;
  exchange(free, 60, (sentMs) => sentMs + 20);
  expect(free.bps).toBeGreaterThan(1_000_000);
  const slow = createBandwidth().bandwidth;
  // Each packet needs three times as long as the interval.
  exchange(slow, 20, (sentMs) => 20 + sentMs * 3);
  expect(slow.bps).toBeLessThan(300_000);
});

test('a viewer that reports what it likes gets no more than about what was sent', () => {
  const bandwidth = createBandwidth().bandwidth;
  // 800 kbit/s are sent, and the reports say that ten packets at a time arrive within 2 ms.
  exchange(bandwidth, 60, (sentMs) => Math.floor(sentMs / 1_500) * 1_500 + (sentMs % 1_500) / 1_000);
  expect(bandwidth.bps).toBeLessThan(2 * 800_000);
});

describe('a probe', () => {
  /** Sends some packets, and a feedback about them. */
  function begin(bandwidth: PeerBandwidth): void {
    const numbers = [0, 5, 10].map((nowMs) => bandwidth.recordSent(BYTES, nowMs));
    const report = { senderSsrc: 1, mediaSsrc: 2, feedbackCount: 0, baseSequence: numbers[0] ?? 0 };
    receive(bandwidth, writeTwccFeedback({ ...report, arrivedAtMs: [20, 25, 30] }).packet, 50);
  }

  /** Calls the members as the worker does, until there is none; returns how long it took. */
  function run(ticks: Set<Ticking>, fromMs: number): number {
    let nowMs = fromMs;
    while (ticks.size > 0 && nowMs < fromMs + 1_000) {
      nowMs += PROBE_INTERVAL_MS;
      for (const member of ticks) {
        member.tick(nowMs);
        if (!member.hasWork(nowMs)) ticks.delete(member);
      }
    }
    return nowMs - fromMs;
  }

  test('begins with the first feedback, sends padding every few milliseconds, and ends', () => {
    const { bandwidth, ticks, counters, padding } = createBandwidth();
    expect(ticks.size).toBe(0);
    begin(bandwidth);
    expect(ticks.size).toBe(1);
    expect(run(ticks, 50)).toBeLessThanOrEqual(105);
    expect(padding.length).toBeGreaterThan(10);
    expect(counters.probes).toBe(1);
    // Three times 300 kbit/s, for at most two round trips.
    expect(counters.paddingBytes).toBeGreaterThan(4_000);
    expect(counters.paddingBytes).toBeLessThan(12_000);
  });

  test('is not made for a peer without video, and ends when there is none any more (RULE-1)', () => {
    const silent = createBandwidth(false);
    begin(silent.bandwidth);
    expect([silent.ticks.size, silent.padding.length]).toEqual([0, 0]);
    const blocked = createBandwidth();
    begin(blocked.bandwidth);
    blocked.sender.canPad = false;
    run(blocked.ticks, 50);
    expect(blocked.padding).toEqual([]);
  });

  test('sends nothing after the peer is closed (KICK-4)', () => {
    const { bandwidth, ticks, padding } = createBandwidth();
    begin(bandwidth);
    bandwidth.close();
    expect([run(ticks, 50), padding.length]).toEqual([0, 0]);
  });

  test('is due while the peer could use more than the estimate', () => {
    const { bandwidth } = createBandwidth();
    bandwidth.demand = { wantedBps: 2_000_000, allocatedBps: 300_000, hasPausedVideo: false };
    expect(bandwidth.isShort).toBe(false);
    begin(bandwidth);
    expect(bandwidth.isShort).toBe(true);
    bandwidth.demand = { wantedBps: 200_000, allocatedBps: 200_000, hasPausedVideo: false };
    expect(bandwidth.isShort).toBe(false);
  });
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
      const bandwidth = createBandwidth().bandwidth;
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
