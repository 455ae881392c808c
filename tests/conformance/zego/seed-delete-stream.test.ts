/**
 * The page "Delete a stream from a room" (2022-03-22), line by line.
 *
 * Not tested, because these errors cannot occur here: 5018 (a room's status always matches), 5024 and 50001 (the same check
 * as 104, which is answered), 50002, 50003 and 50004 (the acting user need not exist, STRM-4), 50009 (no moderation), 50011,
 * 50012 and 50013 (no custom message is sent).
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Harness, publish, start, tellingsOf } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await start();
});
afterEach(() => harness.close());

const remove = (more: Readonly<Record<string, string | undefined>> = {}) =>
  harness.call('DeleteStream', { RoomId: '123', UserId: '2323', UserName: 'df', StreamId: '852', ...more });
const removeCode = async (more?: Readonly<Record<string, string | undefined>>) => (await remove(more)).Code;

describe('description', () => {
  test('the stream goes, the user who published it stays (STRM-1)', async () => {
    const owner = await harness.join('123', 'owner');
    await publish(owner, '852');
    await publish(owner, 'kept');
    expect(await removeCode()).toBe(0);
    expect(await harness.streamsOf('123')).toEqual(['kept']);
    expect(await harness.usersOf('123')).toEqual(['owner']);
  });

  test('everybody is told, its owner too (STRM-2)', async () => {
    const clients = [await harness.join('123', 'owner'), await harness.join('123', 'viewer')];
    await publish(clients[0] as never, '852');
    await remove();
    for (const client of clients) {
      expect(await client.event('streamRemoved')).toMatchObject({ cause: 'deleted', stream: { streamId: '852' } });
    }
  });

  test('but clients of the user who acts (STRM-2)', async () => {
    const [owner, actor] = [await harness.join('123', 'owner'), await harness.join('123', '2323')];
    await publish(owner, '852');
    await actor.event('streamAdded');
    await remove();
    await owner.event('streamRemoved');
    // A later event is received after any event that would have been sent before it.
    await publish(owner, 'later');
    await expect.poll(() => tellingsOf(actor)).toContain('streamAdded later');
    expect(tellingsOf(actor).filter((telling) => telling.startsWith('streamRemoved'))).toEqual([]);
  });

  test('its media is closed at the engine before the answer comes (STRM-3)', async () => {
    const [owner, viewer] = [await harness.join('123', 'owner'), await harness.join('123', 'viewer')];
    await publish(owner, '852');
    await viewer.media.play('852');
    harness.engine.calls.length = 0;
    expect(await removeCode()).toBe(0);
    expect(harness.engine.calls.filter((call) => call.startsWith('closeStream:'))).toHaveLength(1);
  });

  test('its id is free at once: it may be published again', async () => {
    const owner = await harness.join('123', 'owner');
    await publish(owner, '852');
    await remove();
    await publish(owner, '852');
    expect(await harness.streamsOf('123')).toEqual(['852']);
  });
});

describe('request', () => {
  test("the page's example, as it is printed", async () => {
    await publish(await harness.join('123', 'owner'), '852');
    const path = `${harness.sign({ Action: 'DeleteStream' })}&RoomId=123&UserId=2323&UserName=df&StreamId=852`;
    expect(await harness.get(path)).toEqual({
      Code: 0,
      Message: 'success',
      RequestId: expect.stringMatching(/^\d{1,19}$/),
    });
  });

  test('10 requests a second for all rooms of an App, then 206 (RATE-1, RATE-2)', async () => {
    await publish(await harness.join('123', 'owner'), '852');
    for (let index = 0; index < 10; index += 1) expect(await removeCode({ RoomId: `r${index}` })).toBe(104);
    expect(await removeCode()).toBe(206);
    expect(await harness.streamsOf('123')).toEqual(['852']);
    harness.nextSecond();
    expect(await removeCode()).toBe(0);
  });

  test('1 request a second in the test environment (RATE-1)', async () => {
    const IsTest = 'true';
    expect([await removeCode({ IsTest }), await removeCode({ IsTest }), await removeCode()]).toEqual([104, 206, 104]);
  });

  test.each(['RoomId', 'UserId', 'StreamId'])('%s is required (STRM-1)', async (name) => {
    expect([await removeCode({ [name]: undefined }), await removeCode({ [name]: '' })]).toEqual([2, 2]);
  });

  test('UserName is optional, of at most 256 bytes (STRM-1, ACC-8)', async () => {
    const codes = [undefined, 'x'.repeat(256), 'x'.repeat(257)].map((UserName) => removeCode({ UserName }));
    expect(await Promise.all(codes)).toEqual([104, 104, 3]);
  });

  test('ids have at most 128, 64 and 256 bytes, else 3 (ACC-8)', async () => {
    const fits = { RoomId: 'x'.repeat(128), UserId: 'x'.repeat(64), StreamId: 'x'.repeat(256) };
    expect(await removeCode(fits)).toBe(104);
    for (const [name, text] of Object.entries(fits)) expect(await removeCode({ [name]: `${text}x` })).toBe(3);
  });

  test('a stream id has letters, digits, - and _ only, else 2 (ACC-8)', async () => {
    expect([await removeCode({ StreamId: 'a.b' }), await removeCode({ StreamId: 'a-b_C9' })]).toEqual([2, 104]);
  });

  test('who acts is in the room or not, and has any characters (STRM-4)', async () => {
    const owner = await harness.join('123', 'owner');
    for (const UserId of ['owner', 'Server-Administrator', '管理员 1']) {
      await publish(owner, '852');
      expect(await removeCode({ UserId })).toBe(0);
    }
  });
});

describe('return codes', () => {
  test('104: the room does not exist (STRM-4)', async () => {
    expect(await remove()).toMatchObject({ Code: 104, Message: 'The room does not exist.' });
  });

  test('104: the room was destroyed when its only user was kicked (STRM-4, ROOM-2)', async () => {
    await publish(await harness.join('123', 'owner'), '852');
    await harness.call('KickoutUser', { RoomId: '123', UserId: ['owner'] });
    expect(await removeCode()).toBe(104);
  });

  test('138: the stream does not exist in the room (STRM-4)', async () => {
    await publish(await harness.join('123', 'owner'), 'other');
    await publish(await harness.join('next-door', 'neighbour'), '852');
    expect(await removeCode()).toBe(138);
    expect(await harness.streamsOf('next-door')).toEqual(['852']);
  });

  test('124: a fault of the server, of which nothing is told', async () => {
    await publish(await harness.join('123', 'owner'), '852');
    harness.engine.closeStream = () => Promise.reject(new Error('the secret of the engine'));
    expect(await remove()).toMatchObject({ Code: 124, Message: 'The stream could not be deleted.' });
  });
});
