import { expect, test } from 'vitest';
import { type AppId, byteLength, isLongerThan, type RoomId, type RoomKey, roomKeyText } from './ids.ts';

test.each(['', 'a'.repeat(9), 'é'.repeat(9), '踢'.repeat(9), '😀'.repeat(9), 'a踢é😀'])(
  'a text is longer than a limit if its bytes are more: %s (ACC-8)',
  (text) => {
    const bytes = byteLength(text);
    for (const limit of [0, bytes - 1, bytes, bytes + 1]) expect(isLongerThan(text, limit)).toBe(bytes > limit);
  },
);

test('the text of a key is its own, whichever key was formatted before', () => {
  const key = (appId: number, roomId: string): RoomKey => ({
    appId: appId as AppId,
    environment: 'production',
    roomId: roomId as RoomId,
  });
  const [one, other] = [key(1, 'a'), key(2, 'b')];
  expect([one, one, other, one, key(1, 'a')].map(roomKeyText)).toEqual([
    '1/live/a',
    '1/live/a',
    '2/live/b',
    '1/live/a',
    '1/live/a',
  ]);
});
