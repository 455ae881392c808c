/** SendBroadcastMessage, SendBarrageMessage and SendCustomCommand (reference zego 2.4, 6.3). */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Harness, type Params, start } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await start();
});
afterEach(() => harness.close());

const CHAT = { RoomId: 'r', UserId: 'admin', UserName: 'Admin', MessageCategory: '1', MessageContent: 'hello 你好' };
const COMMAND = { RoomId: 'r', FromUserId: 'admin', MessageContent: 'do it' };
const chat = (action: string, more: Params = {}) => harness.call(action, { ...CHAT, ...more });
const command = (more: Params = {}) => harness.call('SendCustomCommand', { ...COMMAND, ...more });

describe.each([
  ['SendBroadcastMessage', 'broadcast', (id: number) => id, 151],
  ['SendBarrageMessage', 'barrage', (id: number) => String(id), 1],
] as const)('%s', (action, kind, idOf, fault) => {
  test('tells everybody in the room, and answers the id that they are told (MSG-1)', async () => {
    const clients = [await harness.join('r', 'a'), await harness.join('r', 'b')];
    const elsewhere = await harness.join('other', 'c');
    const answer = await chat(action);
    expect(answer).toMatchObject({ Code: 0, Message: 'success', Data: { MessageId: idOf(1) } });
    for (const client of clients) {
      expect(await client.event('message')).toMatchObject({
        kind,
        from: { id: 'admin', name: 'Admin' },
        text: 'hello 你好',
        messageId: 1,
        sentAtMs: harness.clock.now(),
      });
    }
    expect((await chat(action, { UserName: undefined })).Data).toEqual({ MessageId: idOf(2) });
    expect(elsewhere.events.filter(({ event }) => event === 'message')).toEqual([]);
  });

  test("tells everybody but the sender's own clients (MSG-2)", async () => {
    const [sender, other] = [await harness.join('r', 'admin'), await harness.join('r', 'b')];
    await chat(action);
    await other.event('message');
    await harness.call('SendBroadcastMessage', { ...CHAT, UserId: 'x', MessageContent: 'later' });
    expect(await sender.event('message')).toMatchObject({ text: 'later' });
  });

  test('needs a room that exists: 104 (MSG-3)', async () => {
    expect(await chat(action)).toMatchObject({ Code: 104, Message: 'The room does not exist.' });
  });

  test('checks its parameters: 2, 3, and 50012 for a text over 1,024 bytes', async () => {
    await harness.join('r', 'a');
    const empty = action === 'SendBarrageMessage' ? 1008 : 2;
    const wrong: readonly [Params, number][] = [
      [{ RoomId: undefined }, 2],
      [{ UserId: undefined }, 2],
      [{ MessageCategory: undefined }, 2],
      [{ MessageCategory: '3' }, 2],
      [{ MessageContent: undefined }, empty],
      [{ MessageContent: '' }, empty],
      [{ MessageContent: '你'.repeat(342) }, 50012],
      [{ UserName: 'x'.repeat(257) }, 3],
      [{ UserId: 'x'.repeat(65) }, 3],
      [{ MessageContent: 'x'.repeat(1024), UserName: 'x'.repeat(256), MessageCategory: '2' }, 0],
    ];
    for (const [more, code] of wrong) expect([more, (await chat(action, more)).Code]).toEqual([more, code]);
  });

  test('answers its own code for a fault of the server', async () => {
    await harness.join('r', 'a');
    vi.spyOn(harness.bus, 'call').mockRejectedValueOnce(new Error('out of memory'));
    expect((await chat(action)).Code).toBe(fault);
  });
});

describe('SendCustomCommand', () => {
  test('tells the users named and nobody else (MSG-4)', async () => {
    const [a, b] = [await harness.join('r', 'a'), await harness.join('r', 'b')];
    expect(await command({ ToUserId: ['a'] })).toMatchObject({ Code: 0, Message: 'success', Data: { FailUsers: [] } });
    expect(await a.event('message')).toMatchObject({ kind: 'command', text: 'do it', from: { id: 'admin' } });
    await command({ ToUserId: ['b'], MessageContent: 'second' });
    expect(await b.event('message')).toMatchObject({ text: 'second' });
  });

  test('tells everybody where nobody is named (MSG-4)', async () => {
    const clients = [await harness.join('r', 'a'), await harness.join('r', 'b')];
    expect((await command()).Data).toEqual({ FailUsers: [] });
    for (const client of clients) expect(await client.event('message')).toMatchObject({ text: 'do it' });
  });

  test('lists those who are not in the room, and is a success when some are (MSG-5)', async () => {
    await harness.join('r', 'a');
    expect(await command({ ToUserId: ['a', 'gone', 'gone'] })).toMatchObject({
      Code: 0,
      Data: { FailUsers: [{ Uid: 'gone', Code: 50003 }] },
    });
  });

  test('of nobody who is in the room is 50003, with the same list (MSG-5)', async () => {
    await harness.join('r', 'a');
    expect(await command({ ToUserId: ['x', 'y'] })).toMatchObject({
      Code: 50003,
      Data: {
        FailUsers: [
          { Uid: 'x', Code: 50003 },
          { Uid: 'y', Code: 50003 },
        ],
      },
    });
  });

  test('checks its parameters: 2, 3, 50001, 50011, 50012 (MSG-3)', async () => {
    expect((await command()).Code).toBe(50001);
    await harness.join('r', 'a');
    const ten = Array.from({ length: 10 }, (_, index) => (index === 0 ? 'a' : `u${index}`));
    const wrong: readonly [Params, number][] = [
      [{ RoomId: undefined }, 2],
      [{ FromUserId: undefined }, 2],
      [{ MessageContent: undefined }, 2],
      [{ ToUserId: ['a b'] }, 2],
      [{ FromUserId: 'x'.repeat(65) }, 3],
      [{ ToUserId: ten }, 0],
      [{ ToUserId: [...ten, 'one-more'] }, 50011],
      [{ MessageContent: 'x'.repeat(1025) }, 50012],
    ];
    for (const [more, code] of wrong) expect([more, (await command(more)).Code]).toEqual([more, code]);
  });

  test('answers 50013 for a fault of the server', async () => {
    await harness.join('r', 'a');
    vi.spyOn(harness.bus, 'call').mockRejectedValueOnce(new Error('out of memory'));
    expect((await command()).Code).toBe(50013);
  });
});
