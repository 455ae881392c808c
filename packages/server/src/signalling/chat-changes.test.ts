import type { WireChatMessage } from '@gavel/protocol';
import type { RawClient } from '@gavel/testkit/raw-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDoor } from './testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor({ maxRequestsPerSecond: 1000 });
});
afterEach(() => door.close());

const enter = async (userId: string) => (await door.join('r', userId)).client;
const say = async (client: RawClient, text: string, to?: string[]) => {
  const { result, error } = await client.request('send', { kind: 'chat', text, ...(to && { to }) });
  if (error) throw new Error(error.code);
  return (result as { messageId: number }).messageId;
};
const change = async (client: RawClient, action: string, messageId: number, more: object = {}) =>
  (await client.request('changeMessage', { action, messageId, ...more })).error?.code ?? 'done';
const edit = (client: RawClient, messageId: number, text: string) => change(client, 'edit', messageId, { text });
/** What a client has been told of changes, once everything that was sent is here. */
async function changesAt(client: RawClient) {
  await client.request('heartbeat');
  return client.events.flatMap((frame) =>
    frame.event === 'messageChanged' ? [[frame.change, frame.message.messageId, frame.message.text]] : [],
  );
}
const read = async (client: RawClient, more: object = {}) => {
  const { result } = await client.request('chatHistory', { direction: 'before', limit: 100, ...more });
  return (result as { messages: WireChatMessage[] }).messages;
};
const texts = async (client: RawClient, more: object = {}) => (await read(client, more)).map(({ text }) => text);

test('who said something edits it and takes it back; whoever was told it is told that (CHAT-5)', async () => {
  const [ann, ben, cem] = [await enter('ann'), await enter('ben'), await enter('cem')];
  const [all, some] = [await say(ann, 'to al'), await say(ann, 'to bne', ['ben'])];
  door.clock.advance(1000);
  expect(await edit(ann, all, 'to all')).toBe('done');
  expect(await edit(ann, some, 'to ben')).toBe('done');
  // The same text again is no change.
  expect(await edit(ann, some, 'to ben')).toBe('done');
  expect(await change(ann, 'delete', all)).toBe('done');
  const own = [
    ['edited', all, 'to all'],
    ['edited', some, 'to ben'],
    ['deleted', all, ''],
  ];
  expect(await changesAt(ann)).toEqual(own);
  expect(await changesAt(ben)).toEqual(own);
  expect(await changesAt(cem)).toEqual([own[0], own[2]]);
  expect(await texts(ben)).toEqual([]);
  const [kept] = await read(ben, { userId: 'ann' });
  expect(kept).toMatchObject({ text: 'to ben', editedAtMs: door.clock.now(), sentAtMs: door.clock.now() - 1000 });
});

test('nobody changes what others said, nor finds out what was said to others (CHAT-5)', async () => {
  const [ann, ben, host] = [await enter('ann'), await enter('ben'), await enter('host')];
  const [all, some] = [await say(ann, 'to all'), await say(ann, 'to ben', ['ben'])];
  for (const client of [ben, host]) {
    expect(await edit(client, all, 'x')).toBe('member.not-allowed');
    expect(await change(client, 'delete', all)).toBe('member.not-allowed');
  }
  expect(await edit(ben, some, 'x')).toBe('member.not-allowed');
  expect(await edit(host, some, 'x')).toBe('message.not-found');
  expect(await change(host, 'pin', some)).toBe('message.not-found');
  expect(await change(ann, 'delete', 1000)).toBe('message.not-found');
  await change(ann, 'delete', all);
  expect(await edit(ann, all, 'x')).toBe('message.not-found');
  expect(await texts(ben, { userId: 'ann' })).toEqual(['to ben']);
});

test('who may not speak any more cannot by an edit, but can take back what it said (CHAT-5)', async () => {
  const host = await enter('host');
  const { client: ben, login } = await door.join('r', 'ben');
  const [all, some] = [await say(ben, 'to all'), await say(ben, 'to host', ['host'])];
  const changes = { chat: { sendPublic: false } };
  await host.request('moderate', { action: 'setPermissions', memberIds: [login.memberId], changes });
  expect(await edit(ben, all, 'x')).toBe('member.not-allowed');
  expect(await edit(ben, some, 'still allowed')).toBe('done');
  expect(await change(ben, 'delete', all)).toBe('done');
});

test('an edit is bounded as a message is, and counts as one (CHAT-3, CHAT-5)', async () => {
  const ann = await enter('ann');
  const id = await say(ann, 'x');
  expect(await edit(ann, id, '')).toBe('message.empty');
  expect(await edit(ann, id, 'x'.repeat(1025))).toBe('message.too-long');
  for (const odd of [
    { action: 'edit', messageId: id },
    { action: 'pin', messageId: id, text: 'x' },
    { messageId: id },
  ]) {
    expect((await ann.request('changeMessage', odd)).error?.code).toBe('request.malformed');
  }
  for (let count = 1; count < 180; count += 1) expect(await edit(ann, id, String(count))).toBe('done');
  expect(await edit(ann, id, 'y')).toBe('rate.limited');
  door.clock.advance(60_000);
  expect(await edit(ann, id, 'y')).toBe('done');
});

test('who was away is not told what was deleted meanwhile (CHAT-5)', async () => {
  const ann = await enter('ann');
  const { client: ben, login } = await door.join('r', 'ben');
  ben.cut();
  await ben.closed;
  const [gone, kept] = [await say(ann, 'secret'), await say(ann, 'kept')];
  await edit(ann, gone, 'secret too');
  await edit(ann, kept, 'kept so');
  await change(ann, 'delete', gone);
  const again = await door.connect();
  const { result } = await again.request('resume', { ticket: login.ticket, lastSeq: login.room.seq });
  expect(JSON.stringify(result)).not.toContain('secret');
  const { events } = result as { events: { event: string; change?: string; messageId?: number }[] };
  expect(events.flatMap(({ event, change: what }) => (event.startsWith('message') ? [[event, what]] : []))).toEqual([
    ['message', undefined],
    ['messageChanged', 'edited'],
    ['messageChanged', 'deleted'],
  ]);
});

test('who may speak to all pins what was said to all, by whomever (CHAT-6)', async () => {
  const [ann, ben, silent, shy] = [await enter('ann'), await enter('ben'), await enter('silent'), await enter('shy')];
  const [first, second] = [await say(ann, 'first'), await say(ann, 'second')];
  const some = await say(ann, 'to ben', ['ben']);
  for (const client of [silent, shy]) expect(await change(client, 'pin', first)).toBe('member.not-allowed');
  expect(await change(ben, 'pin', some)).toBe('member.not-allowed');
  expect(await change(ben, 'pin', first)).toBe('done');
  expect(await change(ann, 'pin', first)).toBe('done');
  expect(await change(ann, 'unpin', second)).toBe('done');
  expect(await changesAt(silent)).toEqual([['pinned', first, 'first']]);
  expect(await read(silent, { pinned: true })).toMatchObject([{ messageId: first, pinned: true }]);
  expect(await change(ann, 'unpin', first)).toBe('done');
  expect((await changesAt(silent)).at(-1)).toEqual(['unpinned', first, 'first']);
  expect(await read(silent, { pinned: true })).toEqual([]);
});

test('what is pinned is kept, 50 at a time; the rest are the last 500 with it (CHAT-4, CHAT-6)', async () => {
  const ann = await enter('ann');
  const from = { id: 'ann' as never, name: 'ann' };
  const speak = async (count: number) => {
    for (let index = 0; index < count; index += 1) {
      const command = { type: 'send', kind: 'chat', from, text: String(index) } as const;
      await door.rooms.execute(door.room('r'), command, door.origin);
    }
  };
  await speak(51);
  for (let id = 1; id <= 50; id += 1) expect(await change(ann, 'pin', id)).toBe('done');
  expect(await change(ann, 'pin', 51)).toBe('message.too-many-pins');
  await speak(600);
  const pinned = await read(ann, { pinned: true });
  expect([pinned.length, pinned[0]?.messageId, pinned[49]?.messageId]).toEqual([50, 1, 50]);
  expect((await read(ann, { direction: 'after', limit: 51 })).at(-1)?.messageId).toBe(202);
  expect((await read(ann, { limit: 1 }))[0]?.messageId).toBe(651);
  // A place is free again when one is unpinned, or deleted.
  await change(ann, 'unpin', 1);
  expect(await change(ann, 'pin', 651)).toBe('done');
  await change(ann, 'delete', 651);
  expect(await change(ann, 'pin', 650)).toBe('done');
  expect(await change(ann, 'pin', 649)).toBe('message.too-many-pins');
});
