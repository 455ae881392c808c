import { describe, expect, test } from 'vitest';
import { toReportedPackets } from '../../tests/parse-twcc.ts';
import { createRandom } from '../../tests/random.ts';
import { type Sample, type SenderOptions, simulateCall } from '../../tests/simulated-call.ts';
import { BandwidthEstimator } from './bandwidth-estimator.ts';

const MBIT = 1_000_000;
const EVERYTHING: SenderOptions = { wantedBps: () => 20 * MBIT };

/** A sender of 76 kbit/s of sound whose video is paused. */
const SOUND_ONLY: SenderOptions = { wantedBps: () => 1_200_000, sentBps: () => 76_000 };

function createLink(bps: number | ((timeMs: number) => number), delayMs: number, rest = {}) {
  const rate = typeof bps === 'number' ? () => bps : bps;
  return { bps: rate, delayMs, jitterMs: 2, queueMs: 300, random: createRandom(7), ...rest };
}

function mean(samples: readonly Sample[], read: (sample: Sample) => number): number {
  return samples.reduce((sum, sample) => sum + read(sample), 0) / samples.length;
}

const after = (samples: readonly Sample[], fromMs: number, toMs = Number.POSITIVE_INFINITY) =>
  samples.filter(({ timeMs }) => timeMs > fromMs && timeMs <= toMs);

describe('a steady link', () => {
  test.each([
    [100_000, 25],
    [300_000, 150],
    [MBIT, 5],
    [5 * MBIT, 75],
  ])('%i bit/s at %i ms: is found within 10 s, used by three quarters, and its queue stays short', (bps, delayMs) => {
    const [samples = []] = simulateCall(createLink(bps, delayMs), [EVERYTHING], 40_000);
    const found = samples.find(({ estimateBps }) => estimateBps >= 0.8 * bps)?.timeMs;
    expect(found).toBeLessThan(10_000);
    const steady = after(samples, 20_000);
    expect(mean(steady, ({ arrivedBps }) => arrivedBps) / bps).toBeGreaterThan(0.75);
    const queues = steady.map(({ queuedMs }) => queuedMs).sort((a, b) => a - b);
    expect(queues[Math.floor(queues.length * 0.95)]).toBeLessThan(150);
  });

  test('loss of one in ten packets, which a lower rate does not change, does not stop the estimate', () => {
    const [samples = []] = simulateCall(createLink(2 * MBIT, 25, { loss: 0.1 }), [EVERYTHING], 40_000);
    expect(mean(after(samples, 20_000), ({ arrivedBps }) => arrivedBps)).toBeGreaterThan(MBIT);
  });

  test('a queue too short to be noticed is noticed by its losses', () => {
    const [samples = []] = simulateCall(createLink(MBIT, 25, { queueMs: 15 }), [EVERYTHING], 60_000);
    const steady = after(samples, 30_000);
    expect(mean(steady, ({ estimateBps }) => estimateBps)).toBeLessThan(1.3 * MBIT);
    expect(mean(steady, ({ arrivedBps }) => arrivedBps)).toBeGreaterThan(0.75 * MBIT);
  });

  test.each([
    [300_000, 100, 0, 25],
    [3 * MBIT, 300, 10, 25],
    [2.5 * MBIT, 100, 10, 150],
  ])(
    'two peers share %i bit/s with a queue of %i ms fairly, also when one came %i s later (delay %i ms)',
    (bps, queueMs, seconds, delayMs) => {
      const late = { ...EVERYTHING, startMs: seconds * 1_000 };
      const [first = [], second = []] = simulateCall(createLink(bps, delayMs, { queueMs }), [EVERYTHING, late], 90_000);
      const ratio =
        mean(after(first, 45_000), ({ arrivedBps }) => arrivedBps) /
        mean(after(second, 45_000), ({ arrivedBps }) => arrivedBps);
      expect(ratio).toBeGreaterThan(0.7);
      expect(ratio).toBeLessThan(1.4);
    },
  );
});

describe('a link that changes', () => {
  test('BWE-1: after a drop to 300 kbit/s the queue is short within 5 s, and the rate is back 15 s after the link is free', () => {
    const rate = (timeMs: number) => (timeMs > 20_000 && timeMs <= 50_000 ? 300_000 : 5 * MBIT);
    const wanted: SenderOptions = { wantedBps: () => 2.5 * MBIT };
    const [samples = []] = simulateCall(createLink(rate, 25, { queueMs: 2_000 }), [wanted], 80_000);
    expect(Math.max(...after(samples, 25_000, 50_000).map(({ queuedMs }) => queuedMs))).toBeLessThan(300);
    expect(mean(after(samples, 25_000, 50_000), ({ arrivedBps }) => arrivedBps)).toBeGreaterThan(0.6 * 300_000);
    const back = after(samples, 50_000).find(({ estimateBps }) => estimateBps >= 2.3 * MBIT)?.timeMs;
    expect(back).toBeLessThan(65_000);
  });

  test('a sawtooth between 0.5 and 2 Mbit/s is followed', () => {
    const rate = (timeMs: number) => 500_000 + (1_500_000 * (timeMs % 20_000)) / 20_000;
    const [samples = []] = simulateCall(createLink(rate, 25), [EVERYTHING], 100_000);
    const steady = after(samples, 20_000);
    expect(mean(steady, ({ arrivedBps }) => arrivedBps)).toBeGreaterThan(0.6 * 1_250_000);
    expect(mean(steady, ({ queuedMs }) => queuedMs)).toBeLessThan(100);
  });
});

test('a viewer that gets sound only on a slow link is probed, and gets the link when it is free', () => {
  const rate = (timeMs: number) => (timeMs > 10_000 && timeMs <= 40_000 ? 80_000 : 2 * MBIT);
  const sound: SenderOptions = { wantedBps: () => MBIT, sentBps: (timeMs) => (timeMs > 12_000 ? 40_000 : MBIT) };
  const [samples = []] = simulateCall(createLink(rate, 25), [sound], 60_000);
  expect(Math.max(...after(samples, 20_000, 40_000).map(({ estimateBps }) => estimateBps))).toBeLessThan(200_000);
  const back = after(samples, 40_000).find(({ estimateBps }) => estimateBps >= 0.8 * MBIT)?.timeMs;
  expect(back).toBeLessThan(55_000);
});

test('a peer that sends little keeps the estimate that its probes prove, though they fill the queue', () => {
  // Sound only: what it would send next does not fit into what it has.
  const [samples = []] = simulateCall(createLink(300_000, 20, { queueMs: 1_000 }), [SOUND_ONLY], 90_000);
  const estimates = after(samples, 30_000).map(({ estimateBps }) => estimateBps);
  const enough = estimates.filter((bps) => bps > 230_000).length / estimates.length;
  expect(enough).toBeGreaterThan(0.9);
  expect(Math.max(...estimates)).toBeLessThan(450_000);
});

test('a network that stands still for a moment, such as Wi-Fi, does not take from a peer that sends little what it has not used', () => {
  const standstills = [20_000, 30_000, 40_000];
  const rate = (timeMs: number) =>
    standstills.some((atMs) => timeMs >= atMs && timeMs < atMs + 200) ? 12_000 : 5 * MBIT;
  const small: SenderOptions = { wantedBps: () => 2 * MBIT, sentBps: () => 64_000 };
  const [samples = []] = simulateCall(createLink(rate, 20, { queueMs: 1_000 }), [small], 50_000);
  const lowest = Math.min(...after(samples, 20_000).map(({ estimateBps }) => estimateBps));
  expect(lowest).toBeGreaterThan(250_000);
});

describe('sound that is sent whatever the estimate is', () => {
  const BYTES = 190;
  const INTERVAL_MS = 20;

  /** Sends 76 kbit/s of sound, of which one packet in twenty is lost, and arrives a second later when it was sent again. */
  function sendSound(seconds: number, repeats: boolean) {
    const estimator = new BandwidthEstimator();
    for (let index = 0; index < (seconds * 1_000) / INTERVAL_MS; index += 1) {
      const nowMs = index * INTERVAL_MS;
      const sequence = estimator.recordSent(BYTES, nowMs);
      if (sequence % 20 !== 0)
        estimator.handleFeedback(toReportedPackets([{ sequence, arrivedAtMs: nowMs }]), nowMs + 10);
      const lost = sequence - 50;
      if (!repeats || lost < 0 || lost % 20 !== 0) continue;
      estimator.recordRepetition(lost);
      estimator.handleFeedback(toReportedPackets([{ sequence: lost, arrivedAtMs: nowMs + 1 }]), nowMs + 11);
    }
    return estimator;
  }

  test('what is sent again under its number leaves the rate that arrives as it is', () => {
    const repeated = sendSound(30, true);
    expect(repeated.acknowledgedBps).toBe(sendSound(30, false).acknowledgedBps);
    expect(repeated.acknowledgedBps).toBeGreaterThan(60_000);
  });

  test('what arrives of it without a queue is proved at once', () => {
    const estimator = new BandwidthEstimator({ startBps: 30_000, minBps: 30_000, maxBps: MBIT });
    for (let nowMs = 0; nowMs < 1_500; nowMs += INTERVAL_MS) {
      const sequence = estimator.recordSent(BYTES, nowMs);
      estimator.handleFeedback(toReportedPackets([{ sequence, arrivedAtMs: nowMs }]), nowMs + 10);
    }
    expect(estimator.bps).toBeGreaterThan(60_000);
  });
});

describe('feedback', () => {
  const createEstimator = () => new BandwidthEstimator({ startBps: 300_000, minBps: 30_000, maxBps: MBIT });

  test('of unknown and of repeated numbers is ignored', () => {
    const estimator = createEstimator();
    estimator.handleFeedback(toReportedPackets([{ sequence: 5, arrivedAtMs: 1 }]), 10);
    expect(estimator.hasFeedback).toBe(false);
    const sequence = estimator.recordSent(1_000, 20);
    for (let round = 0; round < 1_000; round += 1)
      estimator.handleFeedback(toReportedPackets([{ sequence, arrivedAtMs: 5 }]), 30 + round);
    expect(estimator.hasFeedback).toBe(true);
    expect(estimator.bps).toBe(300_000);
  });

  test('that is missing leaves the estimate as it is', () => {
    const estimator = createEstimator();
    for (let timeMs = 0; timeMs < 60_000; timeMs += 10) estimator.recordSent(1_000, timeMs);
    expect(estimator.bps).toBe(300_000);
  });

  test('with forged arrival times keeps the estimate within its bounds', () => {
    const random = createRandom(3);
    const estimator = createEstimator();
    for (let timeMs = 0; timeMs < 20_000; timeMs += 5) {
      const sequence = estimator.recordSent(1_000, timeMs);
      const arrivedAtMs = random() < 0.2 ? undefined : (random() - 0.5) * 2 ** 30;
      estimator.handleFeedback(toReportedPackets([{ sequence, arrivedAtMs }]), timeMs + 20);
      estimator.probe(MBIT, timeMs);
      expect(estimator.bps).toBeGreaterThanOrEqual(30_000);
      expect(estimator.bps).toBeLessThanOrEqual(MBIT);
    }
  });

  test('whose clock wraps, every 12 days, changes nothing', () => {
    const wrapMs = 2 ** 24 * 64;
    const estimator = createEstimator();
    for (let timeMs = 0; timeMs < 10_000; timeMs += 20) {
      const sequence = estimator.recordSent(700, timeMs);
      estimator.handleFeedback(
        toReportedPackets([{ sequence, arrivedAtMs: (timeMs + wrapMs - 5_000) % wrapMs }]),
        timeMs + 20,
      );
    }
    expect(estimator.bps).toBeGreaterThan(300_000);
  });
});

describe('probe', () => {
  test('a peer that gets nothing with numbers any more, such as after its video was paused, is probed again', () => {
    const estimator = new BandwidthEstimator({ startBps: 300_000, minBps: 30_000, maxBps: 50 * MBIT });
    // The queue grows until nothing is sent.
    for (let count = 0; count < 200; count += 1) {
      const sequence = estimator.recordSent(1_000, count * 20);
      const reported = toReportedPackets([{ sequence, arrivedAtMs: count * 25 }]);
      estimator.handleFeedback(reported, count * 25 + 10);
    }
    expect(estimator.probe(2 * MBIT, 5_100)).toBe(0);
    let padding = 0;
    for (let timeMs = 8_100; timeMs < 8_200; timeMs += 5) padding += estimator.probe(2 * MBIT, timeMs);
    expect(padding).toBeGreaterThan(0);
  });

  test('a peer that wants no more than it gets is probed at the beginning only', () => {
    const estimator = new BandwidthEstimator({ startBps: 300_000, minBps: 30_000, maxBps: 50 * MBIT });
    let padding = 0;
    for (let timeMs = 0; timeMs < 60_000; timeMs += 5) {
      const due = estimator.probe(100_000, timeMs);
      if (timeMs > 5_000) padding += due;
      if (due > 0) {
        const sequence = estimator.recordSent(due, timeMs);
        estimator.handleFeedback(toReportedPackets([{ sequence, arrivedAtMs: timeMs + 10 }]), timeMs + 20);
      }
    }
    expect(estimator.bps).toBeGreaterThan(600_000);
    expect(padding).toBe(0);
  });

  test('a peer is probed again when nothing was sent for 3 s, whatever its queue was before', () => {
    const estimator = new BandwidthEstimator({ startBps: 300_000, minBps: 30_000, maxBps: 50 * MBIT });
    let arrivedAtMs = 0;
    const exchange = (bytes: number, timeMs: number, linkBps: number): void => {
      arrivedAtMs = Math.max(arrivedAtMs, timeMs) + (bytes * 8_000) / linkBps;
      const sequence = estimator.recordSent(bytes, timeMs);
      estimator.handleFeedback(toReportedPackets([{ sequence, arrivedAtMs }]), timeMs + 50);
    };
    for (let timeMs = 0; timeMs < 5_000; timeMs += 20) exchange(1_000, timeMs, 50_000);
    expect(estimator.bps).toBeLessThan(60_000);
    arrivedAtMs = 0;
    for (let timeMs = 5_000; timeMs < 20_000; timeMs += 5) {
      const padding = estimator.probe(500_000, timeMs);
      for (let bytes = padding; bytes >= 100; bytes -= 250) exchange(Math.min(250, bytes), timeMs, 5 * MBIT);
    }
    expect(estimator.bps).toBeGreaterThan(450_000);
  });

  test('a peer is probed again when the feedback of a long queue has come, long after the last packet', () => {
    const estimator = new BandwidthEstimator({ startBps: 300_000, minBps: 30_000, maxBps: 50 * MBIT });
    const late: { sequence: number; arrivedAtMs: number }[] = [];
    let arrivedAtMs = 0;
    // The link takes 64 ms for a packet, and one is sent every 20 ms: at the end the queue is 11 s long.
    for (let timeMs = 0; timeMs < 5_000; timeMs += 20) {
      arrivedAtMs = Math.max(arrivedAtMs, timeMs) + 64;
      late.push({ sequence: estimator.recordSent(400, timeMs), arrivedAtMs });
    }
    let isProbed = false;
    for (let timeMs = 5_000; timeMs < 30_000; timeMs += 5) {
      while ((late[0]?.arrivedAtMs ?? Number.POSITIVE_INFINITY) <= timeMs) {
        estimator.handleFeedback(toReportedPackets(late.splice(0, 1)), timeMs);
      }
      isProbed = estimator.probe(500_000, timeMs) > 0 && late.length === 0;
      if (isProbed) break;
    }
    expect(isProbed).toBe(true);
  });

  test('a probe is never more than 500 kbit/s above the estimate, after those at the beginning', () => {
    const estimator = new BandwidthEstimator({ startBps: 2 * MBIT, minBps: 30_000, maxBps: 50 * MBIT });
    // The first probes fail, because nothing arrives.
    for (let timeMs = 0; timeMs < 5_000; timeMs += 5) {
      const due = estimator.probe(20 * MBIT, timeMs);
      if (due > 0) estimator.recordSent(due, timeMs);
    }
    let sent = 0;
    let begunMs = 0;
    for (let timeMs = 5_000; timeMs < 40_000; timeMs += 5) {
      const due = estimator.probe(20 * MBIT, timeMs);
      if (due === 0) continue;
      if (sent === 0) begunMs = timeMs;
      estimator.recordSent(due, timeMs);
      sent += due;
      if (timeMs - begunMs > 200) break;
    }
    // A probe lasts 100 ms at most.
    expect(sent).toBeGreaterThan(0);
    expect(sent * 8 * 10).toBeLessThanOrEqual(2.5 * MBIT);
  });
});
