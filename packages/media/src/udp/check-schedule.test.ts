import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CheckSchedule, MAX_CHECK_WAIT_MS } from './check-schedule.ts';

/** Checks that arrive at a socket, and how often they were looked for. */
class Arrivals {
  clients = 1_000;
  waiting = 0;
  answered = 0;
  reads = 0;
  isPolled = true;

  read(): number {
    const count = this.waiting;
    this.reads += 1;
    this.answered += count;
    this.waiting = 0;
    return count;
  }

  poll(isOn: boolean): void {
    this.isPolled = isOn;
  }
}

let arrivals: Arrivals;
let schedule: CheckSchedule;

beforeEach(() => {
  vi.useFakeTimers();
  arrivals = new Arrivals();
  schedule = new CheckSchedule(arrivals, () => performance.now());
});

afterEach(() => {
  schedule.close();
  vi.useRealTimers();
});

/** A check arrives; the event loop finds it if it polls. */
function arrive(): void {
  arrivals.waiting += 1;
  if (arrivals.isPolled) schedule.handleReadable();
}

test('a thousand checks in a second are answered in groups, none later than 20 ms', () => {
  for (let index = 0; index < 1_000; index += 1) {
    arrive();
    vi.advanceTimersByTime(1);
    expect(arrivals.waiting).toBeLessThanOrEqual(MAX_CHECK_WAIT_MS);
  }
  vi.advanceTimersByTime(MAX_CHECK_WAIT_MS);
  expect(arrivals.answered).toBe(1_000);
  expect(arrivals.reads).toBeLessThan(60);
});

test('a worker without checks sleeps: no timer runs, and the event loop polls', () => {
  arrive();
  vi.advanceTimersByTime(2 * MAX_CHECK_WAIT_MS);
  expect(arrivals).toMatchObject({ answered: 1, isPolled: true });
  expect(vi.getTimerCount()).toBe(0);
});

test('checks are answered at once while a client connects', () => {
  arrive();
  arrive();
  expect(arrivals.answered).toBe(1);
  schedule.expectClient();
  expect(arrivals.answered).toBe(2);
  for (let index = 0; index < 10; index += 1) {
    arrive();
    expect(arrivals.waiting).toBe(0);
    vi.advanceTimersByTime(150);
  }
  vi.advanceTimersByTime(2_000);
  arrive();
  arrive();
  expect(arrivals.waiting).toBe(1);
});

test('the fewer clients, the shorter a check waits; those of a few are answered at once', () => {
  arrivals.clients = 99;
  for (let index = 0; index < 10; index += 1) arrive();
  expect(arrivals).toMatchObject({ answered: 10, isPolled: true });
  arrivals.clients = 250;
  arrive();
  arrive();
  vi.advanceTimersByTime(4);
  expect(arrivals.waiting).toBe(1);
  vi.advanceTimersByTime(1);
  expect(arrivals.waiting).toBe(0);
});

test('a worker that media wakes answers what waits, at most every 15 ms, and needs no timer for it', () => {
  arrive();
  arrive();
  schedule.handleAwake();
  expect(arrivals.answered).toBe(1);
  for (let index = 0; index < 100; index += 1) {
    vi.advanceTimersByTime(1);
    schedule.handleAwake();
    arrive();
  }
  expect(arrivals.answered).toBeGreaterThan(85);
  expect(arrivals.reads).toBeLessThanOrEqual(8);
  expect(arrivals.isPolled).toBe(false);
});

test('while media wakes the worker, that reads the checks, and the timer hardly runs', () => {
  arrive();
  const longest = { waiting: 0 };
  for (let time = 0; time < 1_000; time += 5) {
    arrive();
    vi.advanceTimersByTime(5);
    longest.waiting = Math.max(longest.waiting, arrivals.waiting);
    schedule.handleAwake();
  }
  // One check in 5 ms: five of them are the wait and the packet after it.
  expect(longest.waiting).toBeLessThanOrEqual(5);
  expect(arrivals.reads).toBeLessThan(1_000 / 15 + 2);
  // The media ends: the last group waits for the timer, the next ones as always.
  arrive();
  vi.advanceTimersByTime(5 * MAX_CHECK_WAIT_MS);
  expect(arrivals.waiting).toBe(0);
  arrive();
  vi.advanceTimersByTime(MAX_CHECK_WAIT_MS);
  expect(arrivals.waiting).toBe(0);
});

test('packets that come more rarely than checks are due do not make checks wait longer', () => {
  for (let time = 0; time < 1_000; time += 1) {
    arrive();
    if (time % 37 === 36) schedule.handleAwake();
    vi.advanceTimersByTime(1);
    // There is one check in each millisecond.
    expect(arrivals.waiting).toBeLessThanOrEqual(MAX_CHECK_WAIT_MS);
  }
});
