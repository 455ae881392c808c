import { afterEach, describe, expect, it, vi } from 'vitest';
import { defineRow, type RunningSubject, type Subject, type Values } from './row.ts';
import { runRow } from './run-row.ts';

interface Fake extends RunningSubject {
  measure(): Promise<Values>;
}

const subjectOf = (name: string, measure: () => Promise<Values>, stop = vi.fn(async () => {})): Subject<Fake> => ({
  name,
  start: async () => ({ version: '1', measure, stop }),
});

const rowOf = (...subjects: Subject<Fake>[]) =>
  defineRow<Fake>({
    name: 'row',
    work: 'Work.',
    metrics: [{ key: 'time', label: 'time', unit: 'ms', better: 'lower' }],
    subjects,
    // Without it each subject warms up for some seconds.
    freshProcess: true,
    rounds: 3,
    measure: (running) => running.measure(),
  });

describe('a row', () => {
  afterEach(() => vi.useRealTimers());

  it('goes on when a subject fails, be it Gavel, and names it', async () => {
    const failing = async () => Promise.reject(new Error('no packet'));
    const result = await runRow(
      rowOf(
        subjectOf('Gavel', failing),
        subjectOf('Janus', async () => ({ time: 2 })),
      ),
    );
    expect(result.subjects.map(({ name, figures }) => [name, figures.time?.median])).toEqual([['Janus', 2]]);
    expect(result.skipped).toEqual([{ name: 'Gavel', why: 'no packet', hasFailed: true }]);
  });

  it('ends a round that never has a result, and goes on', async () => {
    vi.useFakeTimers();
    const stop = vi.fn(async () => {});
    const hanging = subjectOf('Gavel', () => new Promise(() => {}), stop);
    const running = runRow(
      rowOf(
        hanging,
        subjectOf('Janus', async () => ({ time: 2 })),
      ),
    );
    await vi.advanceTimersByTimeAsync(300_000);
    const result = await running;
    expect(result.skipped).toEqual([{ name: 'Gavel', why: 'a round had no result after 300 s', hasFailed: true }]);
    expect(stop).toHaveBeenCalledOnce();
    expect(result.subjects).toHaveLength(1);
  });

  it('has no figure of rounds whose value is missing or not finite', async () => {
    const rounds: Values[] = [{ time: Number.NaN, cpu: Number.POSITIVE_INFINITY }, { time: 4 }, { time: undefined }];
    const result = await runRow(rowOf(subjectOf('Gavel', async () => rounds.shift() ?? {})));
    expect(result.subjects[0]?.figures).toEqual({ time: { median: 4, min: 4, max: 4 } });
  });

  it('names a subject as failed that does not stop', async () => {
    const stop = vi.fn(async () => Promise.reject(new Error('does not end')));
    const result = await runRow(rowOf(subjectOf('Janus', async () => ({ time: 1 }), stop)));
    expect(result.skipped).toEqual([{ name: 'Janus', why: 'does not end', hasFailed: true }]);
  });
});
