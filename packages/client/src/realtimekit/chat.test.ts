import type { MessageChange } from '@gavel/protocol';
import { expect, test } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { loginResult, member, snapshot } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';

async function join(world: World) {
  const chat = { sendPublic: true, sendPrivate: false, receivePrivate: true };
  world.server.login = loginResult({
    permissions: { publishAudio: true, publishVideo: true, chat },
    room: snapshot({
      members: [member('m-me', 'p-me'), member('m-ann', 'p-ann'), member('m-ann-2', 'p-ann'), member('m-ben', 'p-ben')],
    }),
  });
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
  await meeting.join();
  await settle();
  return meeting;
}

const said = (seq: number, more: object = {}) =>
  ({
    event: 'message',
    seq,
    kind: 'chat',
    messageId: seq,
    from: { id: 'p-ann', name: 'Ann' },
    text: `text ${seq}`,
    sentAtMs: 1000 + seq,
    ...more,
  }) as const;
const shown = {
  id: '0000000000000001-00000011',
  type: 'text',
  userId: 'p-ann',
  displayName: 'Ann',
  message: 'text 11',
  time: new Date(1011),
  timeMs: 1011,
  isEdited: false,
  pinned: false,
};

test('what is said comes as chatUpdate, and so does a broadcast of another dialect (CHAT-1)', async () => {
  const world = createWorld();
  const { chat } = await join(world);
  const updates: unknown[] = [];
  chat.on('chatUpdate', (update) => updates.push(update));
  await world.server.push(said(11));
  expect(updates).toEqual([{ action: 'add', message: shown, messages: [shown] }]);
  await world.server.push(said(12, { to: ['p-me'] }));
  await world.server.push(said(13, { kind: 'broadcast' }));
  await world.server.push(said(14, { kind: 'command' }));
  await world.server.push(said(15, { kind: 'barrage' }));
  expect(chat.messages.map(({ id, targetUserIds }) => [id, targetUserIds])).toEqual([
    ['0000000000000001-00000011', undefined],
    ['0000000000000001-00000012', ['p-me']],
    ['0000000000000001-00000013', undefined],
  ]);
});

test('messages go to everybody, or to the users behind the peers named (CHAT-1)', async () => {
  const world = createWorld();
  const { chat } = await join(world);
  await chat.sendTextMessage('hello');
  await chat.sendTextMessage('psst', ['m-ann', 'm-ann-2', 'm-ben']);
  expect(world.server.seen('send')).toEqual([
    { kind: 'chat', text: 'hello' },
    { kind: 'chat', text: 'psst', to: ['p-ann', 'p-ben'] },
  ]);
  // Nobody must not become everybody.
  for (const peerIds of [[], ['m-gone'], ['m-ann', 'm-gone']]) {
    await expect(chat.sendTextMessage('psst', peerIds)).rejects.toMatchObject({ code: '1204' });
  }
  expect(world.server.seen('send')).toHaveLength(2);
});

test('refusals have the codes of this dialect, and permissions show (CHAT-2, CHAT-3)', async () => {
  const world = createWorld();
  const { chat, self } = await join(world);
  expect(self.permissions).toMatchObject({
    chatPublic: { canSend: true, text: true, files: false },
    chatPrivate: { canSend: false, canReceive: true, text: false, files: false },
  });
  world.server.answers.send = () => ({ refuse: 'member.not-allowed' });
  await expect(chat.sendTextMessage('psst', ['m-ann'])).rejects.toMatchObject({ code: '1201' });
  world.server.answers.send = () => ({ refuse: 'rate.limited' });
  await expect(chat.sendTextMessage('hello')).rejects.toMatchObject({ code: '0013' });
});

test('what was said before is fetched from the server (CHAT-4)', async () => {
  const world = createWorld();
  const meeting = await join(world);
  const { chat } = meeting;
  const { event: _event, seq: _seq, kind: _kind, ...message } = said(11);
  world.server.answers.chatHistory = () => ({ messages: [message] });
  expect(await chat.fetchPublicMessages({ limit: 10 })).toEqual([shown]);
  await chat.fetchPrivateMessages({ userId: 'p-ann', limit: 5, timestamp: 900, direction: 'after' });
  expect(world.server.seen('chatHistory')).toEqual([
    { direction: 'before', limit: 10 },
    { direction: 'after', limit: 5, timeMs: 900, userId: 'p-ann' },
  ]);
  await meeting.leave();
  await expect(chat.fetchPublicMessages({ limit: 10 })).rejects.toMatchObject({ code: '0002' });
});

const changed = (seq: number, change: MessageChange, message: object) => {
  const { event: _event, seq: _seq, kind: _kind, ...wire } = said(11);
  return { event: 'messageChanged', seq, change, message: { ...wire, ...message } } as const;
};

test('edits and deletions come as chatUpdate, of what was said before the join too (CHAT-5)', async () => {
  const world = createWorld();
  const { chat } = await join(world);
  await world.server.push(said(11));
  await world.server.push(said(12));
  const updates: unknown[] = [];
  chat.on('chatUpdate', ({ action, message, messages }) => {
    expect(messages).toBe(chat.messages);
    updates.push([action, message.id, message.message, message.isEdited, messages.length]);
  });
  await world.server.push(changed(13, 'edited', { text: 'mended', editedAtMs: 5 }));
  expect(chat.messages[0]).toEqual({ ...shown, message: 'mended', isEdited: true });
  await world.server.push(changed(14, 'deleted', { text: '' }));
  await world.server.push(changed(15, 'deleted', { messageId: 3, text: '' }));
  expect(updates).toEqual([
    ['edit', '0000000000000001-00000011', 'mended', true, 2],
    ['delete', '0000000000000001-00000011', 'mended', true, 1],
    ['delete', '0000000000000001-00000003', '', false, 1],
  ]);
});

test('pins come as pinMessage and unpinMessage, and are fetched (CHAT-6)', async () => {
  const world = createWorld();
  const { chat } = await join(world);
  await world.server.push(said(11));
  const log: unknown[] = [];
  chat.on('chatUpdate', () => log.push('chatUpdate'));
  chat.on('pinMessage', ({ message }) => log.push(['pin', message]));
  chat.on('unpinMessage', ({ message }) => log.push(['unpin', message]));
  await world.server.push(changed(12, 'pinned', { pinned: true }));
  expect(chat.messages).toEqual([{ ...shown, pinned: true }]);
  await world.server.push(changed(13, 'unpinned', {}));
  expect(log).toEqual([
    ['pin', { ...shown, pinned: true }],
    ['unpin', shown],
  ]);
  world.server.answers.chatHistory = () => ({ messages: [changed(0, 'pinned', { pinned: true }).message] });
  expect(await chat.fetchPinnedMessages({ limit: 10 })).toEqual([{ ...shown, pinned: true }]);
  expect(world.server.seen('chatHistory')).toEqual([{ direction: 'before', limit: 10, pinned: true }]);
});

test('changes are asked for in the words of the protocol; refusals have this dialect’s codes (CHAT-5, CHAT-6)', async () => {
  const world = createWorld();
  const meeting = await join(world);
  const { chat } = meeting;
  await chat.editTextMessage('0000000000000001-00000011', 'mended');
  await chat.deleteMessage('0000000000000001-00000011');
  await chat.pin('0000000000000001-00000012');
  await chat.unpin('0000000000000001-00000012');
  const asked = [
    { action: 'edit', messageId: 11, text: 'mended' },
    { action: 'delete', messageId: 11 },
    { action: 'pin', messageId: 12 },
    { action: 'unpin', messageId: 12 },
  ];
  expect(world.server.seen('changeMessage')).toEqual(asked);
  world.server.answers.changeMessage = () => ({ refuse: 'member.not-allowed' });
  await expect(chat.deleteMessage('0000000000000001-00000011')).rejects.toMatchObject({ code: '1201' });
  // A message of an earlier session has the number of another one now.
  world.server.answers.changeMessage = () => ({});
  await expect(chat.deleteMessage('0000000000000000-00000011')).rejects.toMatchObject({ code: '0002' });
  expect(world.server.seen('changeMessage')).toHaveLength(asked.length + 1);
  await meeting.leave();
  await expect(chat.pin('0000000000000001-00000011')).rejects.toMatchObject({ code: '0002' });
});
