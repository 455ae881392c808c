import type { RoomKey } from '@gavel/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { KEY, login, ORIGIN, testSettings } from '../rooms/testing.ts';
import { Rooms } from './rooms.ts';

let settings = testSettings();
let rooms: Rooms;
beforeEach(() => {
  settings = testSettings();
  rooms = new Rooms(settings, { first: [], after: [] });
});

const key = (roomId: string, environment: RoomKey['environment'] = 'test') =>
  ({ ...KEY, environment, roomId }) as RoomKey;
/** Logs in; gives `in` or the code of the refusal. */
const enter = (where: RoomKey, userId: string, more: Parameters<typeof login>[1] = {}) =>
  rooms.execute(where, login(userId, more), ORIGIN).then(
    () => 'in',
    (error: { code: string }) => error.code,
  );
const enterAll = (where: RoomKey, count: number, name = 'u') =>
  Promise.all(Array.from({ length: count }, (_, index) => enter(where, `${name}${index}`)));

describe('the test environment', () => {
  test('a room has 50 members at most, whatever its first login asked for, and a user may log in again (TEST-1, ROOM-7)', async () => {
    await enter(key('r'), 'first', { maxMemberCount: 1000 });
    const answers = await enterAll(key('r'), 60);
    expect(answers.filter((answer) => answer === 'in')).toHaveLength(49);
    expect(answers.at(-1)).toBe('login.room-full');
    expect(await enter(key('r'), 'first')).toBe('in');
    expect(rooms.answer(key('r'), { type: 'summary' }).room?.memberCount).toBe(50);
  });

  test('a smaller cap of the first login counts (TEST-1)', async () => {
    await enter(key('r'), 'a', { maxMemberCount: 1 });
    expect(await enter(key('r'), 'b')).toBe('login.room-full');
  });

  test('an App has 10 rooms at most, and one that ends makes room (TEST-2)', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => enter(key(`r${index}`), `u${index}`)));
    expect(answers.filter((answer) => answer === 'in')).toHaveLength(10);
    expect(answers.at(-1)).toBe('login.room-full');
    expect(await enter(key('r0'), 'another')).toBe('in');
    expect(await enter({ ...key('r'), appId: 2 as never }, 'u')).toBe('in');
    await rooms.execute(key('r3'), { type: 'close', reason: '', announce: false }, ORIGIN);
    expect(await enter(key('r11'), 'u')).toBe('in');
  });

  test('production has neither limit (TEST-1, TEST-2, TEST-3)', async () => {
    expect(new Set(await enterAll(key('r', 'production'), 60))).toEqual(new Set(['in']));
    for (let index = 0; index < 12; index += 1)
      expect(await enter(key(`r${index}`, 'production'), `x${index}`)).toBe('in');
    expect(await enter(key('r0'), 'x0')).toBe('in');
  });
});

test('a room takes 200 logins in any second, exactly; refused ones do not count (LIM-1)', async () => {
  const room = key('r', 'production');
  const answers = await enterAll(room, 230);
  expect(answers.filter((answer) => answer === 'in')).toHaveLength(200);
  expect(answers.at(-1)).toBe('rate.limited');
  expect(await enter(key('other', 'production'), 'x')).toBe('in');
  settings.clock.advance(999);
  expect(await enter(room, 'late')).toBe('rate.limited');
  settings.clock.advance(1);
  expect(new Set(await enterAll(room, 200, 'v'))).toEqual(new Set(['in']));
});
