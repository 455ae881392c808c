/**
 * A task that is repeated.
 *
 * @module
 */

import type { Clock } from '../core/platform.ts';

/** Repeats a task with a pause after each run, until the returned function is called. The task's errors are ignored. */
export function repeat(clock: Clock, pauseMs: number, task: () => Promise<void>): () => void {
  let isStopped = false;
  let timer: unknown;
  const schedule = () => {
    if (!isStopped) timer = clock.setTimeout(run, pauseMs);
  };
  const run = () => {
    task()
      .catch(() => {})
      .finally(schedule);
  };
  schedule();
  return () => {
    isStopped = true;
    clock.clearTimeout(timer);
  };
}
