import { describe, expect, test } from 'vitest';
import { FakeClock } from './fake-clock.ts';
import { createRandom } from './random.ts';
import { RelayLink } from './relay-link.ts';

/** A link, and the packets that arrived, as `[number, milliseconds after the start]`. */
function open() {
  const clock = new FakeClock();
  const startMs = clock.monotonicMs();
  const link = new RelayLink(createRandom(3), clock);
  const arrived: [number, number][] = [];
  const pass = (number: number, bytes = 1_000) =>
    link.pass(bytes, () => arrived.push([number, Math.round(clock.monotonicMs() - startMs)]));
  return { clock, link, arrived, pass };
}

describe('a link', () => {
  test('without conditions passes packets at once', () => {
    const { link, arrived, pass } = open();
    pass(1);
    pass(2);
    expect(arrived).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect(link.counts).toEqual({ passed: 2, bytes: 2_000, lost: 0 });
  });

  test('has packets wait for the bottleneck, and then for the delay', () => {
    const { clock, link, arrived, pass } = open();
    link.shape({ bps: 80_000, delayMs: 20 });
    pass(1);
    pass(2);
    expect(link.queuedMs).toBe(200);
    clock.advance(1_000);
    expect(arrived).toEqual([
      [1, 120],
      [2, 220],
    ]);
    expect(link.takeLongestQueueMs()).toBe(200);
    expect(link.takeLongestQueueMs()).toBe(0);
  });

  test('loses what does not fit into the queue', () => {
    const { clock, link, arrived, pass } = open();
    link.shape({ bps: 80_000, queueMs: 150 });
    for (let number = 0; number < 5; number += 1) pass(number);
    clock.advance(1_000);
    expect(arrived.map(([number]) => number)).toEqual([0, 1]);
    expect(link.counts.lost).toBe(3);
  });

  test('loses a share at random, the same in every run', () => {
    const lose = () => {
      const { link, arrived, pass } = open();
      link.shape({ loss: 0.1 });
      for (let number = 0; number < 2_000; number += 1) pass(number);
      return { passed: arrived.map(([number]) => number), lost: link.counts.lost };
    };
    const { passed, lost } = lose();
    expect(lost).toBeGreaterThan(160);
    expect(lost).toBeLessThan(240);
    expect(lose().passed).toEqual(passed);
  });

  test('with jitter lets packets overtake others, and loses none', () => {
    const { clock, link, arrived, pass } = open();
    link.shape({ delayMs: 10, jitterMs: 30 });
    for (let number = 0; number < 50; number += 1) {
      pass(number);
      clock.advance(5);
    }
    clock.advance(100);
    const order = arrived.map(([number]) => number);
    expect(order).not.toEqual(order.toSorted((one, other) => one - other));
    expect(order.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 50 }, (_, number) => number));
    expect(arrived.every(([number, atMs]) => atMs >= number * 5 + 10 && atMs <= number * 5 + 41)).toBe(true);
  });

  test('passes nothing while it is blocked, and what waits when it is closed never arrives', () => {
    const { clock, link, arrived, pass } = open();
    link.shape({ isBlocked: true });
    pass(1);
    link.shape({ delayMs: 50 });
    pass(2);
    clock.advance(50);
    pass(3);
    link.close();
    clock.advance(100);
    expect(arrived).toEqual([[2, 50]]);
    expect(link.counts).toEqual({ passed: 2, bytes: 2_000, lost: 1 });
  });
});
