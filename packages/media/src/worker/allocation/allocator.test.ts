import { describe, expect, test } from 'vitest';
import { Claim, createViewer, Viewer } from '../../../tests/allocated-viewer.ts';
import { createRandom } from '../../../tests/random.ts';

describe('falling and rising', () => {
  test('BWE-1: what does not fit any longer is lowered at once', () => {
    const viewer = createViewer(2_500, new Claim(), new Claim());
    expect(viewer.layers).toEqual([2, 2]);
    viewer.estimate(700);
    expect(viewer.layers).toEqual([1, 1]);
  });

  test('BWE-1: the best layer is back within 6 s after the bandwidth, and not before 5 s', () => {
    const viewer = createViewer(2_000, new Claim());
    viewer.estimate(250);
    viewer.advance(30);
    expect(viewer.layers).toEqual([0]);
    viewer.estimate(2_000);
    viewer.advance(4.5);
    expect(viewer.layers).toEqual([0]);
    viewer.advance(1);
    expect(viewer.layers).toEqual([2]);
  });

  test('a better layer needs 15 % headroom for the whole time', () => {
    const viewer = createViewer(900, new Claim());
    viewer.estimate(1_140);
    viewer.advance(60);
    expect(viewer.layers).toEqual([1]);
    for (let seconds = 0; seconds < 60; seconds += 4) {
      viewer.estimate(1_300);
      viewer.advance(3.5);
      viewer.estimate(1_000);
      viewer.advance(0.5);
    }
    expect(viewer.layers).toEqual([1]);
    viewer.estimate(1_160);
    viewer.advance(6);
    expect(viewer.layers).toEqual([2]);
  });

  test('BWE-2: while a queue becomes shorter, what fits afterwards has its lowest layer, and is not paused', () => {
    const viewer = createViewer(2_500, new Claim(), new Claim());
    viewer.estimate(80, 260);
    expect(viewer.layers).toEqual([0, 0]);
    viewer.nowMs += 100;
    viewer.estimate(79, 150);
    expect(viewer.layers).toEqual([0, -1]);
    expect(viewer.claims.map(({ pauses }) => pauses)).toEqual([[], [true]]);
  });

  test('what a subscription leaves goes to the others', () => {
    const [first, second] = [new Claim({ priority: 1 }), new Claim()];
    const viewer = createViewer(1_400, first, second);
    expect(viewer.layers).toEqual([2, 1]);
    viewer.allocator.remove(first);
    viewer.advance(1);
    expect(second.layer).toBe(2);
  });

  test('what is wanted more than before is sent without waiting, also at the expense of others', () => {
    const [first, second] = [new Claim(), new Claim()];
    const viewer = createViewer(1_200, first, second);
    expect(viewer.layers).toEqual([1, 1]);
    second.priority = 2;
    viewer.allocator.renew(second);
    viewer.allocator.update(viewer.nowMs);
    expect(viewer.layers).toEqual([0, 2]);
  });

  test('sound is taken off before any video', () => {
    const viewer = createViewer(330, new Claim({ audioBps: 40_000 }), new Claim({ audioBps: 40_000, kbps: [] }));
    expect(viewer.layers[0]).toBe(0);
    viewer.estimate(170);
    expect(viewer.claims[0]?.pauses).toEqual([true]);
    expect(viewer.allocator.allocatedBps).toBe(80_000);
  });
});

describe('pausing', () => {
  test('BWE-2: the least important videos are paused when the lowest layers do not fit, and resume by themselves', () => {
    const claims = [new Claim({ height: 90 }), new Claim({ priority: 1 }), new Claim({ height: 360 })];
    const viewer = createViewer(400, ...claims);
    expect(viewer.layers).toEqual([0, 0, 0]);
    viewer.estimate(210);
    expect(viewer.layers).toEqual([-1, 0, 0]);
    expect(claims.map(({ pauses }) => pauses)).toEqual([[true], [], []]);
    viewer.estimate(80);
    expect(viewer.layers).toEqual([-1, 0, 0]);
    viewer.advance(0.5);
    expect(viewer.layers).toEqual([-1, -1, -1]);
    viewer.estimate(400);
    viewer.advance(6);
    expect(viewer.layers).toEqual([0, 0, 0]);
    expect(claims.map(({ pauses }) => pauses)).toEqual([
      [true, false],
      [true, false],
      [true, false],
    ]);
  });

  test('BWE-2: a paused video resumes 5 s after it fits, also if a better picture was a mistake shortly before', () => {
    const viewer = createViewer(320, new Claim());
    viewer.estimate(1_200);
    viewer.advance(6);
    expect(viewer.layers).toEqual([2]);
    viewer.estimate(50);
    expect(viewer.layers).toEqual([-1]);
    viewer.estimate(400);
    viewer.advance(6);
    expect(viewer.layers).toEqual([0]);
    // The better picture waits until the mistake is forgotten.
    viewer.advance(10);
    expect(viewer.layers).toEqual([0]);
  });

  test('a video that is not wanted is not paused', () => {
    const claim = new Claim();
    const viewer = createViewer(50, claim);
    expect([claim.layer, claim.pauses, viewer.allocator.isPaused(claim)]).toEqual([-1, [true], true]);
    claim.kbps = [];
    viewer.advance(1);
    expect([claim.layer, claim.pauses, viewer.allocator.isPaused(claim)]).toEqual([-1, [true, false], false]);
  });
});

describe('the only viewer of a stream', () => {
  test('BWE-4: the publisher is limited to what it can take, rather than its video paused', () => {
    const claim = new Claim({ kbps: [1_500], audioBps: 40_000, isLone: true });
    const viewer = createViewer(5_000, claim);
    expect([claim.layer, claim.maxBps]).toEqual([0, undefined]);
    viewer.estimate(540);
    expect([claim.layer, claim.maxBps, claim.pauses]).toEqual([0, 450_000, []]);
    claim.kbps = [450];
    viewer.advance(10);
    expect([claim.layer, claim.maxBps, claim.pauses]).toEqual([0, 450_000, []]);
    // Probes find out whether there is more.
    expect(viewer.allocator.wantedBps).toBeGreaterThan(600_000);
    viewer.estimate(800);
    viewer.advance(3);
    expect(claim.maxBps).toBeUndefined();
    claim.kbps = [1_500];
    viewer.estimate(810);
    viewer.advance(1);
    expect([claim.maxBps, claim.pauses]).toEqual([693_000, []]);
  });

  test('BWE-2: a video whose publisher does not follow is paused after a while, and one of several viewers at once', () => {
    const claim = new Claim({ kbps: [1_500], isLone: true });
    const viewer = createViewer(5_000, claim);
    viewer.estimate(500);
    viewer.advance(4);
    expect(claim.pauses).toEqual([]);
    viewer.advance(3);
    expect([claim.maxBps, claim.pauses]).toEqual([undefined, [true]]);
    const shared = new Claim({ kbps: [1_500] });
    createViewer(5_000, shared).estimate(500);
    expect([shared.maxBps, shared.pauses]).toEqual([undefined, [true]]);
  });
});

describe('start', () => {
  test('a peer without feedback is not limited', () => {
    const viewer = new Viewer();
    Object.assign(viewer.source, {
      bps: Number.POSITIVE_INFINITY,
      capacityBps: Number.POSITIVE_INFINITY,
      hasFeedback: false,
    });
    viewer.add(new Claim({ isNumbered: false }), new Claim({ isNumbered: false, kbps: [90_000] }));
    expect(viewer.layers).toEqual([2, 0]);
  });

  test('until feedback is due, 300 kbit/s are assumed, and nothing is paused', () => {
    const viewer = new Viewer();
    Object.assign(viewer.source, {
      bps: Number.POSITIVE_INFINITY,
      capacityBps: Number.POSITIVE_INFINITY,
      hasFeedback: false,
    });
    viewer.add(...Array.from({ length: 5 }, () => new Claim()));
    expect(viewer.layers).toEqual([1, 0, 0, 0, 0]);
    viewer.source.hasFeedback = true;
    viewer.estimate(300);
    expect(viewer.layers).toEqual([1, 0, 0, 0, 0]);
    viewer.estimate(2_600);
    viewer.advance(1.5);
    expect(viewer.layers).toEqual([2, 1, 1, 1, 1]);
  });

  test('a peer that sends no feedback within 2 s is not limited', () => {
    const viewer = new Viewer();
    Object.assign(viewer.source, {
      bps: Number.POSITIVE_INFINITY,
      capacityBps: Number.POSITIVE_INFINITY,
      hasFeedback: false,
    });
    viewer.add(new Claim());
    expect(viewer.layers).toEqual([1]);
    viewer.advance(2);
    expect(viewer.layers).toEqual([2]);
  });
});

test('a peer whose wishes are met, and whose estimate does not change, costs nothing', () => {
  const viewer = createViewer(5_000, new Claim(), new Claim());
  viewer.updates = 0;
  viewer.advance(60);
  expect(viewer.updates).toBe(0);
  expect(viewer.allocator.wantedBps).toBe(2_000_000);
  viewer.estimate(4_000);
  viewer.advance(60);
  expect(viewer.updates).toBe(1);
});

test('what would be sent with all bandwidth, and the headroom of a rise, is known while less is sent', () => {
  const viewer = createViewer(500, new Claim({ audioBps: 40_000 }), new Claim());
  expect(viewer.allocator.wantedBps).toBe(2_040_000 * 1.2);
  expect(viewer.allocator.allocatedBps).toBeLessThanOrEqual(500_000);
});

describe('a steady link', () => {
  /** The most switches of any claim within 30 s. */
  function countSwitches(viewer: Viewer, seconds: number, link: (seconds: number) => number): number {
    const switchedAtMs = viewer.claims.map(() => [] as number[]);
    const counts = viewer.claims.map(({ switches }) => switches.length);
    for (let elapsed = 0; elapsed < seconds; elapsed += 0.5) {
      viewer.estimate(link(elapsed));
      viewer.advance(0.5);
      for (const [index, { switches }] of viewer.claims.entries()) {
        for (; (counts[index] as number) < switches.length; counts[index] = (counts[index] as number) + 1) {
          switchedAtMs[index]?.push(viewer.nowMs);
        }
      }
    }
    const within = (times: readonly number[], startMs: number) =>
      times.filter((atMs) => atMs >= startMs && atMs < startMs + 30_000).length;
    return Math.max(0, ...switchedAtMs.flatMap((times) => times.map((startMs) => within(times, startMs))));
  }

  test('at most 4 switches of a subscription in any 30 s, whatever the noise of the estimate', () => {
    const random = createRandom(7);
    for (let run = 0; run < 100; run += 1) {
      const claims = Array.from({ length: 1 + Math.floor(random() * 6) }, () => {
        const lowest = 60 + random() * 140;
        const kbps = [lowest, lowest * (2 + 2 * random()), lowest * (6 + 6 * random())].slice(
          0,
          1 + Math.floor(random() * 3),
        );
        return new Claim({ kbps, priority: Math.floor(random() * 3), height: 90 * (1 + Math.floor(random() * 4)) });
      });
      const mean = 150 + random() * 3_000;
      const noise = random() * 0.2;
      const period = 2 + random() * 40;
      const isSawtooth = run % 2 === 0;
      const viewer = createViewer(mean, ...claims);
      const wave = (seconds: number) => (isSawtooth ? 2 * ((seconds / period) % 1) - 1 : 2 * random() - 1);
      const switches = countSwitches(viewer, 180, (seconds) => mean * (1 + noise * wave(seconds)));
      expect(switches, `run ${run}: mean ${mean}, noise ${noise}, period ${period}`).toBeLessThanOrEqual(4);
    }
  });

  test('a rise that fails is not tried again for 30 s, unless the link is another one', () => {
    const claim = new Claim();
    const viewer = createViewer(900, claim);
    viewer.estimate(1_200);
    viewer.advance(6);
    viewer.estimate(900);
    expect(claim.layer).toBe(1);
    viewer.estimate(1_200);
    viewer.advance(25);
    expect(claim.layer).toBe(1);
    // So that probes find out.
    expect(viewer.allocator.wantedBps).toBeGreaterThan(1.5 * 1_200_000);
    viewer.estimate(2_000);
    viewer.advance(6);
    expect(claim.layer).toBe(2);
  });
});

describe('sound with redundancy', () => {
  const createSound = () => new Claim({ kbps: [100, 300], audioBps: 80_000, isRedundant: true });

  test('BWE-2: loses it at once where it takes more than half of the bandwidth, so that the picture fits', () => {
    const claim = createSound();
    const viewer = createViewer(1_000, claim);
    viewer.advance(12);
    expect(claim).toMatchObject({ isReduced: false, layer: 1 });
    viewer.estimate(145);
    expect(claim).toMatchObject({ isReduced: true, layer: 0 });
  });

  test('gets it back when there has been room for 5 s', () => {
    const claim = createSound();
    const viewer = createViewer(100, claim);
    viewer.advance(12);
    expect(claim.isReduced).toBe(true);
    viewer.estimate(150);
    viewer.advance(12);
    expect(claim.isReduced).toBe(true);
    viewer.estimate(1_000);
    viewer.advance(4);
    expect(claim.isReduced).toBe(true);
    viewer.advance(2);
    expect(claim.isReduced).toBe(false);
  });

  test('of a later subscription is reduced like that of the others', () => {
    const viewer = createViewer(100, createSound());
    viewer.advance(12);
    const later = createSound();
    viewer.allocator.add(later);
    expect(later.isReduced).toBe(true);
  });
});
