import { expect, test } from 'vitest';
import { RiseGuard } from './rise-guard.ts';

test('without a fall every rise is permitted', () => {
  const guard = new RiseGuard();
  for (let nowMs = 0; nowMs < 10_000; nowMs += 1_000) {
    expect(guard.permits(100, nowMs)).toBe(true);
    guard.handleRise(100, nowMs);
  }
});

test('after a fall there is no rise for 5 s', () => {
  const guard = new RiseGuard();
  guard.handleFall(1_000, false, 0);
  expect([4_999, 5_000].map((nowMs) => guard.permits(1_400, nowMs))).toEqual([false, true]);
});

test('after a rise that was taken back within 15 s there is none for 30 s, unless the link is another one', () => {
  const guard = new RiseGuard();
  guard.handleRise(1_000, 0);
  guard.handleFall(900, false, 14_000);
  expect(guard.readOtherLinkBps(20_000)).toBe(1_500);
  expect(guard.permits(1_500, 20_000)).toBe(true);
  expect([43_999, 44_000].map((nowMs) => guard.permits(1_400, nowMs))).toEqual([false, true]);
});

test('after more than one switch in 30 s there is no rise', () => {
  const guard = new RiseGuard();
  guard.handleFall(1_000, false, 0);
  guard.handleFall(900, false, 1_000);
  expect([29_999, 30_000].map((nowMs) => guard.permits(1_400, nowMs))).toEqual([false, true]);
});

test('a paused video may be resumed 5 s after its last fall, but only one pause in 30 s is followed by that (BWE-2)', () => {
  const guard = new RiseGuard();
  guard.handleFall(1_000, false, 0);
  guard.handleFall(500, true, 1_000);
  expect([5_999, 6_000].map((nowMs) => guard.permitsResume(nowMs))).toEqual([false, true]);
  guard.handleRise(700, 6_000);
  guard.handleFall(500, true, 10_000);
  expect([20_000, 30_999, 31_000].map((nowMs) => guard.permitsResume(nowMs))).toEqual([false, false, true]);
});
