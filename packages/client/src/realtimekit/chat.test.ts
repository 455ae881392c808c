import type { MessageChange } from '@gavel/protocol';
import { expect, test } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { loginResult, member, snapshot } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import type { Chat } from './chat.ts';
import type { Message } from './chat-message.ts';
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
  // The vendor's UI kit names nobody in the public chat.
  await chat.sendTextMessage('hello all', []);
  await chat.sendTextMessage('psst', ['m-ann', 'm-ann-2', 'm-ben']);
  expect(world.server.seen('send')).toEqual([
    { kind: 'chat', text: 'hello' },
    { kind: 'chat', text: 'hello all' },
    { kind: 'chat', text: 'psst', to: ['p-ann', 'p-ben'] },
  ]);
  // Somebody who has left must not become everybody.
  for (const peerIds of [['m-gone'], ['m-ann', 'm-gone']]) {
    await expect(chat.sendTextMessage('psst', peerIds)).rejects.toMatchObject({ code: '1204' });
  }
  expect(world.server.seen('send')).toHaveLength(3);
});

test('refusals have the codes of this dialect, and permissions show (CHAT-2, CHAT-3)', async () => {
  const world = createWorld();
  const { chat, self } = await join(world);
  expect(self.permissions).toMatchObject({
    chatPublic: { canSend: true, text: true, files: true },
    chatPrivate: { canSend: false, canReceive: true, text: false, files: false },
  });
  world.server.answers.send = () => ({ refuse: 'member.not-allowed' });
  await expect(chat.sendTextMessage('psst', ['m-ann'])).rejects.toMatchObject({ code: '1201' });
  world.server.answers.send = () => ({ refuse: 'rate.limited' });
  await expect(chat.sendTextMessage('hello')).rejects.toMatchObject({ code: '0013' });
});

test('what was said before is fetched from the server, in the order of the direction (CHAT-4)', async () => {
  const world = createWorld();
  const meeting = await join(world);
  const { chat } = meeting;
  const { event: _event, seq: _seq, kind: _kind, ...message } = said(11);
  world.server.answers.chatHistory = () => ({ messages: [message, { ...message, messageId: 12, sentAtMs: 1012 }] });
  const times = (messages: readonly Message[]) => messages.map(({ timeMs }) => timeMs);
  expect(times(await chat.fetchPublicMessages({ limit: 10 }))).toEqual([1012, 1011]);
  const after = { userId: 'p-ann', limit: 5, timestamp: 900, direction: 'after' } as const;
  expect(times(await chat.fetchPrivateMessages(after))).toEqual([1011, 1012]);
  expect(world.server.seen('chatHistory')).toEqual([
    { direction: 'before', limit: 10 },
    { direction: 'after', limit: 5, timeMs: 900, userId: 'p-ann' },
  ]);
  await meeting.leave();
  await expect(chat.fetchPublicMessages({ limit: 10 })).rejects.toMatchObject({ code: '0002' });
});

const textOf = (message: Message): string => (message.type === 'text' ? message.message : message.type);

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
    updates.push([action, message.id, textOf(message), message.isEdited, messages.length]);
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
  chat.on('pinMessage', ({ message, messages }) => log.push(['pin', message, messages.length]));
  chat.on('unpinMessage', ({ message }) => log.push(['unpin', message]));
  await world.server.push(changed(12, 'pinned', { pinned: true }));
  expect(chat.messages).toEqual([{ ...shown, pinned: true }]);
  await world.server.push(changed(13, 'unpinned', {}));
  expect(log).toEqual([
    ['pin', { ...shown, pinned: true }, 1],
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

const file = (text: string, name = 'a.txt') => new File([text], name);

test('images and files are uploaded in parts, then sent; they come with a link (CHAT-8, CHAT-10)', async () => {
  const world = createWorld();
  const { chat } = await join(world);
  await chat.sendImageMessage(file('0123456789', 'a.png'));
  await chat.sendFileMessage(file('01'), ['m-ann']);
  expect(world.server.seen('createUpload')).toEqual([
    { name: 'a.png', size: 10 },
    { name: 'a.txt', size: 2 },
  ]);
  expect(world.server.parts.map(({ url, token, bytes }) => [url, token, Buffer.from(bytes).toString()])).toEqual([
    ['https://rooms.test/files/file-1?offset=0', 'upload', '0123'],
    ['https://rooms.test/files/file-1?offset=4', 'upload', '4567'],
    ['https://rooms.test/files/file-1?offset=8', 'upload', '89'],
    ['https://rooms.test/files/file-2?offset=0', 'upload', '01'],
  ]);
  expect(world.server.seen('send')).toEqual([
    { kind: 'chat', text: 'a.png', content: { type: 'image', fileId: 'file-1' } },
    { kind: 'chat', text: 'a.txt', content: { type: 'file', fileId: 'file-2' }, to: ['p-ann'] },
  ]);
  const wire = { fileId: 'file-9', name: 'b.pdf', mediaType: 'application/octet-stream', size: 7 };
  await world.server.push(said(11, { content: { type: 'image', file: wire } }));
  await world.server.push(said(12, { content: { type: 'file', file: wire } }));
  const link = 'https://rooms.test/files/file-9';
  expect(chat.messages).toMatchObject([
    { type: 'image', link },
    { type: 'file', link, name: 'b.pdf', size: 7 },
  ]);
});

test('a custom message has texts, files of its own, and links; those to this server are known by their id (CHAT-10)', async () => {
  const world = createWorld();
  const { chat } = await join(world);
  const links = ['https://rooms.test/files/file-7', 'https://elsewhere.test/files/file-7'];
  await chat.sendCustomMessage({
    type: 'custom',
    message: 'hi',
    html: '<b>hi</b>',
    images: [file('01')],
    files: links,
  });
  await chat.sendMessage({ type: 'custom' });
  const payload = { message: 'hi', html: '<b>hi</b>', files: [0, links[1]], images: [1] };
  expect(world.server.seen('send')).toEqual([
    { kind: 'chat', text: 'hi', content: { type: 'custom', payload, fileIds: ['file-7', 'file-1'] } },
    { kind: 'chat', text: 'custom message', content: { type: 'custom', payload: {} } },
  ]);
  const files = ['file-7', 'file-1'].map((fileId) => ({ fileId, name: fileId, mediaType: 'image/png', size: 2 }));
  await world.server.push(said(11, { content: { type: 'custom', payload, files } }));
  // Another client may send anything.
  const odd = { message: 7, html: {}, files: [5, null, {}, -1], images: 'x', __proto__: { videos: ['x'] }, more: 1 };
  await world.server.push(said(12, { content: { type: 'custom', payload: odd } }));
  const shownFile = (name: string) => ({ link: `https://rooms.test/files/${name}`, type: 'image/png', name, size: 2 });
  const lists = { files: [shownFile('file-7'), { link: links[1] }], images: [shownFile('file-1')] };
  const { message: _text, ...base } = shown;
  expect(chat.messages).toEqual([
    { ...base, type: 'custom', message: 'hi', html: '<b>hi</b>', ...lists },
    { ...base, id: '0000000000000001-00000012', time: new Date(1012), timeMs: 1012, type: 'custom', files: [] },
  ]);
});

test('an edit replaces a message by one of any type (CHAT-10)', async () => {
  const world = createWorld();
  const { chat } = await join(world);
  const id = '0000000000000001-00000011';
  await chat.editImageMessage(id, file('0', 'b.png'));
  await chat.editFileMessage(id, file('0'));
  await chat.editMessage(id, { type: 'text', message: 'text' });
  expect(world.server.seen('changeMessage')).toEqual([
    { action: 'edit', messageId: 11, text: 'b.png', content: { type: 'image', fileId: 'file-1' } },
    { action: 'edit', messageId: 11, text: 'a.txt', content: { type: 'file', fileId: 'file-2' } },
    { action: 'edit', messageId: 11, text: 'text' },
  ]);
});

test('a part that the network loses is sent again, from where the server is (CHAT-8)', async () => {
  const world = createWorld();
  const { chat } = await join(world);
  const refusal = { error: { code: 'file.bad-offset', message: '', details: { offset: 4 } } };
  world.server.partAnswers.push('lost', 'lost', refusal);
  const sent = chat.sendFileMessage(file('0123456'));
  for (let turn = 0; turn < 4; turn += 1) {
    await settle();
    world.clock.advance(1000);
  }
  await sent;
  expect(world.server.parts.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['0123', '456']);

  world.server.partAnswers.push('lost', 'lost', 'lost', 'lost', 'lost');
  const failed = expect(chat.sendFileMessage(file('0123456'))).rejects.toMatchObject({ code: '0011' });
  for (let turn = 0; turn < 6; turn += 1) {
    await settle();
    world.clock.advance(1000);
  }
  await failed;
  for (const [code, shownCode] of [
    ['file.too-large', '0002'],
    ['member.not-allowed', '1201'],
    ['file.not-found', '0002'],
  ]) {
    world.server.partAnswers.push({ error: { code, message: code } });
    await expect(chat.sendFileMessage(file('0'))).rejects.toMatchObject({ code: shownCode, message: code });
  }
  expect(world.server.seen('send')).toHaveLength(1);
});

test('the client has limits of its own, which the application changes (CHAT-3)', async () => {
  const world = createWorld();
  const { chat } = await join(world);
  expect([chat.maxTextLimit, chat.rateLimits]).toEqual([1024, { maxInvocations: 180, period: 60 }]);
  chat.setMaxTextLimit(3);
  await expect(chat.sendTextMessage('four')).rejects.toMatchObject({ code: '0002' });
  chat.updateRateLimits(2, 10);
  await chat.sendTextMessage('one');
  await chat.sendTextMessage('two');
  await expect(chat.sendTextMessage('3')).rejects.toMatchObject({ code: '0013' });
  await world.clock.advance(10_000);
  await chat.sendTextMessage('4');
  expect(() => chat.updateRateLimits(0, 1)).toThrow(expect.objectContaining({ code: '0002' }));
  expect(world.server.seen('send')).toHaveLength(3);
});

test.each<[string, (chat: Chat) => Promise<void>]>([
  ['no message', (chat) => chat.sendMessage(undefined as never)],
  ['another type', (chat) => chat.sendMessage({ type: 'poll' } as never)],
  ['a text that is none', (chat) => chat.sendTextMessage(7 as never)],
  ['no text', (chat) => chat.sendTextMessage(undefined as never)],
  ['no image', (chat) => chat.sendImageMessage(undefined as never)],
  ['an image that is a text', (chat) => chat.sendImageMessage('a.png' as never)],
  ['a file of another platform', (chat) => chat.sendFileMessage({ uri: 'file:///a', name: 'a', type: 'b' } as never)],
  [
    'a custom message with a file that is none',
    (chat) => chat.sendCustomMessage({ type: 'custom', files: [7 as never] }),
  ],
  ['an id that is none', (chat) => chat.editTextMessage(undefined as never, 'x')],
  ['an image for no message', (chat) => chat.editImageMessage('x', file('0'))],
])('%s is refused, and nothing is uploaded or sent (CHAT-10)', async (_name, call) => {
  const world = createWorld();
  const meeting = await join(world);
  await expect(call(meeting.chat)).rejects.toMatchObject({ code: '0002' });
  await meeting.leave();
  await expect(call(meeting.chat)).rejects.toMatchObject({ code: '0002' });
  for (const method of ['send', 'createUpload', 'changeMessage'] as const)
    expect(world.server.seen(method)).toEqual([]);
});
