import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DemandReports } from './demand-reports.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const createReport = (stream: string, highestLayer: number) => ({ stream, highestLayer, maxBps: undefined });

test('the changes of one turn are one message, in which each stream has its last layer', () => {
  const messages: unknown[] = [];
  const reports = new DemandReports((changes) => messages.push(changes));
  reports.add(createReport('a', 2));
  reports.add(createReport('b', 0));
  reports.add(createReport('a', -1));
  expect(messages).toEqual([]);
  vi.runAllTimers();
  const first = [createReport('a', -1), createReport('b', 0)];
  expect(messages).toEqual([first]);
  reports.add(createReport('a', 1));
  vi.runAllTimers();
  expect(messages).toEqual([first, [createReport('a', 1)]]);
});
