import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppId, Epoch, MemberId, RoomId, RoomKey, UserId, WireContent } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EventBatch } from '../owner/event-feed.ts';
import type { Query } from '../owner/queries.ts';
import type { MemberInfo } from '../rooms/member.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { ChatFiles, type ChatFilesDeps, UNSENT_MS } from './chat-files.ts';
import { UPLOAD_IDLE_MS } from './uploads.ts';

const KEY: RoomKey = { appId: 1 as AppId, environment: 'production', roomId: 'room' as RoomId };
const anna = {
  memberId: 'm1' as MemberId,
  user: { id: 'anna' as UserId, name: 'Anna' },
  permissions: { publishAudio: true, publishVideo: true },
} as MemberInfo;

let path: string;
let clock: FakeClock;
let store: Store;
let files: ChatFiles;
let epoch: Epoch | undefined;
let logged: object[];

const open = async (perRoom = 100): Promise<void> => {
  const log = { error: (fields: object) => void logged.push(fields) };
  const limits = { perRoom, perApp: 150 };
  const bus: ChatFilesDeps['bus'] = { query: async (_key, query) => answer(query) as never };
  files = await ChatFiles.open({
    ...{ bus, store, clock, log, path, maxFileBytes: 80, limits },
    hasOthers: false,
    isResponsibleFor: () => true,
  });
};

/** A room with one member, anna; none if there is no epoch. */
function answer(query: Query): object {
  if (query.type === 'member') return query.memberId === anna.memberId ? { member: anna } : {};
  return epoch === undefined ? {} : { room: { epoch } };
}

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'gavel-files-'));
  clock = new FakeClock();
  store = await openSqliteStore(':memory:');
  epoch = '1' as Epoch;
  logged = [];
  await open();
});
afterEach(async () => {
  await files.close();
  await store.close();
  rmSync(path, { recursive: true });
  expect(logged).toEqual([]);
});

const begin = async (size: number, member = anna, key = KEY): Promise<string> =>
  (await files.createUpload(key, member, { name: 'a', size })).fileId;
const upload = async (size: number): Promise<string> => {
  const fileId = await begin(size);
  expect(await files.addPart(fileId, 0, Buffer.alloc(size))).toEqual({ received: size, isComplete: true });
  return fileId;
};
const send = (fileId: string): Promise<WireContent> => files.claim(KEY, anna, { type: 'file', fileId });
const heard = (event: object): EventBatch =>
  ({ key: KEY, epoch, events: [{ epoch, ...event }], origin: { channel: 'server', requestId: '' } }) as never;
const say = async (messageId: number, content: WireContent): Promise<void> =>
  files.handle(heard({ type: 'message', messageId, content }));
const isThere = async (fileId: string): Promise<boolean> => {
  const handle = (await files.findRecord(fileId)) && (await files.openBytes(fileId));
  await handle?.close();
  return handle !== undefined;
};
const onDisk = (): number =>
  readdirSync(path, { recursive: true, withFileTypes: true }).filter((each) => each.isFile()).length;
const sweepAfter = async (ms: number): Promise<void> => {
  clock.advance(ms);
  await files.sweep();
};

it('a file that is not sent is deleted after 10 minutes, one that is sent stays (CHAT-11)', async () => {
  const [unsent, sent] = [await upload(10), await upload(10)];
  await say(1, await send(sent));
  await sweepAfter(UNSENT_MS);
  expect([await isThere(unsent), await isThere(sent), onDisk()]).toEqual([true, true, 2]);
  await sweepAfter(1);
  expect([await isThere(unsent), await isThere(sent), onDisk()]).toEqual([false, true, 1]);
  await expect(send(unsent)).rejects.toMatchObject({ code: 'file.not-found' });
});

it('a claim that is released can be made again; one that is not, or of another life of the room, cannot (CHAT-10)', async () => {
  const fileId = await upload(10);
  await files.claim(KEY, anna, { type: 'file', fileId });
  await expect(send(fileId)).rejects.toMatchObject({ code: 'file.not-found' });
  files.release([fileId]);
  epoch = '2' as Epoch;
  await expect(send(fileId)).rejects.toMatchObject({ code: 'file.not-found' });
  epoch = '1' as Epoch;
  await send(fileId);
});

it('the files of a room go with its life, but for those of messages that are stored (CHAT-11)', async () => {
  const [stored, inMemory, unsent] = [await upload(10), await upload(10), await upload(10)];
  const content = await send(stored);
  await say(1, content);
  await say(2, await send(inMemory));
  epoch = '2' as Epoch;
  await sweepAfter(60_000);
  // A message may be stored a moment after the end of its room.
  expect(onDisk()).toBe(3);
  const facts = { sessionId: 's', id: '1', userId: 'anna', name: '', text: 'a', isPinned: false, isEdited: false };
  await store.chat.keep([{ type: 'put', message: { ...facts, content, sentAtMs: 1 } }]);
  await sweepAfter(60_000);
  expect([await isThere(stored), await isThere(inMemory), await isThere(unsent), onDisk()]).toEqual([
    true,
    false,
    false,
    1,
  ]);
  // Its own end comes with that of the message.
  await store.chat.keep([{ type: 'delete', sessionId: 's', id: '1' }]);
  expect(await isThere(stored)).toBe(false);
  await sweepAfter(60_000);
  expect(onDisk()).toBe(0);
});

it('a start finds what a crash left: unfinished uploads, files without a record or without a message (CHAT-11)', async () => {
  await files.addPart(await begin(10), 0, Buffer.alloc(5));
  await upload(10);
  mkdirSync(join(path, 'kept', 'ff'), { recursive: true });
  const unknown = join(path, 'kept', 'ff', 'f'.repeat(48));
  writeFileSync(unknown, 'x');
  expect(onDisk()).toBe(3);
  await open();
  files.start();
  await files.sweep();
  expect([existsSync(unknown), onDisk()]).toEqual([false, 0]);
  // Its bytes do not count any more.
  await begin(80);
});

it('bytes are counted once: from the beginning of an upload to the deletion, of a room and of an App (CHAT-11)', async () => {
  const fileId = await upload(60);
  await expect(begin(41)).rejects.toMatchObject({ code: 'file.no-space' });
  const content = await send(fileId);
  await say(1, content);
  // The same deletion twice, as by a member and by the sweep.
  const deleted = heard({ type: 'messageChanged', change: 'deleted', message: { messageId: 1 } });
  await Promise.all([files.handle(deleted), files.handle(deleted), files.sweep()]);
  expect(onDisk()).toBe(0);
  await begin(60);
  await expect(begin(41)).rejects.toMatchObject({ code: 'file.no-space' });
  await begin(40);
  const other = { ...KEY, roomId: 'other' as RoomId };
  await expect(begin(51, anna, other)).rejects.toMatchObject({ code: 'file.no-space' });
  await begin(50, anna, other);
  await open(1000);
  expect(onDisk()).toBe(0);
});

it('an upload that gets no part for a minute ends, and its bytes do not count (CHAT-8)', async () => {
  const fileId = await begin(80);
  await files.addPart(fileId, 0, Buffer.alloc(40));
  clock.advance(UPLOAD_IDLE_MS - 1);
  await files.addPart(fileId, 40, Buffer.alloc(20));
  clock.advance(UPLOAD_IDLE_MS - 1);
  await expect(begin(80)).rejects.toMatchObject({ code: 'file.no-space' });
  clock.advance(1);
  await expect(files.addPart(fileId, 60, Buffer.alloc(20))).rejects.toMatchObject({ code: 'file.not-found' });
  await begin(80);
});

it('an upload whose member leaves while its last part is written is not kept (CHAT-8)', async () => {
  const fileId = await begin(80);
  const last = expect(files.addPart(fileId, 0, Buffer.alloc(80))).rejects.toMatchObject({ code: 'file.not-found' });
  await files.handle(heard({ type: 'memberLeft', member: anna }));
  await last;
  expect([onDisk(), await isThere(fileId)]).toEqual([0, false]);
  await begin(80);
});

it('two parts at once are not mixed: one is refused (CHAT-8)', async () => {
  const fileId = await begin(20);
  const parts = [files.addPart(fileId, 0, Buffer.alloc(10, 1)), files.addPart(fileId, 0, Buffer.alloc(10, 2))];
  const [first, second] = await Promise.allSettled(parts);
  expect(first).toMatchObject({ status: 'fulfilled' });
  expect(second).toMatchObject({ reason: { code: 'file.bad-offset', details: { offset: 0 } } });
});
