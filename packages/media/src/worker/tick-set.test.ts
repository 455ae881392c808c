import { expect, test, vi } from 'vitest';
import { TickSet, TimedTickSet } from './tick-set.ts';

test('members are called until they have no more work, and again when they are added', () => {
  const calls: string[] = [];
  const set = new TickSet((where, error) => calls.push(`${where}: ${String(error)}`));
  const member = {
    tick: (nowMs: number) => void calls.push(`tick ${nowMs}`),
    hasWork: (nowMs: number) => nowMs < 20,
  };
  set.tick(0);
  set.add(member);
  set.add(member);
  for (const nowMs of [10, 20, 30]) set.tick(nowMs);
  expect(calls).toEqual(['tick 10', 'tick 20']);
  set.add(member);
  set.tick(15);
  set.delete(member);
  set.tick(16);
  expect(calls).toEqual(['tick 10', 'tick 20', 'tick 15']);
});

test('an error in one member is reported, and the others are called', () => {
  const calls: string[] = [];
  const set = new TickSet((where, error) => calls.push(`${where}: ${String(error)}`));
  set.add({
    tick: () => {
      throw new Error('broken');
    },
    hasWork: () => true,
  });
  set.add({ tick: () => void calls.push('tick'), hasWork: () => true });
  set.tick(0);
  set.tick(60);
  expect(calls).toEqual(['tick: Error: broken', 'tick', 'tick: Error: broken', 'tick']);
  expect(set.size).toBe(2);
});

test('a timed set has a timer only while it has members', () => {
  vi.useFakeTimers();
  try {
    let calls = 0;
    const set = new TimedTickSet(
      5,
      () => Date.now(),
      () => undefined,
    );
    const tick = () => {
      calls += 1;
    };
    const member = { tick, hasWork: () => calls % 3 !== 0 };
    expect(vi.getTimerCount()).toBe(0);
    set.add(member);
    expect([vi.getTimerCount(), calls]).toEqual([1, 0]);
    vi.advanceTimersByTime(100);
    expect([vi.getTimerCount(), calls]).toEqual([0, 3]);
    set.add(member);
    vi.advanceTimersByTime(5);
    set.delete(member);
    vi.advanceTimersByTime(5);
    expect([vi.getTimerCount(), calls]).toEqual([0, 4]);
  } finally {
    vi.useRealTimers();
  }
});
