import { describe, expect, test } from 'vitest';
import { formatAmount, formatBitrate, formatBytes, formatDuration, formatTime } from './format.ts';

describe('durations', () => {
  test.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [7_500_000, '2 h 05 min'],
    [86_400_000, '1 d 0 h'],
    [273_600_000, '3 d 4 h'],
  ])('%i ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('bitrates', () => {
  test.each([
    [0, '–'],
    [40, '1 kbit/s'],
    [64_400, '64 kbit/s'],
    [999_499, '999 kbit/s'],
    [999_500, '1.0 Mbit/s'],
    [2_540_000, '2.5 Mbit/s'],
  ])('%i is %s', (bitrate, text) => {
    expect(formatBitrate(bitrate)).toBe(text);
  });
});

test('sizes are in MB or GB', () => {
  expect([120_400_000, 999_400_000, 1_540_000_000].map(formatBytes)).toEqual(['120 MB', '999 MB', '1.5 GB']);
});

test('a time has its date if it is not of today, and the year if it is not of this year', () => {
  const at = new Date(2026, 4, 9, 14, 5, 7).getTime();
  expect(formatTime(at, new Date(2026, 4, 9, 23).getTime())).toBe('14:05:07');
  expect(formatTime(at, new Date(2026, 4, 10, 1).getTime())).toBe('9 May, 14:05');
  expect(formatTime(at, new Date(2027, 0, 1).getTime())).toBe('9 May 2026, 14:05');
});

test('amounts have the noun in its form', () => {
  expect(formatAmount(1, 'room')).toBe('1 room');
  expect(formatAmount(12_345, 'room')).toBe('12,345 rooms');
  expect(formatAmount(0, 'person', 'people')).toBe('0 people');
});
