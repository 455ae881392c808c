import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DemandReports } from './demand-reports.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the changes of one turn are one message, in which each stream has its last layer', () => {
  const messages: unknown[] = [];
  const reports = new DemandReports((changes) => messages.push(changes));
  reports.add('a', 2);
  reports.add('b', 0);
  reports.add('a', -1);
  expect(messages).toEqual([]);
  vi.runAllTimers();
  const first = [
    { stream: 'a', highestLayer: -1 },
    { stream: 'b', highestLayer: 0 },
  ];
  expect(messages).toEqual([first]);
  reports.add('a', 1);
  vi.runAllTimers();
  expect(messages).toEqual([first, [{ stream: 'a', highestLayer: 1 }]]);
});
