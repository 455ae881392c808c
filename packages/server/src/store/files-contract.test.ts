import type { AppId, RoomId, UserId } from '@gavel/protocol';
import { beforeEach, expect, it } from 'vitest';
import type { ChatRecord } from './chat.ts';
import type { FileRecord } from './files.ts';
import type { Store } from './store.ts';
import { describeStores } from './testing.ts';

let store: Store;

const record = (fileId: string, more: Partial<FileRecord> = {}): FileRecord => ({
  fileId,
  appId: 1 as AppId,
  environment: 'production',
  roomId: 'room' as RoomId,
  userId: 'anna' as UserId,
  name: 'a.png',
  mediaType: 'image/png',
  size: 10,
  createdAtMs: 1,
  ...more,
});
const wire = (fileId: string) => ({ fileId, name: 'a.png', mediaType: 'image/png', size: 10 });
const message = (fileIds: readonly string[], more: Partial<ChatRecord> = {}): ChatRecord => ({
  sessionId: 'session',
  id: '1',
  userId: 'anna',
  name: 'Anna',
  text: 'files',
  content: { type: 'custom', payload: { a: [1] }, files: fileIds.map(wire) },
  isPinned: false,
  isEdited: false,
  sentAtMs: 1,
  ...more,
});
const put = (...messages: ChatRecord[]) =>
  store.chat.keep(messages.map((each) => ({ type: 'put' as const, message: each })));
const orphans = async () => (await store.files.orphans(10)).map(({ fileId }) => fileId).sort();

describeStores('files of chat messages', (createDatabase) => {
  beforeEach(async () => {
    store = await (await createDatabase()).open();
  });

  it('a file that a stored message has outlives a start; any other is an orphan (CHAT-11)', async () => {
    for (const fileId of ['a', 'b', 'c']) await store.files.add(record(fileId));
    await put(message(['a']));
    expect(await store.chat.read('session', '', 10)).toEqual([message(['a'])]);
    expect(await store.files.find('b')).toEqual(record('b'));
    await store.files.orphanUnboundOf(['a', 'b']);
    expect(await orphans()).toEqual(['b']);
    await store.files.orphanUnbound();
    expect(await orphans()).toEqual(['b', 'c']);
    expect([await store.files.find('a'), await store.files.find('b')]).toEqual([record('a'), undefined]);
    expect(await store.files.known(['a', 'b', 'x'])).toEqual(new Set(['a', 'b']));
  });

  it('a message that is deleted, edited or forgotten leaves orphans (CHAT-11)', async () => {
    for (const fileId of ['a', 'b', 'c', 'd']) await store.files.add(record(fileId));
    await put(message(['a', 'b']), message(['d'], { id: '2' }));
    await put(message(['b', 'c'], { isEdited: true }));
    expect(await orphans()).toEqual(['a']);
    await put(message(['b', 'c'], { isEdited: true, isPinned: true }));
    expect(await orphans()).toEqual(['a']);
    await store.chat.keep([{ type: 'delete', sessionId: 'session', id: '1' }]);
    expect(await orphans()).toEqual(['a', 'b', 'c']);
    const { content: _content, ...text } = message([], { id: '2', isEdited: true });
    await put(text);
    expect(await orphans()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('bytes are counted by room, and a deletion gives what it has deleted, once (CHAT-11)', async () => {
    await store.files.add(record('a'));
    await store.files.add(record('b', { size: 5 }));
    await store.files.add(record('c', { roomId: 'other' as RoomId }));
    const usage = await store.files.usage();
    expect(usage.toSorted((one, other) => one.bytes - other.bytes)).toEqual([
      { appId: 1, environment: 'production', roomId: 'other', bytes: 10 },
      { appId: 1, environment: 'production', roomId: 'room', bytes: 15 },
    ]);
    expect(await store.files.delete(['a', 'x'])).toEqual([record('a')]);
    expect(await store.files.delete(['a'])).toEqual([]);
    expect(await store.files.delete([])).toEqual([]);
  });
});
