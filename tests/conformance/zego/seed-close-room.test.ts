/**
 * The page "CloseRoom", line by line. Not tested: 5024, which has the same meaning as 5018; only one of them is answered
 * (CLOSE-4). The callbacks that RoomCloseCallback requests have their own tests.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Harness, publish, start, tellingsOf } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await start();
});
afterEach(() => harness.close());

const close = (more: Readonly<Record<string, string>> = {}) => harness.call('CloseRoom', { RoomId: 'room', ...more });
const closeCode = async (more?: Readonly<Record<string, string>>) => (await close(more)).Code;

describe('description', () => {
  test('all users are removed and the room is closed (CLOSE-2)', async () => {
    for (const user of ['a', 'b', 'c']) await harness.join('room', user);
    await harness.join('next-door', 'd');
    expect(await close()).toEqual({ Code: 0, Message: 'success', RequestId: expect.stringMatching(/^\d{1,19}$/) });
    expect(await harness.usersOf('room')).toBeUndefined();
    expect(await harness.usersOf('next-door')).toEqual(['d']);
  });

  test('its streams are closed, at the media engine too, before the answer comes (CLOSE-2)', async () => {
    const client = await harness.join('room', 'a');
    await publish(client, 's1');
    await publish(client, 's2');
    harness.engine.calls.length = 0;
    expect(await closeCode()).toBe(0);
    expect(harness.engine.calls).toEqual([expect.stringMatching(/^closePeer:/)]);
    expect([...harness.engine.streams.keys()]).toEqual([]);
  });

  test('client users are kicked out and told so, with the reason (CLOSE-2)', async () => {
    const clients = [await harness.join('room', 'a'), await harness.join('room', 'b')];
    await close({ CustomReason: 'the end' });
    for (const client of clients) {
      expect((await client.closed).code).toBe(4501);
      expect(tellingsOf(client)).toEqual(['removed room-closed the end']);
    }
  });

  test('when the answer comes the id is free: a login makes a new room, of a new epoch (CLOSE-5)', async () => {
    await harness.join('room', 'a');
    const key = { appId: harness.app.appId, environment: 'production', roomId: 'room' } as never;
    const first = (await harness.rooms.summary(key))?.epoch ?? '0';
    await close();
    await harness.join('room', 'a');
    expect(await harness.usersOf('room')).toEqual(['a']);
    expect(BigInt((await harness.rooms.summary(key))?.epoch ?? '0')).toBeGreaterThan(BigInt(first));
  });
});

describe('rate limit', () => {
  test('1 a second for all rooms of an App: the second is refused with 206 and closes nothing (RATE-1, RATE-2)', async () => {
    await harness.join('room', 'a');
    await harness.join('other', 'b');
    expect([await closeCode(), await harness.codeOf('CloseRoom', { RoomId: 'other' })]).toEqual([0, 206]);
    expect(await harness.usersOf('other')).toEqual(['b']);
    harness.clock.advance(999);
    expect(await harness.codeOf('CloseRoom', { RoomId: 'other' })).toBe(206);
    harness.clock.advance(1);
    expect(await harness.codeOf('CloseRoom', { RoomId: 'other' })).toBe(0);
  });

  test('1 a second in the test environment, counted by itself (RATE-1)', async () => {
    const codes = [await closeCode(), await closeCode({ IsTest: 'true' }), await closeCode({ IsTest: 'true' })];
    expect(codes).toEqual([5018, 5018, 206]);
  });

  test('a refused call does not use the limit up (RATE-4)', async () => {
    await harness.join('room', 'a');
    expect(await closeCode({ CustomReason: 'x'.repeat(257) })).toBe(3);
    expect(await closeCode({ Signature: '0'.repeat(32) })).toBe(100000005);
    expect(await closeCode()).toBe(0);
  });

  test('of many calls at the same moment one goes ahead (RATE-3)', async () => {
    const codes = await Promise.all(Array.from({ length: 20 }, () => closeCode()));
    expect(codes.filter((code) => code === 5018)).toHaveLength(1);
    expect(codes.filter((code) => code === 206)).toHaveLength(19);
  });
});

describe('parameters', () => {
  test('RoomId is required, of 1 to 128 bytes (CLOSE-1, ACC-8)', async () => {
    const codes: number[] = [];
    for (const RoomId of [undefined, '', 'with space', 'x'.repeat(129)])
      codes.push(await harness.codeOf('CloseRoom', { RoomId }));
    expect(codes).toEqual([2, 2, 2, 3]);
  });

  test('CustomReason has at most 256 bytes after decoding, else 3 (CLOSE-1)', async () => {
    const client = await harness.join('room', 'a');
    expect(await closeCode({ CustomReason: `${'踢'.repeat(85)}ab` })).toBe(3);
    const reason = `${'踢'.repeat(85)}a`;
    expect(await closeCode({ CustomReason: reason })).toBe(0);
    expect(await client.event('removed')).toMatchObject({ reason });
  });

  test('RoomCloseCallback is true or false, default false (CLOSE-1, CLOSE-3)', async () => {
    expect(await closeCode({ RoomCloseCallback: 'yes' })).toBe(2);
    for (const [text, announce] of [
      ['true', true],
      ['false', false],
      ['', false],
    ] as const) {
      harness.nextSecond();
      await harness.join('room', 'a');
      const asked: unknown[] = [];
      const call = harness.bus.call.bind(harness.bus);
      harness.bus.call = (envelope) => {
        if (envelope.command.type === 'close') asked.push(envelope.command.announce);
        return call(envelope);
      };
      expect(await closeCode({ RoomCloseCallback: text })).toBe(0);
      harness.bus.call = call;
      expect(asked).toEqual([announce]);
    }
  });

  test.each(['2', '2.00', 'v2.0', ' 2.0'])(
    'SignatureVersion %j is refused: the only possible value is 2.0 (ACC-2)',
    async (text) => {
      expect(await closeCode({ SignatureVersion: text })).toBe(100000014);
    },
  );
});

describe('return codes', () => {
  test('5018: the room does not exist (CLOSE-4)', async () => {
    expect(await close()).toMatchObject({ Code: 5018, Message: 'The room has been destroyed or does not exist.' });
  });

  test('5018: the room has been destroyed (CLOSE-4)', async () => {
    await harness.join('room', 'a');
    expect(await closeCode()).toBe(0);
    harness.nextSecond();
    expect(await closeCode()).toBe(5018);
  });
});
