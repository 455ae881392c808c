import { expect, test, vi } from 'vitest';
import { Resource, type Timers } from './resource.ts';

/** Timers that a test runs. */
function makeTimers() {
  const pending = new Set<() => void>();
  const timers: Timers = {
    set: (callback) => {
      pending.add(callback);
      return callback;
    },
    clear: (timer) => void pending.delete(timer),
  };
  const run = () => {
    for (const callback of [...pending]) {
      pending.delete(callback);
      callback();
    }
  };
  return { timers, run, pending };
}

/** A load that a test answers. */
function makeLoad() {
  const answers: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  const load = vi.fn(() => new Promise<number>((resolve, reject) => answers.push({ resolve, reject })));
  return { load, answers };
}

const settle = () =>
  new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(() => queueMicrotask(resolve))));

test('many events cause one load, after a second', async () => {
  const { timers, run, pending } = makeTimers();
  const { load, answers } = makeLoad();
  const resource = new Resource(load, timers);
  for (let count = 0; count < 100; count += 1) resource.refresh();
  expect(load).not.toHaveBeenCalled();
  expect(pending.size).toBe(1);
  run();
  expect(load).toHaveBeenCalledTimes(1);
  answers[0]?.resolve(7);
  await settle();
  expect(resource.state).toEqual({ data: 7, error: '', code: '', isLoading: false });
});

test('an event during a load causes another load a second after it, so that nothing is missed', async () => {
  const { timers, run } = makeTimers();
  const { load, answers } = makeLoad();
  const resource = new Resource(load, timers);
  void resource.reload();
  resource.refresh();
  void resource.reload();
  run();
  expect(load).toHaveBeenCalledTimes(1);
  answers[0]?.resolve(1);
  await settle();
  run();
  expect(load).toHaveBeenCalledTimes(2);
});

test('data stays when a later load fails, beside the error', async () => {
  const { load, answers } = makeLoad();
  const resource = new Resource(load, makeTimers().timers);
  void resource.reload();
  answers[0]?.resolve(1);
  await settle();
  void resource.reload();
  answers[1]?.reject(new Error('the store is down'));
  await settle();
  expect(resource.state).toEqual({ data: 1, error: 'the store is down', code: 'internal', isLoading: false });
});

test('nothing is loaded or changed after the view was left', async () => {
  const { timers, run, pending } = makeTimers();
  const { load, answers } = makeLoad();
  const resource = new Resource(load, timers);
  void resource.reload();
  resource.close();
  answers[0]?.resolve(1);
  await settle();
  expect(resource.state.data).toBeUndefined();
  resource.refresh();
  run();
  expect(pending.size).toBe(0);
  expect(load).toHaveBeenCalledTimes(1);
});
