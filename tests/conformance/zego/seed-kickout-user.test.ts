/**
 * The page "Kick a user out of a room" (2021-10-25), line by line.
 *
 * Not tested, because these errors cannot occur here: 50003 (the online user count cannot fail on its own), 50004 (no user
 * information is looked up) and 50013 (the reason travels with the removal, not as a custom message). A fault of the
 * server is 100000015.
 */

import { RawClient } from '@gavel/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Harness, publish, start, tellingsOf } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await start();
});
afterEach(() => harness.close());

const kick = (users: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  harness.call('KickoutUser', { RoomId: '123', UserId: users, ...more });
const kickCode = async (...args: Parameters<typeof kick>) => (await kick(...args)).Code;

describe('description', () => {
  test('one or more users are kicked out, the others stay (KICK-1)', async () => {
    for (const user of ['a', 'b', 'c']) await harness.join('123', user);
    expect(await kickCode(['a', 'b'])).toBe(0);
    expect(await harness.usersOf('123')).toEqual(['c']);
  });

  test('they are stopped from publishing and playing before the answer comes (KICK-4)', async () => {
    const [victim, other] = [await harness.join('123', 'a'), await harness.join('123', 'b')];
    await publish(victim, 'of-a');
    await publish(other, 'of-b');
    await victim.media.play('of-b');
    harness.engine.calls.length = 0;
    expect(await kickCode(['a'])).toBe(0);
    const closed = harness.engine.calls.map((call) => call.split(':')[0]);
    expect(closed).toEqual(['closePeer']);
    expect(await harness.streamsOf('123')).toEqual(['of-b']);
  });

  test('the kicked user is told, with the reason, and its connection ends for good (KICK-5)', async () => {
    const victim = await harness.join('123', 'a');
    expect(await kickCode(['a'], { CustomReason: 'spam' })).toBe(0);
    expect((await victim.closed).code).toBe(4500);
    expect(tellingsOf(victim)).toEqual(['removed kicked spam']);
  });

  test('the others are told: first of its streams, then of the user (KICK-6)', async () => {
    const [victim, other] = [await harness.join('123', 'a'), await harness.join('123', 'b')];
    await publish(victim, 's');
    await kick(['a']);
    await other.event('memberLeft');
    expect(tellingsOf(other)).toEqual(['streamAdded s', 'streamRemoved s kicked', 'memberLeft a kicked']);
  });

  test('a kick is not a ban: the user may log in again (KICK-10)', async () => {
    for (const user of ['a', 'b']) await harness.join('123', user);
    await kick(['a']);
    await harness.join('123', 'a');
    expect(await harness.usersOf('123')).toEqual(['b', 'a']);
  });

  test('the resume ticket of a kicked user is refused, also while it is disconnected, and the refusal says why (KICK-9)', async () => {
    await harness.join('123', 'other');
    const victim = await RawClient.open(harness.baseUrl);
    const { ticket } = await victim.login(harness.app.appId, '123', 'a');
    victim.cut();
    await victim.closed;
    expect(await kickCode(['a'], { CustomReason: 'out' })).toBe(0);
    const back = await RawClient.open(harness.baseUrl);
    const { error } = await back.request('resume', { ticket, lastSeq: 0 });
    expect(error).toMatchObject({ code: 'resume.refused', details: { cause: 'kicked', reason: 'out' } });
  });
});

describe('request', () => {
  test("the page's example, as it is printed", async () => {
    for (const user of ['a', 'b', 'c']) await harness.join('123', user);
    const victim = await harness.join('123', 'a');
    const path = harness.sign({ Action: 'KickoutUser' });
    const example =
      '&RoomId=123&UserId[]=a&UserId[]=b&CustomReason=%E8%B8%A2%E5%87%BA%E7%94%A8%E6%88%B7-%E5%8E%9F%E5%9B%A0';
    expect(await harness.get(path + example)).toEqual({
      Code: 0,
      Message: 'success',
      RequestId: expect.stringMatching(/^\d{1,19}$/),
    });
    expect(await victim.event('removed')).toMatchObject({ reason: '踢出用户-原因' });
    expect(await harness.usersOf('123')).toEqual(['c']);
  });

  test('50 requests a second for all rooms of an App; the 51st is refused with 206 and kicks nobody (RATE-1, RATE-2)', async () => {
    await harness.join('123', 'a');
    const codes: number[] = [];
    for (let index = 0; index < 50; index += 1)
      codes.push(await harness.codeOf('KickoutUser', { RoomId: `r${index}`, UserId: ['x'] }));
    expect(new Set(codes)).toEqual(new Set([50001]));
    expect(await kickCode(['a'])).toBe(206);
    expect(await harness.usersOf('123')).toEqual(['a']);
    harness.nextSecond();
    expect(await kickCode(['a'])).toBe(0);
  });

  test('RoomId is required, of 1 to 128 bytes (KICK-1, ACC-8)', async () => {
    const codeOf = (RoomId: string | undefined) => harness.codeOf('KickoutUser', { RoomId, UserId: ['a'] });
    const codes = [undefined, '', 'with space', 'x'.repeat(129), 'x'.repeat(128)].map(codeOf);
    expect(await Promise.all(codes)).toEqual([2, 2, 2, 3, 50001]);
  });

  test('a call without a user id is refused with 2 (KICK-1)', async () => {
    await harness.join('123', 'a');
    expect([await kickCode([]), await kickCode(['']), await kickCode(['a', ''])]).toEqual([2, 2, 2]);
    expect(await harness.usersOf('123')).toEqual(['a']);
  });

  test('a list of five users is taken (KICK-1)', async () => {
    for (const user of ['a', 'b', 'c', 'd', 'e', 'f']) await harness.join('123', user);
    expect(await kickCode(['a', 'b', 'c', 'd', 'e'])).toBe(0);
    expect(await harness.usersOf('123')).toEqual(['f']);
  });

  test('a list of six users is refused with 50011, and nobody is kicked; repeats count (KICK-1)', async () => {
    await harness.join('123', 'a');
    expect(await kickCode(['a', 'b', 'c', 'd', 'e', 'f'])).toBe(50011);
    expect(await kickCode(['a', 'a', 'a', 'a', 'a', 'a'])).toBe(50011);
    expect(await harness.usersOf('123')).toEqual(['a']);
  });

  test('a user id longer than 64 bytes is refused with 3 (ACC-8)', async () => {
    expect([await kickCode(['x'.repeat(65)]), await kickCode(['x'.repeat(64)])]).toEqual([3, 50001]);
  });

  test('a reason of 256 bytes is taken, one of 257 refused with 50012 (KICK-1)', async () => {
    const victim = await harness.join('123', 'a');
    expect(await kickCode(['a'], { CustomReason: `${'踢'.repeat(85)}ab` })).toBe(50012);
    expect(await harness.usersOf('123')).toEqual(['a']);
    const reason = `${'踢'.repeat(85)}a`;
    expect(await kickCode(['a'], { CustomReason: reason })).toBe(0);
    expect(await victim.event('removed')).toMatchObject({ reason });
  });

  test.each([
    '"quotes" \\ and <b>tags</b>',
    '😀\u200d🔥\u202e',
    'line\nbreak\ttab\u0000nul',
    '\ufeffmark',
    'a+b%20c&d=e',
    '100%',
  ])('the reason %j arrives byte for byte, at the victim and in the audit log (KICK-11)', async (reason) => {
    const victim = await harness.join('123', 'a');
    expect(await kickCode(['a'], { CustomReason: reason })).toBe(0);
    expect(await victim.event('removed')).toMatchObject({ reason });
    expect(harness.log.filter((line) => line.audit === true && line.reason === reason)).not.toEqual([]);
  });
});

describe('return codes', () => {
  test('50001: the room does not exist (KICK-2)', async () => {
    expect(await kick(['a'])).toMatchObject({ Code: 50001, Message: 'The room does not exist.' });
  });

  test('50001: a room without users has been destroyed (KICK-2, ROOM-2)', async () => {
    const client = await harness.join('123', 'a');
    await client.request('logout');
    expect(await kickCode(['a'])).toBe(50001);
  });

  test('50001: the room was destroyed when its only user was kicked (KICK-2, ROOM-2)', async () => {
    await harness.join('123', 'a');
    expect([await kickCode(['a']), await kickCode(['a'])]).toEqual([0, 50001]);
  });

  test('50001: the room was destroyed when its heartbeat was missing for 100 s (KICK-2, ROOM-4)', async () => {
    await harness.join('123', 'a');
    for (let second = 0; second < 99; second += 1) harness.nextSecond();
    expect(await harness.usersOf('123')).toEqual(['a']);
    harness.nextSecond();
    expect(await kickCode(['a'])).toBe(50001);
  });

  test('50002: none of the users is in the room (KICK-3)', async () => {
    await harness.join('123', 'a');
    expect(await kickCode(['x', 'y'])).toBe(50002);
    expect(await kickCode(['A'])).toBe(50002);
  });

  test('0: some of the users are in the room; they are kicked (KICK-3)', async () => {
    for (const user of ['a', 'b']) await harness.join('123', user);
    expect(await kickCode(['x', 'a', 'x', 'a'])).toBe(0);
    expect(await harness.usersOf('123')).toEqual(['b']);
  });

  test('100000015: a fault of the server, of which nothing is told', async () => {
    await publish(await harness.join('123', 'a'), 's');
    harness.engine.closePeer = () => Promise.reject(new Error('the secret of the engine'));
    const answer = await kick(['a']);
    expect(answer).toMatchObject({ Code: 100000015, Message: 'An internal error occurred.' });
    expect(harness.log.find((line) => line.level === 50)).toMatchObject({ requestId: answer.RequestId });
  });
});
