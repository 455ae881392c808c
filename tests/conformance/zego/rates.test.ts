/** Rates of the Actions (RATE; reference zego 2.1); the rates on the seed pages are tested in their own files. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Harness, type Params, start } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await start({ app: { rateLimits: { DeleteStream: { production: 3 } } } });
});
afterEach(() => harness.close());

const STREAM = { UserId: 'u', StreamId: 's' };
const MESSAGE = { UserId: 'u', MessageCategory: '1', MessageContent: 'm' };

/** Returns how many of `limit + 1` concurrent calls are admitted. */
async function countAdmitted(action: string, limit: number, paramsOf: (index: number) => Params): Promise<number> {
  let admitted = 0;
  for (let index = 0; index <= limit; index += 1) {
    if ((await harness.codeOf(action, paramsOf(index))) !== 206) admitted += 1;
  }
  return admitted;
}

test.each<[string, number, number, Params]>([
  ['DescribeUserNum', 10, 1, { RoomId: ['r'] }],
  ['DescribeUsers', 10, 10, { UserId: ['u'] }],
  ['AddStream', 10, 1, STREAM],
  ['SendBroadcastMessage', 100, 10, MESSAGE],
  ['SendBarrageMessage', 100, 10, MESSAGE],
  ['SendCustomCommand', 100, 10, { FromUserId: 'u', MessageContent: 'm' }],
  ['SetForbidUserRule', 10, 10, { RuleType: '2', DisabledPrivilege: ['2'], EffectiveTime: '1' }],
  ['DelForbidUserRule', 10, 10, { RuleType: '2' }],
  ['DescribeForbidUserRules', 10, 10, { RuleType: '2' }],
  ['SetForbidStreamRule', 10, 10, { StreamId: 's', DisableAudio: '1' }],
  ['DelForbidStreamRule', 10, 10, { StreamId: 's' }],
  ['DescribeForbidStreamRules', 10, 10, { StreamId: ['s'] }],
])(
  '%s is admitted %d times a second, %d in the test environment (RATE-1)',
  async (action, production, test, params) => {
    const inRoom = (index: number) => ({ RoomId: `r${index}`, ...params });
    expect(await countAdmitted(action, production, inRoom)).toBe(production);
    expect(await countAdmitted(action, test, (index) => ({ ...inRoom(index), IsTest: 'true' }))).toBe(test);
  },
);

test.each<[string, number, number, string | string[]]>([
  ['DescribeRTCStreamState', 40, 10, 's'],
  ['ForbidRTCStream', 20, 5, 's'],
  ['ResumeRTCStream', 20, 5, 's'],
  ['ForbidRTCStreams', 20, 5, ['s']],
  ['ResumeRTCStreams', 20, 5, ['s']],
])(
  '%s is admitted %d times a second, %d in the test environment, else 30002 (RATE-1)',
  async (action, production, test, StreamId) => {
    for (const [limit, IsTest] of [
      [production, 'false'],
      [test, 'true'],
    ] as const) {
      const codes: number[] = [];
      for (let index = 0; index <= limit; index += 1) {
        codes.push(await harness.codeOf(action, { StreamId, Sequence: String(index), IsTest }));
      }
      expect(codes.filter((code) => code === 30002)).toHaveLength(1);
      expect(codes.at(-1)).toBe(30002);
      harness.nextSecond();
      expect(await harness.codeOf(action, { StreamId, Sequence: '1000', IsTest })).not.toBe(30002);
    }
  },
);

test.each([
  ['DescribeUserList', 200],
  ['DescribeSimpleStreamList', 50],
])('%s is admitted %d times a second over all rooms (RATE-1)', async (action, limit) => {
  expect(await countAdmitted(action, limit, (index) => ({ RoomId: `r${index}` }))).toBe(limit);
});

test.each([
  ['DescribeUserList', 1000],
  ['DescribeSimpleStreamList', 10_000],
])('%s is admitted once for a room in %d ms, else 207, environments apart (RATE-2)', async (action, windowMs) => {
  const codeOf = (RoomId: string, more: Params = {}) => harness.codeOf(action, { RoomId, ...more });
  expect([await codeOf('a'), await codeOf('a'), await codeOf('b')]).toEqual([0, 207, 0]);
  expect(await codeOf('a', { IsTest: 'true' })).toBe(0);
  harness.clock.advance(windowMs - 1);
  expect(await codeOf('a')).toBe(207);
  harness.clock.advance(1);
  expect(await codeOf('a')).toBe(0);
});

test("an App's own limit replaces the default one, for the environment it names (RATE-3)", async () => {
  const inRoom = (index: number) => ({ RoomId: `r${index}`, ...STREAM });
  expect(await countAdmitted('DeleteStream', 3, inRoom)).toBe(3);
  expect(await countAdmitted('DeleteStream', 1, (index) => ({ ...inRoom(index), IsTest: 'true' }))).toBe(1);
});

describe('what does not count', () => {
  test('Apps and Actions among each other (RATE-1)', async () => {
    expect(await harness.codeOf('CloseRoom', { RoomId: 'r' })).toBe(5018);
    expect(await harness.codeOf('CloseRoom', { RoomId: 'r' }, harness.otherApp)).toBe(5018);
    expect(await harness.codeOf('DeleteStream', { RoomId: 'r', ...STREAM })).toBe(104);
    expect(await harness.codeOf('CloseRoom', { RoomId: 'r' })).toBe(206);
  });

  test('calls that were refused: over the limit, unsigned, malformed (RATE-4)', async () => {
    for (let index = 0; index < 20; index += 1) {
      expect(await harness.codeOf('CloseRoom', { RoomId: 'a b' })).toBe(2);
      expect(await harness.codeOf('CloseRoom', { RoomId: 'r', Signature: 'x' })).toBe(100000005);
    }
    expect(await harness.codeOf('CloseRoom', { RoomId: 'r' })).toBe(5018);
    harness.clock.advance(500);
    expect(await harness.codeOf('CloseRoom', { RoomId: 'r' })).toBe(206);
    harness.clock.advance(500);
    expect(await harness.codeOf('CloseRoom', { RoomId: 'r' })).toBe(5018);
  });

  test('a call refused for its room, at the App (RATE-2, RATE-4)', async () => {
    for (let index = 0; index < 100; index += 1) await harness.codeOf('DescribeSimpleStreamList', { RoomId: 'a' });
    expect(await harness.codeOf('DescribeSimpleStreamList', { RoomId: 'b' })).toBe(0);
  });
});
