import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Notices } from './notices.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const texts = (notices: Notices): string[] => notices.state.notices.map(({ text }) => text);

test('a message goes after 6 s, one with an action after 20 s, and an error when it is dismissed', () => {
  const notices = new Notices();
  notices.show('done');
  notices.show('banned', { action: { label: 'Lift', run: () => undefined } });
  notices.show('refused', { isError: true });
  expect(texts(notices)).toEqual(['done', 'banned', 'refused']);
  vi.advanceTimersByTime(6000);
  expect(texts(notices)).toEqual(['banned', 'refused']);
  vi.advanceTimersByTime(3_600_000);
  expect(texts(notices)).toEqual(['refused']);
  notices.dismiss(notices.state.notices[0]?.id ?? 0);
  expect(texts(notices)).toEqual([]);
});
