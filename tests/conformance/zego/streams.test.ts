/** AddStream and DescribeSimpleStreamList (reference zego 2.5, 6.3). */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Harness, publish, start, tellingsOf } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await start();
});
afterEach(() => harness.close());

const add = (more: Readonly<Record<string, string | undefined>> = {}) =>
  harness.call('AddStream', { RoomId: 'r', UserId: 'Server-Administrator', StreamId: 's', ...more });
const addCode = async (more?: Readonly<Record<string, string | undefined>>) => (await add(more)).Code;

describe('AddStream', () => {
  test('announces a stream to everybody in the room', async () => {
    const client = await harness.join('r', 'a');
    expect(await add({ UserName: 'Admin', StreamTitle: 'title', ExtraInfo: '{"x":1}' })).toMatchObject({
      Code: 0,
      Message: 'success',
    });
    expect((await client.event('streamAdded')).stream).toMatchObject({
      streamId: 's',
      user: { id: 'Server-Administrator', name: 'Admin' },
      extraInfo: '{"x":1}',
    });
  });

  test('of a user in the room is that user’s stream, and goes with it', async () => {
    await harness.join('r', 'a');
    const owner = await harness.join('r', 'owner');
    await add({ UserId: 'owner' });
    await owner.request('logout');
    expect(await harness.streamsOf('r')).toEqual([]);
  });

  test('needs a room that exists: 104, and makes none', async () => {
    expect(await addCode()).toBe(104);
    expect(await harness.usersOf('r')).toBeUndefined();
  });

  test('of an id that another user holds is refused with 1012, in any room of the App (STRM-6)', async () => {
    await publish(await harness.join('r', 'a'), 's');
    await harness.join('other', 'b');
    expect([await addCode(), await addCode({ RoomId: 'other' })]).toEqual([1012, 1012]);
  });

  test('of an id that the same user holds changes what is told of it', async () => {
    const client = await harness.join('r', 'a');
    await add();
    expect(await addCode({ ExtraInfo: 'new' })).toBe(0);
    expect((await client.event('streamUpdated')).stream.extraInfo).toBe('new');
    expect(tellingsOf(client)).toEqual(['streamAdded s', 'streamUpdated s']);
  });

  test('checks its parameters: 2 for missing and malformed ones, 3 for long ones (ACC-8)', async () => {
    await harness.join('r', 'a');
    const codes: number[] = [];
    const wrong = [
      { RoomId: undefined },
      { UserId: undefined },
      { UserId: 'a b' },
      { StreamId: undefined },
      { StreamId: 'a.b' },
      { CensorFlag: '2' },
      { StreamId: 'x'.repeat(257) },
      { StreamTitle: 'x'.repeat(128) },
      { ExtraInfo: 'x'.repeat(1025) },
      { UserName: 'x'.repeat(257) },
      { StreamTitle: 'x'.repeat(127), ExtraInfo: 'x'.repeat(1024), CensorFlag: '1' },
    ];
    for (const more of wrong) codes.push(await addCode(more));
    expect(codes).toEqual([2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 0]);
  });

  test('answers 123 for a fault of the server', async () => {
    await harness.join('r', 'a');
    vi.spyOn(harness.bus, 'call').mockRejectedValueOnce(new Error('out of memory'));
    expect(await add()).toMatchObject({ Code: 123, Message: 'The stream could not be set.' });
  });
});

describe('DescribeSimpleStreamList', () => {
  const list = (RoomId = 'r') => harness.call('DescribeSimpleStreamList', { RoomId });

  test('lists the streams of a room in their order', async () => {
    const startMs = harness.clock.now();
    await publish(await harness.join('r', 'a', { userName: 'Ada' }), 's1');
    harness.clock.advance(1234);
    await add({ StreamId: 's2' });
    expect(await list()).toMatchObject({
      Code: 0,
      Message: 'success',
      Data: {
        StreamList: [
          { StreamId: 's1', UserId: 'a', UserName: 'Ada', CreateTime: startMs, StreamNumberId: 1 },
          {
            StreamId: 's2',
            UserId: 'Server-Administrator',
            UserName: 'Server-Administrator',
            CreateTime: startMs + 1234,
            StreamNumberId: 2,
          },
        ],
      },
    });
  });

  test('of a room that does not exist is empty', async () => {
    expect(await list()).toMatchObject({ Code: 0, Data: { StreamList: [] } });
  });

  test('sees what the call before it did', async () => {
    await publish(await harness.join('r', 'a'), 's1');
    await harness.call('DeleteStream', { RoomId: 'r', UserId: 'x', StreamId: 's1' });
    expect((await list()).Data).toEqual({ StreamList: [] });
  });

  test('answers 154 for a fault of the server, never an empty list', async () => {
    vi.spyOn(harness.bus, 'query').mockRejectedValueOnce(new Error('lost'));
    const answer = await list();
    expect(answer).toMatchObject({ Code: 154, Message: 'The list could not be read.' });
    expect(answer).not.toHaveProperty('Data');
  });
});
