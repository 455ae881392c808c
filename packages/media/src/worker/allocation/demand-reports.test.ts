import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DemandReports } from './demand-reports.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const createReport = (stream: string, highestLayer: number) => ({ stream, highestLayer, maxBps: undefined });

function createReports() {
  const messages: unknown[] = [];
  return { messages, reports: new DemandReports((changes) => messages.push(changes)) };
}

test('the changes of one turn are one message, in which each stream has its last layer', () => {
  const { messages, reports } = createReports();
  reports.add(createReport('a', 2));
  reports.add(createReport('b', 0));
  reports.add(createReport('a', -1));
  expect(messages).toEqual([]);
  vi.advanceTimersByTime(0);
  const first = [createReport('a', -1), createReport('b', 0)];
  expect(messages).toEqual([first]);
  vi.runAllTimers();
  expect(messages).toEqual([first]);
  reports.add(createReport('a', 1));
  vi.advanceTimersByTime(0);
  expect(messages).toEqual([first, [createReport('a', 1)]]);
});

test('what nobody takes any more is reported 20 ms later, or with the next message', () => {
  const { messages, reports } = createReports();
  for (const stream of ['a', 'b']) reports.add(createReport(stream, -1));
  vi.advanceTimersByTime(19);
  expect(messages).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(messages).toEqual([[createReport('a', -1), createReport('b', -1)]]);
  reports.add(createReport('a', -1));
  reports.add(createReport('c', 0));
  vi.advanceTimersByTime(0);
  expect(messages.slice(1)).toEqual([[createReport('a', -1), createReport('c', 0)]]);
  vi.runAllTimers();
  expect(messages).toHaveLength(2);
});
