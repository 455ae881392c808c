import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PendingCalls } from './pending-calls.ts';

const TIMEOUT_MS = 5_000;

let calls: PendingCalls;
let sent: number[];

beforeEach(() => {
  vi.useFakeTimers();
  calls = new PendingCalls('Worker 0');
  sent = [];
});

afterEach(() => {
  vi.useRealTimers();
});

/** Makes a call; returns how it ended: its result, or the message of its error. */
function call(): { outcome: unknown } {
  const state: { outcome: unknown } = { outcome: 'pending' };
  calls
    .add('closePeer', TIMEOUT_MS, (id) => sent.push(id))
    .then(
      (result) => {
        state.outcome = result;
      },
      (error: Error) => {
        state.outcome = error.message;
      },
    );
  return state;
}

const answer = (id: number): void => calls.settle({ type: 'result', id, result: `answer ${id}` });

test('answers reach their calls, also in another order, and one that no call waits for is ignored', async () => {
  const [first, second] = [call(), call()];
  answer(2);
  calls.settle({ type: 'error', id: 1, code: 'no-such-peer', message: 'gone' });
  answer(9);
  await vi.advanceTimersByTimeAsync(0);
  expect([first.outcome, second.outcome]).toEqual(['gone', 'answer 2']);
});

test('a call without an answer ends after its time', async () => {
  const late = call();
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS - 1);
  expect(late.outcome).toBe('pending');
  await vi.advanceTimersByTimeAsync(2);
  expect(late.outcome).toBe('Worker 0 did not answer closePeer in time');
});

test('a thousand calls of a worker that answers one per 20 ms all get their answer', async () => {
  const waiting = Array.from({ length: 1_000 }, call);
  for (const id of sent) {
    await vi.advanceTimersByTimeAsync(20);
    answer(id);
  }
  await vi.advanceTimersByTimeAsync(0);
  expect(waiting.map(({ outcome }) => outcome)).toEqual(sent.map((id) => `answer ${id}`));
});

test('answers to later calls give no more time', async () => {
  const stuck = call();
  for (let id = 2; id <= 6; id += 1) {
    call();
    await vi.advanceTimersByTimeAsync(1_000);
    answer(id);
  }
  await vi.advanceTimersByTimeAsync(1);
  expect(stuck.outcome).toBe('Worker 0 did not answer closePeer in time');
});

test('an answer that arrived while this process was busy is in time', async () => {
  const slow = call();
  // What has arrived is read after the timers that are due.
  vi.advanceTimersByTime(TIMEOUT_MS);
  answer(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(slow.outcome).toBe('answer 1');
});

test('the death of the worker ends all calls', async () => {
  const waiting = [call(), call()];
  calls.rejectAll();
  await vi.advanceTimersByTimeAsync(0);
  expect(waiting.map(({ outcome }) => outcome)).toEqual(['Worker 0 died', 'Worker 0 died']);
  expect(vi.getTimerCount()).toBe(0);
});
