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
  id: '11',
  type: 'text',
  userId: 'p-ann',
  displayName: 'Ann',
  message: 'text 11',
  time: new Date(1011),
  timeMs: 1011,
  isEdited: false,
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
    ['11', undefined],
    ['12', ['p-me']],
    ['13', undefined],
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
    await expect(chat.sendTextMessage('psst', peerIds)).rejects.toMatchObject({ code: '1202' });
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
