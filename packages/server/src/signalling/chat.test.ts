import type { Params, WireChatMessage } from '@gavel/protocol';
import type { RawClient } from '@gavel/testkit/raw-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDoor } from './testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor({ maxRequestsPerSecond: 1000 });
});
afterEach(() => door.close());

const enter = async (userId: string, clientId = userId) => (await door.join('r', userId, { clientId })).client;
const say = (client: RawClient, text: string, to?: string[], kind = 'chat') =>
  client.request('send', { kind, text, ...(to && { to }) });
/** What a client has been told, once everything that was sent is here. */
async function heard(client: RawClient) {
  await client.request('heartbeat');
  return client.events.flatMap((frame) => (frame.event === 'message' ? [[frame.kind, frame.text, frame.to]] : []));
}
async function read(client: RawClient, more: Partial<Params<'chatHistory'>> = {}) {
  const { result, error } = await client.request('chatHistory', { direction: 'before', limit: 100, ...more });
  if (error) return error.code;
  return (result as { messages: WireChatMessage[] }).messages.map(({ text }) => text);
}

test('who chats is told too; others by what it is for (CHAT-1)', async () => {
  const [ann, ben, cem] = [await enter('ann'), await enter('ben'), await enter('cem')];
  await say(ann, 'to all');
  await say(ann, 'to Ben', ['ben']);
  const all = ['chat', 'to all', undefined];
  const some = ['chat', 'to Ben', ['ben']];
  expect(await heard(ann)).toEqual([all, some]);
  expect(await heard(ben)).toEqual([all, some]);
  expect(await heard(cem)).toEqual([all]);
  expect(await say(ann, 'to nobody', ['zoe'])).toMatchObject({ result: { absent: ['zoe'] } });
  expect(await heard(ben)).toHaveLength(2);
});

test('who may not chat is refused, by whatever kind it tries, and is not told what is private (CHAT-2)', async () => {
  const [silent, shy, ann] = [await enter('silent'), await enter('shy'), await enter('ann')];
  const refused = async (client: RawClient, kind: string, to?: string[]) =>
    (await say(client, 'psst', to, kind)).error?.code === 'member.not-allowed';
  for (const kind of ['chat', 'broadcast', 'barrage', 'command']) {
    expect(await refused(silent, kind), kind).toBe(true);
    expect(await refused(shy, kind), kind).toBe(true);
  }
  for (const kind of ['chat', 'command']) {
    expect(await refused(silent, kind, ['ann']), kind).toBe(true);
    expect(await refused(shy, kind, ['ann']), kind).toBe(false);
  }
  await say(ann, 'hello all');
  await say(ann, 'hello you', ['silent', 'shy']);
  expect(await heard(silent)).toEqual([['chat', 'hello all', undefined]]);
  expect((await heard(shy)).map(([, text]) => text)).toContain('hello you');
  expect(await read(silent, { userId: 'ann' })).toEqual([]);
  expect(await read(shy, { userId: 'ann' })).toEqual(['psst', 'hello you']);
});

test('180 messages of a user in any minute, of 1 to 1,024 bytes (CHAT-3)', async () => {
  const [ann, ben] = [await enter('ann'), await enter('ben')];
  for (let index = 0; index < 180; index += 1) expect((await say(ann, 'x')).error).toBeUndefined();
  expect((await say(ann, 'x')).error?.code).toBe('rate.limited');
  expect((await say(ben, 'x')).error).toBeUndefined();
  door.clock.advance(60_000);
  expect((await say(ann, 'x')).error).toBeUndefined();
  expect((await say(ann, '')).error?.code).toBe('message.empty');
  expect((await say(ann, 'x'.repeat(1025))).error?.code).toBe('message.too-long');
});

test('what was said is read by who may: before or after a time, oldest first (CHAT-4)', async () => {
  const [ann, ben] = [await enter('ann'), await enter('ben')];
  const times: number[] = [];
  for (const text of ['one', 'two', 'three']) {
    times.push(door.clock.now());
    await say(ann, text);
    door.clock.advance(1000);
  }
  await say(ben, 'four', undefined, 'broadcast');
  await say(ann, 'secret', ['ben']);
  await say(ben, 'answer', ['ann']);
  const cem = await enter('cem');
  expect(await read(cem)).toEqual(['one', 'two', 'three', 'four']);
  expect(await read(cem, { limit: 2 })).toEqual(['three', 'four']);
  expect(await read(cem, { direction: 'after', limit: 2 })).toEqual(['one', 'two']);
  const timeMs = times[1] as number;
  expect(await read(cem, { timeMs })).toEqual(['one']);
  expect(await read(cem, { timeMs, direction: 'after' })).toEqual(['three', 'four']);
  for (const [client, userId] of [
    [ann, 'ben'],
    [ben, 'ann'],
  ] as const) {
    expect(await read(client, { userId })).toEqual(['secret', 'answer']);
  }
  expect(await read(cem, { userId: 'ann' })).toEqual([]);
  expect(await read(cem, { userId: '' })).toBe('room.member-not-found');
  expect(await read(cem, { limit: 101 })).toBe('request.malformed');
});

test('the last 500 are kept (CHAT-4)', async () => {
  const ann = await enter('ann');
  const from = { id: 'ann' as never, name: 'ann' };
  for (let index = 0; index < 510; index += 1) {
    const command = { type: 'send', kind: 'chat', from, text: String(index) } as const;
    await door.rooms.execute(door.room('r'), command, door.origin);
  }
  expect((await read(ann, { direction: 'after', limit: 1 }))[0]).toBe('10');
});
