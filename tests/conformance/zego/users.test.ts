/** DescribeUserNum, DescribeUserList and DescribeUsers (reference zego 2.3). */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Harness, type Params, start } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await start();
});
afterEach(() => harness.close());

describe('DescribeUserNum', () => {
  const count = (RoomId: readonly string[]) => harness.call('DescribeUserNum', { RoomId });

  test('counts the users of each room, in the order asked for; a missing room has 0', async () => {
    for (const user of ['a', 'b']) await harness.join('two', user);
    await harness.join('one', 'c');
    await harness.join('two', 'd', { environment: 'test' });
    expect(await count(['none', 'two', 'one', 'two'])).toMatchObject({
      Code: 0,
      Message: 'success',
      Data: {
        UserCountList: [
          { RoomId: 'none', UserCount: 0, AdminUserCount: 0 },
          { RoomId: 'two', UserCount: 2, AdminUserCount: 0 },
          { RoomId: 'one', UserCount: 1, AdminUserCount: 0 },
          { RoomId: 'two', UserCount: 2, AdminUserCount: 0 },
        ],
      },
    });
  });

  test('takes 1 to 10 rooms: none is refused with 2, eleven with 3 (ACC-8)', async () => {
    const rooms = Array.from({ length: 11 }, (_, index) => `r${index}`);
    const codes = [[], ['a b'], rooms, ['x'.repeat(129)], rooms.slice(1)].map(async (list) => (await count(list)).Code);
    expect(await Promise.all(codes)).toEqual([2, 2, 3, 3, 0]);
  });

  test('answers 154 for a fault of the server, never a count of 0', async () => {
    vi.spyOn(harness.bus, 'query').mockRejectedValueOnce(new Error('lost'));
    const answer = await count(['r']);
    expect(answer.Code).toBe(154);
    expect(answer).not.toHaveProperty('Data');
  });
});

describe('DescribeUserList', () => {
  interface Page {
    readonly Marker: string;
    readonly UserList: readonly { readonly UserId: string }[];
  }

  async function page(params: Params = {}): Promise<{ readonly marker: string; readonly users: string[] }> {
    harness.nextSecond();
    const { Code, Data } = await harness.call('DescribeUserList', { RoomId: 'r', ...params });
    expect(Code).toBe(0);
    const { Marker, UserList } = Data as unknown as Page;
    return { marker: Marker, users: UserList.map(({ UserId }) => UserId) };
  }

  async function joinAll(...users: string[]): Promise<void> {
    for (const user of users) {
      harness.clock.advance(1);
      await harness.join('r', user);
    }
  }

  const refusal = async (params: Params) => {
    harness.nextSecond();
    return harness.codeOf('DescribeUserList', { RoomId: 'r', ...params });
  };

  test('lists users in the order of their logins, or against it', async () => {
    await joinAll('c', 'a', 'b');
    expect(await page()).toEqual({ marker: '', users: ['c', 'a', 'b'] });
    expect(await page({ Mode: '1' })).toEqual({ marker: '', users: ['b', 'a', 'c'] });
  });

  test('tells id, name and role of each', async () => {
    await harness.join('r', 'a', { userName: 'Ada 😀' });
    const { Data } = await harness.call('DescribeUserList', { RoomId: 'r' });
    expect(Data).toEqual({ Marker: '', UserList: [{ UserId: 'a', UserName: 'Ada 😀', UserRole: 2 }] });
  });

  test('of a room that does not exist is empty', async () => {
    expect(await page()).toEqual({ marker: '', users: [] });
  });

  test.each(['0', '1'])('goes by pages, the last of which has no marker (Mode %s)', async (Mode) => {
    const users = ['a', 'b', 'c', 'd', 'e'];
    await joinAll(...users);
    const seen: string[] = [];
    const sizes: number[] = [];
    let Marker: string | undefined;
    do {
      const { marker, users: some } = await page({ Mode, Limit: '2', Marker });
      seen.push(...some);
      sizes.push(some.length);
      Marker = marker;
    } while (Marker !== '');
    expect(seen).toEqual(Mode === '0' ? users : users.toReversed());
    expect(sizes).toEqual([2, 2, 1]);
  });

  test('has no marker where the page is exactly the rest', async () => {
    await joinAll('a', 'b');
    expect((await page({ Limit: '2' })).marker).toBe('');
  });

  test('users that log in in the same moment stand in one page each', async () => {
    for (const user of ['d', 'b', 'c', 'a']) await harness.join('r', user);
    const first = await page({ Limit: '3' });
    const second = await page({ Limit: '3', Marker: first.marker });
    expect([...first.users, ...second.users].sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('pages stay whole while users come and go, the one of the marker included', async () => {
    await joinAll('a', 'b', 'c', 'd', 'e');
    const first = await page({ Limit: '2' });
    expect(first.users).toEqual(['a', 'b']);
    await harness.call('KickoutUser', { RoomId: 'r', UserId: ['a', 'b'] });
    await joinAll('f');
    const second = await page({ Limit: '2', Marker: first.marker });
    expect(second.users).toEqual(['c', 'd']);
    const third = await page({ Limit: '2', Marker: second.marker });
    expect(third).toEqual({ marker: '', users: ['e', 'f'] });
  });

  test('has at most 200 users in a page, also with a limit of 0', async () => {
    const key = { appId: harness.app.appId, environment: 'production', roomId: 'r' } as never;
    for (let index = 0; index < 201; index += 1) {
      // No more than 200 logins to a room in a second.
      harness.clock.advance(5);
      const id = `u${index}` as never;
      const permissions = { publishAudio: false, publishVideo: false };
      await harness.rooms.execute(
        key,
        {
          type: 'login',
          user: { id, name: id },
          scheme: 'app-token',
          clientId: `c${index}`,
          connectionId: `x${index}`,
          onDuplicate: 'replace',
          wantsMembers: false,
          permissions,
          maxMemberCount: 0,
          address: '127.0.0.1',
          callbackData: '',
        },
        { channel: 'server', requestId: 'test' },
      );
    }
    const first = await page({ Limit: '0' });
    expect(first.users).toHaveLength(200);
    expect((await page({ Marker: first.marker })).users).toHaveLength(1);
  });

  test.each<[Params, number]>([
    [{ RoomId: undefined }, 2],
    [{ RoomId: 'x'.repeat(129) }, 3],
    [{ Mode: '2' }, 2],
    [{ Limit: '201' }, 2],
    [{ Limit: '-1' }, 2],
    [{ Limit: 'all' }, 2],
    [{ Marker: 'nonsense' }, 2],
    [{ Marker: '12-' }, 2],
    [{ Marker: 'x'.repeat(129) }, 3],
  ])('%j is refused with %d, and uses no limit up (ACC-8, RATE-4)', async (params, code) => {
    expect(await refusal(params)).toBe(code);
    expect(await harness.codeOf('DescribeUserList', { RoomId: 'r' })).toBe(0);
  });
});

describe('DescribeUsers', () => {
  const ask = (UserId: readonly string[], RoomId: string | undefined = 'r') =>
    harness.call('DescribeUsers', { RoomId, UserId });

  test('tells of each user, in the order asked for, whether it is in and since when', async () => {
    await harness.join('r', 'a');
    harness.clock.advance(5);
    const joinedAtMs = harness.clock.now();
    await harness.join('r', 'b');
    expect(await ask(['x', 'b', 'a'])).toMatchObject({
      Code: 0,
      Message: 'success',
      Data: {
        UserStatusList: [
          { UserId: 'x', Status: 0, LoginTime: 0, UserRole: 2 },
          { UserId: 'b', Status: 1, LoginTime: joinedAtMs, UserRole: 2 },
          { UserId: 'a', Status: 1, LoginTime: joinedAtMs - 5, UserRole: 2 },
        ],
      },
    });
  });

  test('of a room that does not exist is 50001', async () => {
    expect(await ask(['a'])).toMatchObject({ Code: 50001 });
  });

  test('takes 1 to 10 users: none is refused with 2, eleven with 3 (ACC-8)', async () => {
    await harness.join('r', 'a');
    const users = Array.from({ length: 11 }, (_, index) => `u${index}`);
    const codes = [[], [''], users, ['x'.repeat(65)], users.slice(1)].map(async (list) => (await ask(list)).Code);
    expect(await Promise.all(codes)).toEqual([2, 2, 3, 3, 0]);
  });

  test('a kicked user is out in the next answer', async () => {
    for (const user of ['a', 'b']) await harness.join('r', user);
    await harness.call('KickoutUser', { RoomId: 'r', UserId: ['a'] });
    expect((await ask(['a'])).Data).toMatchObject({ UserStatusList: [{ Status: 0 }] });
  });
});
